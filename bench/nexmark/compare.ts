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

/** Quoted where needed and nowhere else: rows with the same cells are the same text. */
const rowOf = (line: string): string => (line.includes('"') ? textOf(cellsOf(line)) : line);

function rowsOf(path: string, { columns }: Table): string[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  return lines.slice(lines[0] === columns.join() ? 1 : 0).map(rowOf);
}

const placesOf = ({ columns }: Table, names: readonly string[]): number[] => names.map((name) => columns.indexOf(name));
const keyOf = (cells: readonly string[], places: readonly number[]): string => places.map((at) => cells[at]).join('\n');

/** The last row of each key. */
function lastRows(rows: readonly string[], places: readonly number[]): string[] {
  const last = new Map<string, string>();
  for (const row of rows) last.set(keyOf(cellsOf(row), places), row);
  return [...last.values()];
}

/** Numbers, by value: all columns that order rows are. */
function isBehind(one: readonly string[], other: readonly string[], places: readonly number[]): boolean {
  for (const at of places) if (one[at] !== other[at]) return Number(one[at]) > Number(other[at]);
  return false;
}

/** Rows that stand behind a greater one of the same key. */
function disorderOf(table: Table, rows: readonly string[]): string[] {
  const { form } = table;
  if (form.kind !== 'ordered') return [];
  const by = placesOf(table, form.by);
  const then = placesOf(table, form.then);
  const last = new Map<string, string[]>();
  const found: string[] = [];
  for (const row of rows) {
    const cells = cellsOf(row);
    const key = keyOf(cells, by);
    const before = last.get(key);
    if (before === undefined || !isBehind(before, cells, then)) last.set(key, cells);
    else found.push(`out of order: ${row} stands behind ${textOf(before)}`);
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
  const of = (rows: string[]): string[] => (upserted === undefined ? rows : lastRows(rows, upserted));
  const rows = of(all);
  const left = new Map<string, number>();
  for (const row of of(rowsOf(expectedFile, table))) left.set(row, (left.get(row) ?? 0) + 1);
  const unexpected: string[] = [];
  for (const row of rows) {
    const count = left.get(row) ?? 0;
    if (count > 0) left.set(row, count - 1);
    else unexpected.push(row);
  }
  const missing = [...left].flatMap(([row, count]) => Array<string>(count).fill(row));
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
