// bytes: a Uint8Array, copied in and out.

import { bytesColumn, bytesReading } from './bytes-column.ts';
import { NO_CODE, plainKind } from './codec.ts';
import { SLOW } from './csv-cell.ts';
import { VALUE_CELLS } from './text-column.ts';

const RULE = 'a Uint8Array';
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
  plain: plainBytes,
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
});
