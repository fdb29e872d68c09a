// The encoding of json values: plain data through msgpackr, everything else that JavaScript can clone through node:v8.
// Promises: what is decoded is deeply and strictly equal to what was encoded, its prototypes, holes and -0 included; what would
// not be is refused with the reason (docs/schemas.md has the table). The result of packJson stays as it is.
// Relies on: json-plain.ts for what msgpackr keeps, json-clone.ts for the rest; msgpackr's encoding of -1 being the only one that
// begins with CLONE_TAG, and one byte long.

import { deserialize, serialize } from 'node:v8';
import { Packr, Unpackr } from 'msgpackr';
import { partsOf, restored } from './json-clone.ts';
import { isPlain } from './json-plain.ts';

const packr = new Packr({ structuredClone: true });
const unpackr = new Unpackr({ structuredClone: true });
/** What node:v8 begins with. */
const CLONE_TAG = 0xff;
const REPLACEMENT_CHARACTER = Buffer.from('\ufffd');
/** UTF-8 lead byte of surrogates, and of other characters whose second byte is below SURROGATE_SECOND_BYTE. */
const SURROGATE_LEAD_BYTE = 0xed;
const SURROGATE_SECOND_BYTE = 0xa0;

/** @throws Error if the value would not come back as it is */
export function packJson(value: unknown): Uint8Array {
  if (isPlain(value)) {
    const bytes = packr.pack(value);
    if (!mayHoldLoneSurrogate(bytes)) return bytes;
  }
  return serialize(partsOf(value));
}

export function unpackJson(bytes: Uint8Array): unknown {
  if (bytes[0] !== CLONE_TAG || bytes.length === 1) return unpackr.unpack(bytes);
  // Typed arrays would be views of the bytes, which may be a frame's.
  return restored(deserialize(new Uint8Array(bytes)));
}

/** True for all encoded lone surrogates, which stand as themselves or as U+FFFD, and for some other bytes. */
function mayHoldLoneSurrogate(bytes: Buffer): boolean {
  for (let i = bytes.indexOf(SURROGATE_LEAD_BYTE); i >= 0; i = bytes.indexOf(SURROGATE_LEAD_BYTE, i + 1)) {
    if (bytes[i + 1] >= SURROGATE_SECOND_BYTE) return true;
  }
  return bytes.includes(REPLACEMENT_CHARACTER);
}
