// One CSV record at leisure: any quoting, every check, and what is wrong with it in words.
// Promises: decides about every record that the generated parser does not take; both accept the same values.
// Relies on: the bytes given end with a line end.

import { show } from '../../errors.ts';
import type { FieldType, SchemaField } from '../../mailbox/schema.ts';
import { TYPE_RULES } from '../../mailbox/schema.ts';

const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;

/** A record cut into the texts of its fields. */
export interface CsvRecord {
  fields: string[];
  /** Index of the first byte behind the record, or -1 if the bytes end within quotes. */
  next: number;
  problem: string | undefined;
}

export const UNCLOSED_QUOTE = 'a quoted field has no closing quote';

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

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/i;
const RANGES: Partial<Record<FieldType, readonly [number, number]>> = {
  u8: [0, 0xff],
  i32: [-0x80000000, 0x7fffffff],
  u32: [0, 0xffffffff],
};
const NUMBER_WORDS = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** The value of a field's text, or undefined if the type does not take it. Numbers may have spaces around them. */
function convertField(type: FieldType, text: string): unknown {
  switch (type) {
    case 'u8':
    case 'i32':
    case 'u32': {
      const [min, max] = RANGES[type] as readonly [number, number];
      const trimmed = text.trim();
      const value = INTEGER.test(trimmed) ? Number(trimmed) + 0 : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    }
    case 'f64': {
      const trimmed = text.trim();
      return DECIMAL.test(trimmed) ? Number(trimmed) : NUMBER_WORDS.get(trimmed);
    }
    case 'timestamp':
      return timeOf(text.trim());
    case 'bool': {
      const word = text.trim().toLowerCase();
      if (word === 'true' || word === '1') return true;
      return word === 'false' || word === '0' ? false : undefined;
    }
    case 'string':
    case 'dictionary':
      return text;
    case 'bytes':
      return new Uint8Array(Buffer.from(text));
    case 'json':
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
  }
}

/** Milliseconds, or an ISO 8601 date and time; without a zone it is UTC, so that no machine's settings decide. */
function timeOf(text: string): number | undefined {
  let time: number;
  if (DECIMAL.test(text)) time = Number(text);
  else {
    const date = DATE.exec(text);
    if (date === null) return undefined;
    const utc = text.length > 10 && date[1] === undefined ? 'Z' : '';
    time = Date.parse(`${text.replace(' ', 'T')}${utc}`);
  }
  return Number.isFinite(time) ? time : undefined;
}

const RULES: Partial<Record<FieldType, string>> = {
  bool: 'true, false, 1 or 0',
  timestamp: 'milliseconds since the epoch or an ISO 8601 date',
  json: 'JSON',
};

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
    const { name, type } = fields[index];
    const value = convertField(type, text);
    if (value === undefined) {
      return `field '${name}' is ${type}, which takes ${RULES[type] ?? TYPE_RULES[type]}; got ${show(text)}`;
    }
    values[index] = value;
  }
  return undefined;
}
