// One CSV record at leisure: any quoting, every check, and what is wrong with it in words.
// Promises: decides about every record that the generated parser does not take; both accept the same values.
// Relies on: the bytes given end with a line end.

import { show } from '../../errors.ts';
import { NEWLINE, RETURN } from '../../mailbox/columns/csv-cell.ts';
import { misfitReason } from '../misfit-reason.ts';
import type { CsvCell } from './csv-cells.ts';
import type { CsvText } from './csv-settings.ts';

/** What is wrong with a record. */
export interface CsvProblem {
  readonly reason: string;
  /** Which cell it is, from 1; undefined if it is none. */
  readonly column?: number;
  /** The field of that cell, if it has one. */
  readonly field?: string;
}

/** A record cut into the texts of its fields. */
export interface CsvRecord {
  fields: string[];
  /** Index of the first byte behind the record, or -1 if the bytes end within quotes. */
  next: number;
  problem: CsvProblem | undefined;
}

const UNCLOSED_QUOTE = 'a quoted field has no closing quote';

/** What is wrong with a record whose first line is longer than that. */
export const tooLong = (recordBytesMax: number): string => `the record is longer than ${recordBytesMax} bytes`;

const afterLine = (bytes: Buffer, at: number) => bytes.indexOf(NEWLINE, at) + 1;

/** Where the first byte at or behind `at` is that is no space. */
function behindSpaces(bytes: Buffer, at: number, spaces: readonly number[]): number {
  let stop = at;
  if (spaces.length > 0) while (spaces.includes(bytes[stop])) stop++;
  return stop;
}

/** Where the closing quote of the cell is that begins at `from`; -1 if there is none. */
function closingQuote(bytes: Buffer, from: number, end: number, { quote, escape: escaping }: CsvText): number {
  for (let at = from; ; at += 2) {
    if (escaping === quote) at = bytes.indexOf(quote, at);
    else while (at < end && bytes[at] !== quote && (bytes[at] !== escaping || !isEscaped(bytes[at + 1]))) at++;
    if (at < 0 || at >= end) return -1;
    if (bytes[at] === quote && (escaping !== quote || bytes[at + 1] !== quote)) return at;
  }
  function isEscaped(byte: number): boolean {
    return byte === quote || byte === escaping;
  }
}

/** The text of a quoted cell. */
function unquoted(text: string, { quote, escape: escaping }: CsvText): string {
  const before = String.fromCharCode(escaping);
  if (!text.includes(before)) return text;
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const next = text.charCodeAt(at + 1);
    if (text[at] === before && (next === quote || next === escaping)) at++;
    plain += text[at];
  }
  return plain;
}

/**
 * Cuts the record at `start` by RFC 4180. A quote within an unquoted field stands for itself.
 * @param end where the bytes end, behind a line end
 */
export function splitRecord(bytes: Buffer, start: number, end: number, dialect: CsvText): CsvRecord {
  const { delimiter, quote, spaces } = dialect;
  const fields: string[] = [];
  let at = start;
  for (;;) {
    at = behindSpaces(bytes, at, spaces);
    let stop: number;
    if (bytes[at] === quote) {
      stop = closingQuote(bytes, at + 1, end, dialect);
      if (stop < 0) return { fields, next: -1, problem: { reason: UNCLOSED_QUOTE, column: fields.length + 1 } };
      fields.push(unquoted(bytes.toString('utf8', at + 1, stop), dialect));
      stop = behindSpaces(bytes, stop + 1, spaces);
      if (bytes[stop] === RETURN && bytes[stop + 1] === NEWLINE) stop++;
      if (bytes[stop] !== delimiter && bytes[stop] !== NEWLINE) {
        const column = fields.length;
        const reason = `field ${column} has text behind its closing quote`;
        return { fields, next: afterLine(bytes, stop), problem: { reason, column } };
      }
    } else {
      stop = at;
      while (bytes[stop] !== delimiter && bytes[stop] !== NEWLINE) stop++;
      let cut = bytes[stop] === NEWLINE && stop > at && bytes[stop - 1] === RETURN ? stop - 1 : stop;
      if (spaces.length > 0) while (cut > at && spaces.includes(bytes[cut - 1])) cut--;
      fields.push(bytes.toString('utf8', at, cut));
    }
    at = stop + 1;
    if (bytes[stop] === NEWLINE) return { fields, next: at, problem: undefined };
  }
}

/** True if a line that begins at `at` has nothing in it. */
export function isBlank(bytes: Buffer, at: number, { spaces }: CsvText): boolean {
  const stop = behindSpaces(bytes, at, spaces);
  return bytes[stop] === NEWLINE || (bytes[stop] === RETURN && bytes[stop + 1] === NEWLINE);
}

const emptyRemedy = (name: string, label: string): string =>
  `; for empty cells pass { defaults: { ${JSON.stringify(name)}: … } }, or make the field t.optional() of ${label}`;

/**
 * Puts the values of a record's fields into `values`, by field of the schema.
 * @param columns for each column of the file the index of its cell, or -1 if it is left out
 * @returns what is wrong with the record, or undefined
 */
export function convertRecord(
  texts: readonly string[],
  columns: readonly number[],
  cells: readonly CsvCell[],
  values: unknown[],
): CsvProblem | undefined {
  if (texts.length !== columns.length) {
    const returns = texts.some((text) => text.includes('\r'))
      ? "; it has returns in it: pass { lineEnds: 'cr' } if they are its line ends"
      : '';
    return {
      reason: `has ${texts.length} ${texts.length === 1 ? 'field' : 'fields'} instead of ${columns.length}${returns}`,
    };
  }
  for (const [column, text] of texts.entries()) {
    const index = columns[column];
    if (index < 0) continue;
    const { name, label, csv } = cells[index];
    const value = csv.convert(text);
    if (value === undefined) {
      const misfit = csv.misfit?.(text);
      if (misfit !== undefined) return { reason: misfitReason(name, misfit), column: column + 1, field: name };
      const remedy = text.trim() === '' ? emptyRemedy(name, label) : '';
      const reason = `field '${name}' is ${label}, which takes ${csv.lacks?.(text) ?? csv.rule}; got ${show(text)}${remedy}`;
      return { reason, column: column + 1, field: name };
    }
    values[index] = value;
  }
  return undefined;
}
