// The records of a sample of a CSV file, for each way in which it may be cut.

import { NEWLINE } from '../../mailbox/columns/csv-cell.ts';
import { dialectOf } from '../csv/csv-options.ts';
import { isBlank, splitRecord } from '../csv/csv-record.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** What spreadsheets write before the header for one another. */
const DELIMITER_LINE = /^sep=([,;\t|])\r?\n/;
const COMMENT = '#';

export interface SampleRecord {
  readonly cells: readonly string[];
  /** Lines before it. */
  readonly lines: number;
  /** Lines before what is behind it. */
  readonly linesBehind: number;
}

export interface CutSample {
  readonly records: readonly SampleRecord[];
  /** The line from which on there is no record; undefined if it could be cut to its end. */
  readonly uncutLine: number | undefined;
}

/** What the first line says of delimiters, if that is all that it says. */
export function delimiterLineOf(bytes: Buffer): Delimiter | undefined {
  return DELIMITER_LINE.exec(bytes.toString('latin1', 0, 16))?.[1] as Delimiter | undefined;
}

/** The mark of comments, if the sample begins with one. */
export const commentOf = (bytes: Buffer): typeof COMMENT | undefined =>
  bytes[0] === COMMENT.charCodeAt(0) ? COMMENT : undefined;

/** Records as far as they can be cut: what is no record is not one of the sample either. */
export function recordsOf(bytes: Buffer, delimiter: Delimiter, most = Number.POSITIVE_INFINITY): CutSample {
  const options = {
    delimiter,
    quote: '"',
    escape: undefined,
    comment: commentOf(bytes),
    decimal: '.',
    trim: false,
  } as const;
  const dialect = dialectOf(options, 'millrace schema');
  const records: SampleRecord[] = [];
  let lines = 0;
  let at = 0;
  if (delimiterLineOf(bytes) !== undefined) {
    at = bytes.indexOf(NEWLINE) + 1;
    lines = 1;
  }
  while (at < bytes.length && records.length < most) {
    if (isBlank(bytes, at, dialect) || bytes[at] === dialect.comment) {
      at = bytes.indexOf(NEWLINE, at) + 1;
      lines++;
      continue;
    }
    const { fields, next, problem } = splitRecord(bytes, at, bytes.length, dialect);
    if (next < 0) return { records, uncutLine: lines + 1 };
    const linesBehind = lines + newlinesIn(bytes, at, next);
    if (problem === undefined) records.push({ cells: fields, lines, linesBehind });
    lines = linesBehind;
    at = next;
  }
  return { records, uncutLine: undefined };
}

function newlinesIn(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
