// Makes a tuple of a line of a trace's file: of the columns that are asked for.
// Relies on: numbers are plain digits; a field holds no line break.

import { emptyOf } from '../records.ts';

export type Tuple = Record<string, number | string>;

const COMMA = 44;
const QUOTE = 34;
const ZERO = 48;

/** Where a field ends that begins at a place: at a comma, or at the end of the line. */
function endOf(line: string, from: number): number {
  let at = from;
  if (line.charCodeAt(at) === QUOTE) {
    do at = line.indexOf('"', at + 1) + 1;
    while (line.charCodeAt(at) === QUOTE);
    return at;
  }
  at = line.indexOf(',', from);
  return at < 0 ? line.length : at;
}

const textOf = (line: string, from: number, end: number): string =>
  line.charCodeAt(from) === QUOTE ? line.slice(from + 1, end - 1).replaceAll('""', '"') : line.substring(from, end);

/** The number that a line begins with: its `seq`. */
export function numberOf(line: string, from = 0): number {
  let value = 0;
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === COMMA) break;
    value = value * 10 + (code - ZERO);
  }
  return value;
}

/**
 * @param columns of the file, in order
 * @param names of those that tuples have
 * @param rest what tuples have besides; it comes first
 */
export function lineParser(
  columns: readonly string[],
  names: readonly string[],
  rest: Tuple = {},
): (line: string) => Tuple {
  const wanted = columns.map((column) => (names.includes(column) ? column : ''));
  const isText = columns.map((column) => emptyOf(column) === '');
  const last = wanted.findLastIndex((name) => name !== '');
  return (line) => {
    const tuple = { ...rest };
    let at = 0;
    for (let column = 0; column <= last; column++) {
      const end = endOf(line, at);
      const name = wanted[column];
      if (name !== '') tuple[name] = isText[column] ? textOf(line, at, end) : numberOf(line, at);
      at = end + 1;
    }
    return tuple;
  };
}
