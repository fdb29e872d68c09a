// Numbers and times in the cells of a file.
// Promises: a cell means the same to the fast code and to the conversion at leisure; no number is rounded twice; a time without
// a zone is UTC, so that no machine's settings decide. Numbers may have spaces around them.
// Relies on: csv-cell.ts for the variables.

import type { CsvCodec } from './codec.ts';
import { ZERO } from './csv-cell.ts';

const DIGITS_MAX = 9;
/** Up to this many digits a decimal's digits and its power of ten are exact, so one division rounds correctly. */
const EXACT_DIGITS_MAX = 15;
/** What the fast code of decimals divides by. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, i) => 10 ** i);

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** Years beyond four digits have a sign and six, as Date writes them. */
const DATE = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/i;
const dateLengthOf = (text: string): number => (/^[+-]/.test(text) ? '+002020-02-29' : '2020-02-29').length;
const NUMBER_WORDS = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
export const TIME_RULE = 'milliseconds since the epoch or an ISO 8601 date';

/** The number of a run of digits that is too long for 32 bits. */
export function longInteger(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + bytes[at] - ZERO;
  return value;
}

function integerCode(value: string, min: number, max: number): string {
  const negative =
    min < 0
      ? `if (${value} !== ${'-'.charCodeAt(0) - ZERO}) break fast;
      digit = bytes[++at] - ${ZERO};
      if (digit >>> 0 > 9) break fast;
      ${value} = -digit | 0;
      from = at;
      while ((digit = bytes[++at] - ${ZERO}) >>> 0 <= 9) ${value} = (${value} * 10 - digit) | 0;
      if (at - from > ${DIGITS_MAX}) break fast;`
      : 'break fast;';
  // Nine digits fit in 32 bits, which keeps the loop in integer arithmetic; more of them are rare.
  const long =
    max <= 0xff
      ? `if (at - from > ${DIGITS_MAX} || ${value} > ${max}) break fast;`
      : `if (at - from > ${DIGITS_MAX}) { ${value} = longInteger(bytes, from, at); if (${value} > ${max}) break fast; }`;
  return `${value} = bytes[at] - ${ZERO};
    if (${value} >>> 0 > 9) {
      ${negative}
    } else {
      from = at;
      while ((digit = bytes[++at] - ${ZERO}) >>> 0 <= 9) ${value} = (${value} * 10 + digit) | 0;
      ${long}
    }
    next = digit;`;
}

export const integerCell = (min: number, max: number): CsvCodec => ({
  rule: `an integer from ${min} to ${max}`,
  needsText: false,
  start: '0',
  convert: (text) => {
    const trimmed = text.trim();
    const value = INTEGER.test(trimmed) ? Number(trimmed) + 0 : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  },
  fast: (value) => integerCode(value, min, max),
});

/** Reads plain digits with or without a fraction. */
export function decimalCode(value: string, decimal = '.'.charCodeAt(0)): string {
  return `negative = bytes[at] === ${'-'.charCodeAt(0)};
    if (negative) at++;
    from = at;
    ${value} = 0;
    while ((digit = bytes[at] - ${ZERO}) >>> 0 <= 9) { ${value} = ${value} * 10 + digit; at++; }
    digits = at - from;
    if (digit === ${decimal - ZERO}) {
      from = ++at;
      while ((digit = bytes[at] - ${ZERO}) >>> 0 <= 9) { ${value} = ${value} * 10 + digit; at++; }
      digits += at - from;
      if (digits > ${EXACT_DIGITS_MAX}) break fast;
      ${value} /= powers[at - from];
    }
    if (digits === 0 || digits > ${EXACT_DIGITS_MAX}) break fast;
    if (negative) ${value} = -${value};
    next = digit;`;
}

/** A decimal, or one of the words that JavaScript prints for a number. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  return DECIMAL.test(trimmed) ? Number(trimmed) : NUMBER_WORDS.get(trimmed);
}

/** False of 2020-02-30, which Date.parse() takes for the 1st of March. */
function isInCalendar(date: string): boolean {
  const time = Date.parse(date);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(date);
}

/** Milliseconds, or an ISO 8601 date and time. */
export function timeOf(text: string): number | undefined {
  const trimmed = text.trim();
  let time: number;
  if (DECIMAL.test(trimmed)) time = Number(trimmed);
  else {
    const date = DATE.exec(trimmed);
    if (date === null) return undefined;
    const length = dateLengthOf(trimmed);
    if (!isInCalendar(trimmed.slice(0, length))) return undefined;
    const utc = trimmed.length > length && date[1] === undefined ? 'Z' : '';
    time = Date.parse(`${trimmed.replace(' ', 'T')}${utc}`);
  }
  return Number.isFinite(time) ? time : undefined;
}
