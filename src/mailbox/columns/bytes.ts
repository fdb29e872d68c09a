// bytes: a Uint8Array, copied in and out.

import { bytesColumn, bytesReading } from './bytes-column.ts';
import { NO_CODE, plainKind } from './codec.ts';
import { SLOW } from './csv-cell.ts';
import { VALUE_CELLS } from './text-column.ts';

const RULE = 'a Uint8Array';
/** With or without padding, and with the letters of either alphabet: Buffer would take anything. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/;
/** Of a Buffer, and of other kinds: no other kind comes out. */
function plainBytes(value: unknown): Uint8Array {
  const given = value as Uint8Array;
  if (Object.getPrototypeOf(given) === Uint8Array.prototype) return given;
  return new Uint8Array(given.buffer, given.byteOffset, given.length);
}

const NO_BYTES = new Uint8Array(0);

export const bytes = plainKind({
  label: 'bytes',
  rule: RULE,
  usesDictionary: false,
  constants: () => ({ NO_BYTES }),
  invalid: (v) => `!(${v} instanceof Uint8Array)`,
  zero: () => 'NO_BYTES',
  prepare: NO_CODE,
  column: (id) => bytesColumn(id, `v${id}`),
  reading: bytesReading(),
  copied: (id) => `new Uint8Array(v${id})`,
  cell: {
    cells: VALUE_CELLS,
    isExternal: true,
    read: (at) => `readBytes(arena, ${at})`,
    write: (at, v) => `writeBytes(allocator, arena, ${at}, ${v});`,
  },
  key: undefined,
  csv: {
    rule: RULE,
    needsText: false,
    start: '0',
    convert: (text) => new Uint8Array(Buffer.from(text)),
    fast: SLOW,
  },
  json: {
    holdsOthers: false,
    from: (given) =>
      typeof given === 'string' && BASE64.test(given) ? new Uint8Array(Buffer.from(given, 'base64')) : given,
    to: (value) => Buffer.from(value as Uint8Array).toString('base64'),
  },
  kept: plainBytes,
});
