// The encoding of json values: any structured value, through msgpackr.
// Promises: what is decoded equals what was encoded, but -0 comes back as 0, and functions inside a value as undefined. A
// string with a lone surrogate is refused, since UTF-8 would fold it. The result of packJson stays as it is.

import { Packr, Unpackr } from 'msgpackr';

const packr = new Packr({ structuredClone: true });
const unpackr = new Unpackr({ structuredClone: true });
const LONE_SURROGATE = /\p{Surrogate}/u;
const REPLACEMENT_CHARACTER = Buffer.from('\ufffd');
/** UTF-8 lead byte of surrogates, and of other characters whose second byte is below SURROGATE_SECOND_BYTE. */
const SURROGATE_LEAD_BYTE = 0xed;
const SURROGATE_SECOND_BYTE = 0xa0;

/** @throws Error if the value cannot be encoded */
export function packJson(value: unknown): Uint8Array {
  const bytes = packr.pack(value);
  if (mayHoldLoneSurrogate(bytes)) refuseLoneSurrogates(value, new Set());
  return bytes;
}

export const unpackJson = (bytes: Uint8Array): unknown => unpackr.unpack(bytes);

/** True for all encoded lone surrogates, which stand as themselves or as U+FFFD, and for some other bytes. */
function mayHoldLoneSurrogate(bytes: Buffer): boolean {
  for (let i = bytes.indexOf(SURROGATE_LEAD_BYTE); i >= 0; i = bytes.indexOf(SURROGATE_LEAD_BYTE, i + 1)) {
    if (bytes[i + 1] >= SURROGATE_SECOND_BYTE) return true;
  }
  return bytes.includes(REPLACEMENT_CHARACTER);
}

function refuseLoneSurrogates(value: unknown, seen: Set<unknown>): void {
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new Error('a string within json has a lone surrogate');
    return;
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map || value instanceof Set) {
    for (const [key, each] of value.entries()) {
      refuseLoneSurrogates(key, seen);
      refuseLoneSurrogates(each, seen);
    }
    return;
  }
  if (value instanceof Error) for (const text of [value.name, value.message]) refuseLoneSurrogates(text, seen);
  if (value instanceof RegExp) refuseLoneSurrogates(value.source, seen);
  for (const [name, each] of Object.entries(value)) {
    refuseLoneSurrogates(name, seen);
    refuseLoneSurrogates(each, seen);
  }
}
