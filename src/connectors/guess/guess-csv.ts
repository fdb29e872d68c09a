// What a CSV file is written with, and the types of its columns, as its beginning suggests.
// Promises: what is guessed takes all records of the sample, but those that have another number of cells.

import { type CellType, type ColumnTexts, columnOf } from './cell-type.ts';
import { commentOf, DELIMITERS, type Delimiter, delimiterLineOf, recordsOf, type SampleRecord } from './csv-sample.ts';
import { fieldNames } from './field-names.ts';

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
  /** The line from which on there is no record, as of a quote that is not closed; undefined if there is none. */
  readonly uncutLine: number | undefined;
  readonly delimiter: Delimiter;
  readonly decimal: '.' | ',';
  readonly comment: '#' | undefined;
  /** `named` if its names tell the columns apart; `unclear` if some are alike or empty, so that it is skipped. */
  readonly header: 'none' | 'named' | 'unclear';
  /** Lines that are left out. */
  readonly skipLines: number;
}

/** @returns undefined if there are no records */
export function guessCsv(bytes: Buffer): CsvGuess | undefined {
  const delimiter = delimiterLineOf(bytes) ?? likeliest(bytes);
  const { records: all, uncutLine } = recordsOf(bytes, delimiter);
  if (all.length === 0) return undefined;
  const width = usualWidth(all);
  const from = all.findIndex(({ cells }) => cells.length === width);
  const found = all.slice(from);
  const [first, ...behind] = found.filter(({ cells }) => cells.length === width);
  const columnsOf = (records: readonly SampleRecord[]): ColumnTexts[] =>
    first.cells.map((_, i) => {
      const texts = records.map(({ cells }) => cells[i]);
      return columnOf(texts, delimiter !== ',');
    });
  const header = headerOf(
    first.cells,
    columnsOf(behind).map(({ type }) => type),
  );
  const records = header === 'none' ? [first, ...behind] : behind;
  const columns = columnsOf(records);
  const decimal = columns.some((column) => column.decimal === ',') ? ',' : '.';
  // Blank lines and comments before the header are left out by themselves.
  const isTitled = from > 0 || delimiterLineOf(bytes) !== undefined;
  const names = fieldNames(header === 'none' ? first.cells.map(() => '') : first.cells);
  return {
    columns: columns.map((column, i) => ({
      title: header === 'named' ? first.cells[i] : undefined,
      field: names[i],
      // A file has one decimal sign: numbers with another one are texts there.
      type: column.decimal === '.' && decimal === ',' ? 'string' : column.type,
      empty: column.empty,
    })),
    records: records.length,
    others: found.length - 1 - behind.length,
    uncutLine,
    delimiter,
    decimal,
    comment: commentOf(bytes),
    header,
    skipLines: header === 'unclear' ? first.linesBehind : isTitled ? first.lines : 0,
  };
}

function likeliest(bytes: Buffer): Delimiter {
  const scores = DELIMITERS.map((delimiter) => ({
    delimiter,
    score: scoreOf(recordsOf(bytes, delimiter, DELIMITER_RECORDS).records),
  }));
  return scores.reduce((best, each) => (each.score > best.score ? each : best)).delimiter;
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

/**
 * A header names columns, by texts that they do not have as values. If some names are alike, or empty, it takes a column of another
 * type than text to know that it is one.
 */
function headerOf(cells: readonly string[], types: readonly CellType[]): CsvGuess['header'] {
  const names = cells.map((cell) => cell.trim());
  const isName = (name: string, i: number): boolean => {
    const { type } = columnOf([name], false);
    return type === 'string' || (type === 'bool' && types[i] === 'string');
  };
  if (names.every((name) => name === '') || !names.every(isName)) return 'none';
  if (!names.includes('') && new Set(names).size === names.length) return 'named';
  return types.some((type) => type !== 'string') ? 'unclear' : 'none';
}
