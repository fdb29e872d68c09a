// The narrowest type of a field that takes all texts of a column.
// Promises: a text that would not come back as it is, such as 00123, is no number.

import { numberOf, timeOf } from '../../mailbox/columns/csv-number.ts';

/** Types that are guessed, as `t` calls them; each takes what a column of the ones before it has, but for bool and timestamp. */
export type CellType = 'bool' | 'u32' | 'i32' | 'f64' | 'i64' | 'timestamp' | 'string';

const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
/** A number whose first digit says that it is a name, such as that of a place or a telephone. */
const NAME_OF_DIGITS = /^[+-]?0\d/;
const BOOL = /^(?:true|false)$/;
const DECIMAL_COMMA = /^[+-]?\d*,\d+$/;
const U32_MAX = 2 ** 32 - 1;
const I32_MIN = -(2 ** 31);
const I32_MAX = 2 ** 31 - 1;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** What is known of a column. */
export interface ColumnTexts {
  readonly type: CellType;
  /** Cells without anything in them. */
  readonly empty: number;
  /** What stands between the digits of its numbers; undefined if they are whole, or none. */
  readonly decimal: '.' | ',' | undefined;
}

/** @param takesComma whether 1,5 may be a number */
export function columnOf(texts: readonly string[], takesComma: boolean): ColumnTexts {
  const given = texts.map((text) => text.trim()).filter((text) => text !== '');
  const empty = texts.length - given.length;
  const hasComma = takesComma && given.some((text) => DECIMAL_COMMA.test(text));
  const hasDot = given.some((text) => text.includes('.'));
  if (hasComma && hasDot) return { type: 'string', empty, decimal: undefined };
  const type = typeOf(given, hasComma ? given.map((text) => text.replace(',', '.')) : given);
  const decimal = type !== 'f64' ? undefined : hasComma ? ',' : hasDot ? '.' : undefined;
  return { type, empty, decimal };
}

function typeOf(given: readonly string[], numbers: readonly string[]): CellType {
  if (given.length === 0) return 'string';
  if (given.every((text) => BOOL.test(text))) return 'bool';
  if (given.some((text) => NAME_OF_DIGITS.test(text))) return 'string';
  if (given.every((text) => INTEGER.test(text))) return integerType(given);
  if (numbers.every((text) => numberOf(text) !== undefined)) return 'f64';
  // A number is a time, too: a column that has a date at all is one of times.
  if (given.every((text) => timeOf(text) !== undefined)) return 'timestamp';
  return 'string';
}

function integerType(texts: readonly string[]): CellType {
  const type = narrowestInteger(texts.map(Number));
  if (type !== undefined) return type;
  return texts.every((text) => BigInt(text) >= I64_MIN && BigInt(text) <= I64_MAX) ? 'i64' : 'string';
}

/** The narrowest type of numbers that takes all of some integers; undefined if one of them is beyond what a number holds exactly. */
export function narrowestInteger(values: readonly number[]): 'u32' | 'i32' | 'f64' | undefined {
  const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0]);
  if (least >= 0 && most <= U32_MAX) return 'u32';
  if (least >= I32_MIN && most <= I32_MAX) return 'i32';
  return Number.isSafeInteger(least) && Number.isSafeInteger(most) ? 'f64' : undefined;
}
