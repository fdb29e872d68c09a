// json: any structured value, packed to bytes. What cannot come back as it is, is refused when it is packed.

import { errors } from '../../errors.ts';
import { packJson, unpackJson } from '../json.ts';
import { bytesColumn, bytesReading } from './bytes-column.ts';
import { type FieldPlace, plainKind } from './codec.ts';
import { SLOW } from './csv-cell.ts';
import { VALUE_CELLS } from './text-column.ts';

const LABEL = 'json';
const RULE =
  'data: plain objects, arrays, maps, sets, dates, bytes, errors and primitives, without functions, symbols and instances of classes';

/** Packs the values of one field; errors name it. */
const packer =
  ({ operator, field }: FieldPlace) =>
  (value: unknown): Uint8Array => {
    try {
      return packJson(value);
    } catch (cause) {
      const rule = `${RULE} (${cause instanceof Error ? cause.message : String(cause)})`;
      throw errors.badValue(operator, field, value, LABEL, rule);
    }
  };

export const json = plainKind({
  label: LABEL,
  rule: RULE,
  usesDictionary: false,
  constants: (id, place) => ({ [`pack${id}`]: packer(place), unpack: unpackJson }),
  invalid: (v) => `typeof ${v} === 'function' || typeof ${v} === 'symbol' || ${v} === undefined`,
  zero: () => 'null',
  prepare: (id) => `const p${id} = pack${id}(v${id});`,
  column: (id) => bytesColumn(id, `p${id}`),
  reading: bytesReading((packed) => `unpack(${packed})`),
  copied: (id) => `unpack(new Uint8Array(p${id}))`,
  cell: {
    cells: VALUE_CELLS,
    isExternal: true,
    // A row begins without a value: null.
    read: (at) => `(arena.i32[${at}] === 0 ? null : unpack(readBytes(arena, ${at})))`,
    write: (at, v, id) => `writeBytes(allocator, arena, ${at}, pack${id}(${v}));`,
  },
  key: undefined,
  csv: {
    rule: 'JSON',
    needsText: false,
    start: '0',
    convert: (text) => {
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
    },
    fast: SLOW,
  },
});
