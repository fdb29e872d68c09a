// Compares the rows of a table with the expected ones, by the form of the table.
// Promises: a row that is missing, too much, doubled, wrong or out of order is found; the first few of each kind are shown. A header is
// optional in both files, and quotes count only where they are needed.
// Relies on: rows are lines; a file may be compressed (`.gz`).

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { csvCell } from './rules.ts';
import { type Table, tableOf } from './tables.ts';

/** Differences of a kind that are shown. */
const SHOWN_MAX = 5;

export interface Comparison {
  readonly table: string;
  /** Rows of our file; of an upserted table those that count. */
  readonly rows: number;
  readonly missing: number;
  readonly unexpected: number;
  /** Rows that stand behind one that they should stand before. */
  readonly disordered: number;
  /** What to read: one line each. */
  readonly examples: readonly string[];
}

export const isSame = ({ missing, unexpected, disordered }: Comparison): boolean =>
  missing === 0 && unexpected === 0 && disordered === 0;

/** The cells of a line without their quotes. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells = line.match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^,]*)(?=,|$)/g) ?? [];
  return cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}

const textOf = (cells: readonly string[]): string => cells.map(csvCell).join();

function rowsOf(path: string, { columns }: Table): string[][] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  return lines.slice(lines[0] === columns.join() ? 1 : 0).map(cellsOf);
}

const placesOf = ({ columns }: Table, names: readonly string[]): number[] => names.map((name) => columns.indexOf(name));
const keyOf = (row: readonly string[], places: readonly number[]): string => textOf(places.map((at) => row[at] ?? ''));

/** The last row of each key. */
function lastRows(rows: readonly string[][], places: readonly number[]): string[][] {
  const last = new Map<string, string[]>();
  for (const row of rows) last.set(keyOf(row, places), row);
  return [...last.values()];
}

/** Numbers by value, and texts by their code units. */
function compareRows(one: readonly string[], other: readonly string[], places: readonly number[]): number {
  for (const at of places) {
    const difference = Number(one[at]) - Number(other[at]);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    if (Number.isNaN(difference) && one[at] !== other[at]) return one[at] < other[at] ? -1 : 1;
  }
  return 0;
}

/** Rows that stand behind a greater one of the same key. */
function disorderOf(table: Table, rows: readonly string[][]): string[] {
  const { form } = table;
  if (form.kind !== 'ordered') return [];
  const by = placesOf(table, form.by);
  const then = placesOf(table, form.then);
  const last = new Map<string, string[]>();
  const found: string[] = [];
  for (const row of rows) {
    const key = keyOf(row, by);
    const before = last.get(key);
    if (before === undefined || compareRows(before, row, then) <= 0) last.set(key, row);
    else found.push(`out of order: ${textOf(row)} stands behind ${textOf(before)}`);
  }
  return found;
}

/** What the rows with other cells under the same key are, if there are any: easier to read than two differences apart. */
function changed(missing: readonly string[], unexpected: readonly string[], places: readonly number[]): string[] {
  const ours = new Map(unexpected.map((row) => [keyOf(cellsOf(row), places), row]));
  return missing.flatMap((row) => {
    const other = ours.get(keyOf(cellsOf(row), places));
    return other === undefined ? [] : [`wrong: ${other}, expected ${row}`];
  });
}

/**
 * @param name of the table
 * @throws RangeError if there is no such table; the system's error if a file cannot be read
 */
export function compareTable(name: string, ourFile: string, expectedFile: string): Comparison {
  const table = tableOf(name);
  const { form } = table;
  const all = rowsOf(ourFile, table);
  const upserted = form.kind === 'upsert' ? placesOf(table, form.by) : undefined;
  const of = (rows: string[][]): string[][] => (upserted === undefined ? rows : lastRows(rows, upserted));
  const rows = of(all);
  const left = new Map<string, number>();
  for (const row of of(rowsOf(expectedFile, table))) {
    const text = textOf(row);
    left.set(text, (left.get(text) ?? 0) + 1);
  }
  const unexpected: string[] = [];
  for (const row of rows) {
    const text = textOf(row);
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    else unexpected.push(text);
  }
  const missing = [...left].flatMap(([text, count]) => Array<string>(count).fill(text));
  const disordered = disorderOf(table, all);
  const first = (lines: readonly string[]): readonly string[] => lines.slice(0, SHOWN_MAX);
  return {
    table: name,
    rows: rows.length,
    missing: missing.length,
    unexpected: unexpected.length,
    disordered: disordered.length,
    examples: [
      ...first(upserted === undefined ? [] : changed(missing, unexpected, upserted)),
      ...first(missing).map((row) => `missing: ${row}`),
      ...first(unexpected).map((row) => `unexpected: ${row}`),
      ...first(disordered),
    ],
  };
}
