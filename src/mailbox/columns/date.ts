// date: a valid JavaScript Date, kept as its milliseconds since the epoch. A reader gets a Date of its own.

import { type CsvCodec, NO_CODE, plainKind } from './codec.ts';
import { SLOW } from './csv-cell.ts';
import { TIME_RULE, timeOf } from './csv-number.ts';
import { doubleCell } from './number-cell.ts';
import { DOUBLES, numberColumn, numberReading } from './number-column.ts';
import { doubleKey } from './number-key.ts';

const { getTime } = Date.prototype;

/** NaN of what is no valid Date, also of an object that only has its prototype. */
function millisecondsOf(value: unknown): number {
  if (!(value instanceof Date)) return Number.NaN;
  try {
    return getTime.call(value);
  } catch {
    return Number.NaN;
  }
}

/** What a row begins with, and what stands for null: never handed out. */
const EPOCH = new Date(0);

const stored = (v: string): string => `millisecondsOf(${v})`;
const made = (milliseconds: string): string => `new Date(${milliseconds})`;

const csv: CsvCodec = {
  rule: TIME_RULE,
  needsText: false,
  start: '0',
  convert: (text) => {
    const time = timeOf(text) ?? Number.NaN;
    const value = new Date(time);
    // A Date would drop the fraction of a millisecond without a word.
    return value.getTime() === time ? value : undefined;
  },
  fast: SLOW,
};

export const date = plainKind({
  label: 'date',
  rule: 'a valid Date',
  usesDictionary: false,
  constants: () => ({ millisecondsOf, EPOCH }),
  invalid: (v) => `isNaN(${stored(v)})`,
  zero: () => 'EPOCH',
  prepare: NO_CODE,
  column: (id) => numberColumn(id, DOUBLES, stored(`v${id}`)),
  reading: numberReading(DOUBLES, made),
  copied: (id) => made(stored(`v${id}`)),
  cell: doubleCell(made, stored),
  key: doubleKey({ stored, made }),
  csv,
  json: {
    holdsOthers: false,
    from: (given) =>
      typeof given === 'string' || typeof given === 'number' ? (csv.convert(String(given)) ?? given) : given,
    to: (value) => (value as Date).toISOString(),
  },
});
