// One CSV record at leisure: any quoting, every check, and what is wrong with it in words.
// Promises: decides about every record that the generated parser does not take; both accept the same values.
// Relies on: the bytes given end with a line end.

import { show } from '../../errors.ts';
import { NEWLINE, QUOTE, RETURN } from '../../mailbox/columns/csv-cell.ts';
import type { SchemaField } from '../../mailbox/schema.ts';

/** A record cut into the texts of its fields. */
export interface CsvRecord {
  fields: string[];
  /** Index of the first byte behind the record, or -1 if the bytes end within quotes. */
  next: number;
  problem: string | undefined;
}

export const UNCLOSED_QUOTE = 'a quoted field has no closing quote';

/** A record that is longer is taken for one that lacks its closing quote. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;
/** What is wrong with a record whose first line is longer than that. */
export const tooLong = (recordBytesMax: number): string => `the record is longer than ${recordBytesMax} bytes`;

const afterLine = (bytes: Buffer, at: number) => bytes.indexOf(NEWLINE, at) + 1;

/**
 * Cuts the record at `start` by RFC 4180. A quote within an unquoted field stands for itself.
 * @param end where the bytes end, behind a line end
 */
export function splitRecord(bytes: Buffer, start: number, end: number, delimiter: number): CsvRecord {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    let stop: number;
    if (bytes[at] === QUOTE) {
      const from = at + 1;
      let doubled = false;
      for (stop = from; ; stop += 2) {
        stop = bytes.indexOf(QUOTE, stop);
        if (stop < 0 || stop >= end) return { fields, next: -1, problem: UNCLOSED_QUOTE };
        if (bytes[stop + 1] !== QUOTE) break;
        doubled = true;
      }
      const text = bytes.toString('utf8', from, stop);
      fields.push(doubled ? text.replaceAll('""', '"') : text);
      stop++;
      if (bytes[stop] === RETURN && bytes[stop + 1] === NEWLINE) stop++;
      if (bytes[stop] !== delimiter && bytes[stop] !== NEWLINE) {
        return {
          fields,
          next: afterLine(bytes, stop),
          problem: `field ${fields.length} has text behind its closing quote`,
        };
      }
    } else {
      stop = at;
      while (bytes[stop] !== delimiter && bytes[stop] !== NEWLINE) stop++;
      const cut = bytes[stop] === NEWLINE && stop > at && bytes[stop - 1] === RETURN ? stop - 1 : stop;
      fields.push(bytes.toString('utf8', at, cut));
    }
    at = stop + 1;
    if (bytes[stop] === NEWLINE) return { fields, next: at, problem: undefined };
  }
}

/**
 * Puts the values of a record's fields into `values`, by field of the schema.
 * @param columns for each column of the file the index of its field, or -1 if it is left out
 * @returns what is wrong with the record, or undefined
 */
export function convertRecord(
  texts: readonly string[],
  columns: readonly number[],
  fields: readonly SchemaField[],
  values: unknown[],
): string | undefined {
  if (texts.length !== columns.length) {
    return `has ${texts.length} ${texts.length === 1 ? 'field' : 'fields'} instead of ${columns.length}`;
  }
  for (const [column, text] of texts.entries()) {
    const index = columns[column];
    if (index < 0) continue;
    const {
      name,
      codec: { label, csv },
    } = fields[index];
    const value = csv.convert(text);
    if (value === undefined) return `field '${name}' is ${label}, which takes ${csv.rule}; got ${show(text)}`;
    values[index] = value;
  }
  return undefined;
}
