// The generated loop that turns bytes of a CSV file into tuples.
// Promises: the usual record (numbers as plain digits, text with no quote or with one pair around it) is parsed in one pass
// over its bytes, without a string per number; every other record goes to csv-record.ts, which decides about it.
// Relies on: the bytes end with a line end, so no loop over digits or text needs to look for the end.

import { generate } from '../../mailbox/codegen.ts';
import type { Schema, SchemaField } from '../../mailbox/schema.ts';
import { tupleClassCode } from '../tuple-class.ts';
import { convertRecord, splitRecord, UNCLOSED_QUOTE } from './csv-record.ts';

/** Called for a record that is no tuple: bytes[start..end). The parser goes on behind it if it returns. */
type OnBadRecord = (line: number, problem: string, bytes: Buffer, start: number, end: number) => void;

export interface CsvParserOptions {
  schema: Schema;
  /** For each column of the file the index of its field in the schema, or -1 if it is left out. */
  columns: readonly number[];
  /** The delimiter's character code. */
  delimiter: number;
  onBadRecord: OnBadRecord;
}

export interface CsvParser {
  /** In and out: the next byte to parse. */
  at: number;
  /** In and out: the lines before it. */
  lines: number;
  /** Out: true if the record at `at` goes on behind the bytes' end. */
  incomplete: boolean;
  /**
   * Parses up to `limit` records from bytes[at..end) and returns how many there were, bad ones included.
   * @param text the bytes from `base` on as latin1, if the schema has text
   * @param final true if nothing comes behind `end`: an open quote there is an error
   */
  parse(
    bytes: Buffer,
    end: number,
    text: string,
    base: number,
    final: boolean,
    emit: (tuple: never) => void,
    limit: number,
  ): number;
}

const ZERO = 48;
const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const DIGITS_MAX = 9;
/** Up to this many digits a decimal's digits and its power of ten are exact, so one division rounds correctly. */
const EXACT_DIGITS_MAX = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, i) => 10 ** i);
const MAXIMA: Readonly<Record<string, number>> = { u8: 0xff, i32: 0x7fffffff, u32: 0xffffffff };

const isText = (type: string) => type === 'string' || type === 'dictionary';

/** True if parse() needs the text of the bytes. */
export function needsText(schema: Schema): boolean {
  return schema.fields.some(({ type }) => isText(type));
}

/** Reads the field at `at` into `value`; ends with the byte behind it, less 48, in `next`. */
function integerCode(value: string, type: string): string {
  const negative =
    type === 'i32'
      ? `if (${value} !== ${'-'.charCodeAt(0) - ZERO}) break fast;
      digit = bytes[++at] - ${ZERO};
      if (digit >>> 0 > 9) break fast;
      ${value} = -digit | 0;
      from = at;
      while ((digit = bytes[++at] - ${ZERO}) >>> 0 <= 9) ${value} = (${value} * 10 - digit) | 0;
      if (at - from > ${DIGITS_MAX}) break fast;`
      : 'break fast;';
  // Nine digits fit in 32 bits, which keeps the loop in integer arithmetic; more of them are rare.
  const long =
    type === 'u8'
      ? `if (at - from > ${DIGITS_MAX} || ${value} > 255) break fast;`
      : `if (at - from > ${DIGITS_MAX}) { ${value} = longInteger(bytes, from, at); if (${value} > ${MAXIMA[type]}) break fast; }`;
  return `${value} = bytes[at] - ${ZERO};
    if (${value} >>> 0 > 9) {
      ${negative}
    } else {
      from = at;
      while ((digit = bytes[++at] - ${ZERO}) >>> 0 <= 9) ${value} = (${value} * 10 + digit) | 0;
      ${long}
    }
    next = digit;`;
}

function decimalCode(value: string): string {
  return `negative = bytes[at] === ${'-'.charCodeAt(0)};
    if (negative) at++;
    from = at;
    ${value} = 0;
    while ((digit = bytes[at] - ${ZERO}) >>> 0 <= 9) { ${value} = ${value} * 10 + digit; at++; }
    digits = at - from;
    if (digit === ${'.'.charCodeAt(0) - ZERO}) {
      from = ++at;
      while ((digit = bytes[at] - ${ZERO}) >>> 0 <= 9) { ${value} = ${value} * 10 + digit; at++; }
      digits += at - from;
      if (digits > ${EXACT_DIGITS_MAX}) break fast;
      ${value} /= powers[at - from];
    }
    if (digits === 0 || digits > ${EXACT_DIGITS_MAX}) break fast;
    if (negative) ${value} = -${value};
    next = digit;`;
}

const matches = (word: string) =>
  [...word].map((character, i) => `bytes[at + ${i}] === ${character.charCodeAt(0)}`).join(' && ');

function boolCode(value: string): string {
  return `if (bytes[at] === ${'1'.charCodeAt(0)}) { ${value} = true; at++; }
    else if (bytes[at] === ${'0'.charCodeAt(0)}) { ${value} = false; at++; }
    else if (${matches('true')}) { ${value} = true; at += 4; }
    else if (${matches('false')}) { ${value} = false; at += 5; }
    else break fast;
    next = bytes[at] - ${ZERO};`;
}

/** Finds the text at `at` as bytes[from..to); `high` tells whether it is more than ASCII. */
function textCode(delimiter: number): string {
  return `high = 0;
    if (bytes[at] === ${QUOTE}) {
      from = ++at;
      while ((byte = bytes[at]) !== ${QUOTE}) { if (byte === ${NEWLINE}) break fast; high |= byte; at++; }
      to = at++;
    } else {
      from = at;
      while ((byte = bytes[at]) !== ${delimiter} && byte !== ${NEWLINE}) { high |= byte; at++; }
      to = at;
      if (byte === ${NEWLINE} && at > from && bytes[at - 1] === ${RETURN}) to = --at;
    }
    next = bytes[at] - ${ZERO};`;
}

function fieldCode(field: SchemaField | undefined, value: string, delimiter: number): string {
  if (field === undefined) return textCode(delimiter);
  switch (field.type) {
    case 'u8':
    case 'i32':
    case 'u32':
      return integerCode(value, field.type);
    case 'f64':
    case 'timestamp':
      return decimalCode(value);
    case 'bool':
      return boolCode(value);
    case 'string':
    case 'dictionary':
      return `${textCode(delimiter)}
    ${value} = high < 128 ? text.substring(from - base, to - base) : bytes.toString('utf8', from, to);`;
    case 'bytes':
    case 'json':
      return 'break fast;';
  }
}

/** Generates the parser of one reader. */
export function generateCsvParser(
  name: string,
  { schema, columns, delimiter, onBadRecord }: CsvParserOptions,
): CsvParser {
  const { fields } = schema;
  const start = (type: string) => (type === 'bool' ? 'false' : isText(type) ? `''` : '0');
  const columnCodes = columns.map((index, column) => {
    const behind =
      column < columns.length - 1
        ? `if (next !== ${delimiter - ZERO}) break fast;\n    at++;`
        : `if (next !== ${NEWLINE - ZERO}) { if (next !== ${RETURN - ZERO} || bytes[at + 1] !== ${NEWLINE}) break fast; at++; }\n    at++;`;
    return `    ${fieldCode(index < 0 ? undefined : fields[index], `v${index}`, delimiter)}\n    ${behind}`;
  });
  const body = `${tupleClassCode(schema)}
function parse(bytes, end, text, base, final, emit, limit) {
  let at = parser.at, lines = parser.lines, records = 0;
  let from = 0, to = 0, digit = 0, digits = 0, next = 0, byte = 0, high = 0, negative = false;
  let ${fields.map(({ type }, i) => `v${i} = ${start(type)}`).join(', ')};
  slow.incomplete = false;
  while (records < limit && at < end) {
    const record = at;
    fast: {
${columnCodes.join('\n')}
    if (blank && record + 2 >= at && (bytes[record] === ${NEWLINE} || bytes[record] === ${RETURN})) { lines++; continue; }
    lines++;
    records++;
    emit(new Tuple(${fields.map((_, i) => `v${i}`).join(', ')}));
    continue;
    }
    slow.lines = lines;
    if (slow.take(bytes, record, end, final)) emit(new Tuple(${fields.map((_, i) => `slow.values[${i}]`).join(', ')}));
    if (slow.incomplete) { at = record; break; }
    if (!slow.blank) records++;
    at = slow.at;
    lines = slow.lines;
  }
  parser.at = at;
  parser.lines = lines;
  parser.incomplete = slow.incomplete;
  return records;
}
const parser = { at: 0, lines: 0, incomplete: false, parse };
return parser;`;
  const slow = new SlowPath(columns, fields, delimiter, onBadRecord);
  return generate(
    `${name}/csv`,
    // Only a file of one column of text has lines that the fast path would take for a record though they are blank.
    { slow, longInteger, powers: POWERS_OF_TEN, blank: columns.length === 1 },
    body,
  );
}

function longInteger(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + bytes[at] - ZERO;
  return value;
}

/** What happens to a record that the fast path does not take. */
class SlowPath {
  readonly values: unknown[];
  at = 0;
  lines = 0;
  incomplete = false;
  blank = false;
  readonly #columns: readonly number[];
  readonly #fields: readonly SchemaField[];
  readonly #delimiter: number;
  readonly #onBadRecord: OnBadRecord;

  constructor(columns: readonly number[], fields: readonly SchemaField[], delimiter: number, onBadRecord: OnBadRecord) {
    this.values = new Array(fields.length).fill(undefined);
    this.#columns = columns;
    this.#fields = fields;
    this.#delimiter = delimiter;
    this.#onBadRecord = onBadRecord;
  }

  /** True if `values` holds a tuple. Moves `at` behind the record, unless it is incomplete. */
  take(bytes: Buffer, start: number, end: number, final: boolean): boolean {
    this.incomplete = false;
    this.blank = isBlank(bytes, start);
    if (this.blank) {
      this.at = bytes.indexOf(NEWLINE, start) + 1;
      this.lines++;
      return false;
    }
    const record = splitRecord(bytes, start, end, this.#delimiter);
    if (record.next < 0) {
      this.incomplete = !final;
      if (this.incomplete) return false;
      // Only the line with the quote is lost: what follows it may be sound.
      record.next = bytes.indexOf(NEWLINE, start) + 1;
      record.problem = UNCLOSED_QUOTE;
    }
    const problem = record.problem ?? convertRecord(record.fields, this.#columns, this.#fields, this.values);
    if (problem !== undefined) this.#onBadRecord(this.lines + 1, problem, bytes, start, record.next);
    this.at = record.next;
    for (let at = start; at < record.next; at++) if (bytes[at] === NEWLINE) this.lines++;
    return problem === undefined;
  }
}

function isBlank(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at + 1] === NEWLINE);
}
