// What the types of integers of 64 bits have in common: a bigint in a tuple, two Int32 halves everywhere else.
// Promises: a bigint outside of the range is refused, never wrapped; keys are looked up by their halves, without a bigint.
// Relies on: halves stand in the machine's byte order, in frames and in rows.

import { combine32 } from '../hash.ts';
import type { CellCodec, Codec, CsvCodec, KeyCodec } from './codec.ts';
import { NO_CODE, NO_CONSTANTS } from './codec.ts';
import { ZERO } from './csv-cell.ts';
import { keptValue } from './kept-key.ts';
import { columnVariables } from './number-column.ts';

const INTEGER = /^[+-]?\d+$/;
/** So many digits are exact as a double. */
const DIGITS_MAX = 15;

export interface Integer64Type {
  readonly label: 'i64' | 'u64';
  readonly min: bigint;
  readonly max: bigint;
}

/** Functions between a bigint and its halves, in a place of its own for each type: what V8 compiles then sees one kind of array. */
function halvesOf(isSigned: boolean) {
  const value = isSigned ? new BigInt64Array(1) : new BigUint64Array(1);
  const halves = new Int32Array(value.buffer);
  return {
    /** The halves of a bigint, until the next call. */
    split(bigint: bigint): Int32Array {
      value[0] = bigint;
      return halves;
    },
    join(low: number, high: number): bigint {
      halves[0] = low;
      halves[1] = high;
      return value[0];
    },
    hash(bigint: bigint): number {
      value[0] = bigint;
      return combine32(halves[0], halves[1]);
    },
  };
}

const keyOf = (label: string): KeyCodec => ({
  isCached: false,
  parameters: (id) => `low${id}, high${id}`,
  canonical: NO_CODE,
  equal: (cell, id) => `i32[p + ${cell}] === low${id} && i32[p + ${cell + 1}] === high${id}`,
  store: (cell, id) => `i32[p + ${cell}] = low${id}; i32[p + ${cell + 1}] = high${id};`,
  constants: NO_CONSTANTS,
  prepare: (v, id) => `const halves${id} = ${label}Split(${v}), low${id} = halves${id}[0], high${id} = halves${id}[1];`,
  ofValue: (_, id) => `low${id}, high${id}`,
  hashOfValue: (v) => `${label}Hash(${v})`,
  hashOfRow: (id) => `combine32(h${id}[2 * r], h${id}[2 * r + 1])`,
  reader: (id) => `{ low: (i) => i32[b${id} + 2 * i], high: (i) => i32[b${id} + 2 * i + 1] }`,
  seek: NO_CODE,
  ofReader: (reader) => `${reader}.low(i), ${reader}.high(i)`,
  hashOfReader: (reader) => `combine32(${reader}.low(i), ${reader}.high(i))`,
  hashOfCells: ({ i32 }, at) => combine32(i32[at], i32[at + 1]),
  areSame: ({ i32 }, at, other) => i32[at] === i32[other] && i32[at + 1] === i32[other + 1],
  own: keptValue((v, k) => `const half${k} = ${label}Split(${v}), a${k} = half${k}[0], b${k} = half${k}[1];`),
});

const cellOf = (label: string): CellCodec => ({
  cells: 2,
  isExternal: false,
  read: (at) => `${label}Join(arena.i32[${at}], arena.i32[${at} + 1])`,
  write: (at, v) =>
    `{ const halves = ${label}Split(${v}); arena.i32[${at}] = halves[0]; arena.i32[${at} + 1] = halves[1]; }`,
});

const csvOf = ({ min, max }: Integer64Type, rule: string): CsvCodec => ({
  rule,
  needsText: false,
  start: '0n',
  convert: (text) => {
    const trimmed = text.trim();
    if (!INTEGER.test(trimmed)) return undefined;
    const value = BigInt(trimmed.replace('+', ''));
    return value >= min && value <= max ? value : undefined;
  },
  fast: (
    value,
  ) => `${min < 0n ? `negative = bytes[at] === ${'-'.charCodeAt(0)}; if (negative) at++;` : 'negative = false;'}
    from = at;
    digits = 0;
    while ((digit = bytes[at] - ${ZERO}) >>> 0 <= 9) { digits = digits * 10 + digit; at++; }
    if (at === from || at - from > ${DIGITS_MAX}) break fast;
    ${value} = BigInt(negative ? -digits : digits);
    next = digit;`,
});

export function integer64Codec(type: Integer64Type): Codec {
  const { label, min, max } = type;
  const isSigned = min < 0n;
  const array = isSigned ? 'BigInt64Array' : 'BigUint64Array';
  const rule = `a bigint from ${min}n to ${max}n`;
  const { split, join, hash } = halvesOf(isSigned);
  const csv = csvOf(type, `an integer from ${min} to ${max}`);
  return {
    label,
    rule,
    usesDictionary: false,
    constants: () => ({ [`${label}Split`]: split, [`${label}Join`]: join, [`${label}Hash`]: hash }),
    invalid: (v) => `typeof ${v} !== 'bigint' || BigInt.${isSigned ? 'asIntN' : 'asUintN'}(64, ${v}) !== ${v}`,
    zero: () => '0n',
    prepare: NO_CODE,
    column: (id) => ({
      declare: `const c${id} = new ${array}(ROWS), h${id} = new Int32Array(c${id}.buffer);`,
      weight: '',
      exact: '',
      room: '',
      append: `c${id}[n] = v${id};`,
      clear: '',
      measure: 'words += n;',
      write: `copy(target.i32, w << 1, h${id}, 2 * n); w += n;`,
      fixedBytes: 8,
      aloneBytes: 8,
    }),
    reading: {
      variables: columnVariables,
      open: (id) => `b${id} = w << 1; w += count;`,
      functions: NO_CODE,
      value: (id) => `${label}Join(i32[b${id} + 2 * i], i32[b${id} + 2 * i + 1])`,
    },
    copied: (id) => `v${id}`,
    cell: cellOf(label),
    key: keyOf(label),
    csv,
    json: {
      holdsOthers: false,
      // A number of more digits would have lost some before it came here.
      from: (given) => {
        if (typeof given === 'string') return csv.convert(given) ?? given;
        return Number.isSafeInteger(given) ? BigInt(given as number) : given;
      },
      to: String,
    },
  };
}
