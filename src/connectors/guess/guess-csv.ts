// What a CSV file is written with, and the types of its columns, as its beginning suggests.
// Promises: what is guessed takes all records of the sample.

import { NEWLINE } from '../../mailbox/columns/csv-cell.ts';
import { dialectOf } from '../csv/csv-options.ts';
import { isBlank, splitRecord } from '../csv/csv-record.ts';
import { type CellType, columnOf } from './cell-type.ts';
import { fieldNames } from './field-names.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
type Delimiter = (typeof DELIMITERS)[number];
/** Records by which a delimiter is known. */
const DELIMITER_RECORDS = 200;

export interface GuessedColumn {
  /** Its name in the file; undefined where that names none. */
  readonly title: string | undefined;
  readonly field: string;
  readonly type: CellType;
  /** Records without a value. */
  readonly empty: number;
}

export interface CsvGuess {
  readonly columns: readonly GuessedColumn[];
  /** Records behind the header. */
  readonly records: number;
  /** Records among them, and not counted there, that have another number of cells. */
  readonly others: number;
  readonly delimiter: Delimiter;
  readonly decimal: '.' | ',';
  readonly hasHeader: boolean;
  /** Lines before the header. */
  readonly skipLines: number;
}

interface SampleRecord {
  readonly cells: readonly string[];
  /** Lines before it. */
  readonly lines: number;
}

/** @returns undefined if there are no records */
export function guessCsv(bytes: Buffer): CsvGuess | undefined {
  const cut = DELIMITERS.map((delimiter) => ({ delimiter, records: recordsOf(bytes, delimiter, DELIMITER_RECORDS) }));
  const [best] = cut.map((each) => ({ ...each, score: scoreOf(each.records) })).sort((a, b) => b.score - a.score);
  const { delimiter } = best;
  const all = recordsOf(bytes, delimiter, Number.POSITIVE_INFINITY);
  if (all.length === 0) return undefined;
  const width = usualWidth(all);
  const from = all.findIndex(({ cells }) => cells.length === width);
  const found = all.slice(from);
  const [first, ...behind] = found.filter(({ cells }) => cells.length === width);
  const takesComma = delimiter !== ',';
  const columnsOf = (records: readonly SampleRecord[]) =>
    first.cells.map((_, i) =>
      columnOf(
        records.map(({ cells }) => cells[i]),
        takesComma,
      ),
    );
  const hasHeader = isHeader(
    first.cells,
    columnsOf(behind).map(({ type }) => type),
  );
  const records = hasHeader ? behind : [first, ...behind];
  const columns = columnsOf(records);
  const decimal = columns.some((column) => column.decimal === ',') ? ',' : '.';
  const names = fieldNames(hasHeader ? first.cells : first.cells.map(() => ''));
  return {
    columns: columns.map((column, i) => ({
      title: hasHeader ? first.cells[i] : undefined,
      field: names[i],
      // A file has one decimal sign: numbers with another one are texts there.
      type: column.decimal === '.' && decimal === ',' ? 'string' : column.type,
      empty: column.empty,
    })),
    records: records.length,
    others: found.length - 1 - behind.length,
    delimiter,
    decimal,
    hasHeader,
    skipLines: first.lines,
  };
}

/** Records as far as they can be cut: what is no record is not one of the sample either. */
function recordsOf(bytes: Buffer, delimiter: Delimiter, most: number): SampleRecord[] {
  const options = { delimiter, quote: '"', escape: undefined, comment: undefined, decimal: '.', trim: false } as const;
  const dialect = dialectOf(options, 'millrace schema');
  const records: SampleRecord[] = [];
  let lines = 0;
  for (let at = 0; at < bytes.length && records.length < most; ) {
    if (isBlank(bytes, at, dialect)) {
      at = bytes.indexOf(NEWLINE, at) + 1;
      lines++;
      continue;
    }
    const { fields, next, problem } = splitRecord(bytes, at, bytes.length, dialect);
    if (problem === undefined) records.push({ cells: fields, lines });
    // The sample may end within quotes.
    if (next < 0) break;
    lines += newlinesIn(bytes, at, next);
    at = next;
  }
  return records;
}

function newlinesIn(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** As many cells as most records have. */
function usualWidth(records: readonly SampleRecord[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of records) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), [0, 0])[0];
}

/** How well a delimiter cuts: into columns at all, and into as many in each record. */
function scoreOf(records: readonly SampleRecord[]): number {
  const width = usualWidth(records);
  if (width < 2) return 0;
  return records.filter(({ cells }) => cells.length === width).length / records.length + width / 1000;
}

/** A header names columns: each by another text, and none by a text that the column could have as a value. */
function isHeader(cells: readonly string[], types: readonly CellType[]): boolean {
  const names = cells.map((cell) => cell.trim());
  if (names.some((name) => name === '') || new Set(names).size < names.length) return false;
  const own = names.map((name) => columnOf([name], false).type);
  return own.every((type, i) => type === 'string' || (type === 'bool' && types[i] === 'string'));
}
