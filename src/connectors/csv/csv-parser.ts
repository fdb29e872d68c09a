// The generated loop that turns bytes of a CSV file into tuples.
// Promises: the usual record (numbers as plain digits, text with no quote or with one pair around it) is parsed in one pass
// over its bytes, without a string per number; every other record goes to csv-record.ts, which decides about it.
// Relies on: the bytes end with a line end, so no loop over digits or text needs to look for the end.

import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { csvTextCode, isOneOf, NEWLINE, RETURN, ZERO } from '../../mailbox/columns/csv-cell.ts';
import { longInteger, POWERS_OF_TEN } from '../../mailbox/columns/csv-number.ts';
import type { Schema } from '../../mailbox/schema.ts';
import { tupleClass } from '../tuple-class.ts';
import type { CsvCell, Defaults } from './csv-cells.ts';
import { type CsvProblem, convertRecord, isBlank, splitRecord } from './csv-record.ts';
import type { CsvText } from './csv-settings.ts';

/** Called for a record that is no tuple: bytes[start..end). The parser goes on behind it if it returns. */
type OnBadRecord = (line: number, problem: CsvProblem, bytes: Buffer, start: number, end: number) => void;

export interface CsvParserOptions {
  schema: Schema;
  /** For each column of the file the index of its field in the schema, or -1 if it is left out. */
  columns: readonly number[];
  /** How each field of the schema is read. */
  cells: readonly CsvCell[];
  dialect: CsvText;
  /** Values of empty cells, by field. */
  defaults: Defaults;
  onBadRecord: OnBadRecord;
  /** Called for a record whose first line is longer than records may be. Throws. */
  onLongLine: (line: number) => never;
  /** A record that is longer lacks its closing quote, whether or not one comes later: what is read must not depend on chunks. */
  recordBytesMax: number;
}

export interface CsvParser {
  /** In and out: the next byte to parse. */
  at: number;
  /** In and out: the lines before it. */
  lines: number;
  /** Out: true if the record at `at` goes on behind the bytes' end. */
  incomplete: boolean;
  /**
   * Parses up to `limit` records that begin in bytes[at..stop), and end in front of `end`. Returns how many there were, bad ones
   * included.
   * @param text the bytes from `base` on as latin1, if the schema has text
   * @param final true if nothing comes behind `end`: an open quote there is an error
   */
  parse(
    bytes: Buffer,
    stop: number,
    end: number,
    text: string,
    base: number,
    final: boolean,
    emit: (tuple: never) => void,
    limit: number,
  ): number;
}

/** True if parse() needs the text of the bytes. */
export function needsText(schema: Schema): boolean {
  return schema.fields.some(({ codec }) => codec.csv.needsText);
}

/** Generates the parser of one reader. */
export function generateCsvParser(name: string, options: CsvParserOptions): CsvParser {
  const { schema, columns, cells, dialect, defaults, recordBytesMax } = options;
  const { delimiter, comment, spaces } = dialect;
  const { fields } = schema;
  const isSpace = (byte: string): string => isOneOf(byte, spaces);
  const [before, after] =
    spaces.length === 0
      ? ['', '']
      : [
          `while (${isSpace('bytes[at]')}) at++;`,
          `while (${isSpace('bytes[at]')}) at++;
    next = bytes[at] - ${ZERO};`,
        ];
  const columnCodes = columns.map((index, column) => {
    const behind =
      column < columns.length - 1
        ? `if (next !== ${delimiter - ZERO}) break fast;\n    at++;`
        : `if (next !== ${NEWLINE - ZERO}) { if (next !== ${RETURN - ZERO} || bytes[at + 1] !== ${NEWLINE}) break fast; at++; }\n    at++;`;
    const cell = index < 0 ? csvTextCode(dialect) : cells[index].csv.fast(`v${index}`, dialect, index);
    return `    ${before}${cell}\n    ${after}${behind}`;
  });
  const hasBlankCells = columns.length === 1 && spaces.length > 0;
  const blankCode = hasBlankCells ? `if (isBlank(bytes, at, dialect)) break fast;` : '';
  const body = `function parse(bytes, stop, end, text, base, final, emit, limit) {
  let at = parser.at, lines = parser.lines, records = 0;
  let from = 0, to = 0, digit = 0, digits = 0, next = 0, byte = 0, high = 0, negative = false;
  let ${fields.map(({ codec }, i) => `v${i} = ${codec.csv.start}`).join(', ')};
  slow.incomplete = false;
  while (records < limit && at < stop) {
    const record = at;
    ${comment < 0 ? '' : commentCode(comment, recordBytesMax)}
    fast: {
    ${blankCode}
${columnCodes.join('\n')}
    if (blank && record + 2 >= at && (bytes[record] === ${NEWLINE} || bytes[record] === ${RETURN})) { lines++; continue; }
    if (at - record > ${recordBytesMax}) break fast;
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
  const slow = new SlowPath(options);
  return generate(
    `${name}/csv`,
    // Only a file of one column of text has lines that the fast path would take for a record though they are blank.
    {
      ...constantsOf(fields, name),
      slow,
      defaults,
      dialect,
      isBlank,
      longInteger,
      powers: POWERS_OF_TEN,
      blank: columns.length === 1,
      Tuple: tupleClass(name, schema),
    },
    body,
  );
}

/** Passes a line over that is a comment. */
const commentCode = (comment: number, recordBytesMax: number): string => `if (bytes[at] === ${comment}) {
      at = bytes.indexOf(${NEWLINE}, at) + 1;
      if (at - record > ${recordBytesMax}) slow.refuseLongLine(lines + 1);
      lines++;
      continue;
    }`;

/** What happens to a record that the fast path does not take. */
class SlowPath {
  readonly values: unknown[];
  at = 0;
  lines = 0;
  incomplete = false;
  blank = false;
  readonly #columns: readonly number[];
  readonly #options: CsvParserOptions;

  constructor(options: CsvParserOptions) {
    const { schema, columns } = options;
    this.values = new Array(schema.fields.length).fill(undefined);
    this.#columns = columns;
    this.#options = options;
  }

  refuseLongLine(line: number): never {
    return this.#options.onLongLine(line);
  }

  /** True if `values` holds a tuple. Moves `at` behind the record, unless it is incomplete. */
  take(bytes: Buffer, start: number, end: number, final: boolean): boolean {
    this.incomplete = false;
    const { cells, dialect, recordBytesMax, onBadRecord } = this.#options;
    this.blank = isBlank(bytes, start, dialect);
    if (this.blank) {
      this.at = bytes.indexOf(NEWLINE, start) + 1;
      if (this.at - start > recordBytesMax) this.refuseLongLine(this.lines + 1);
      this.lines++;
      return false;
    }
    const record = splitRecord(bytes, start, end, dialect);
    if (record.next < 0 && !final) {
      this.incomplete = true;
      return false;
    }
    if (record.next < 0 || record.next - start > recordBytesMax) {
      // Only the first line is lost, and the quotes that it ends in are told: what follows may be sound, and how much of it is there
      // depends on chunks.
      record.next = bytes.indexOf(NEWLINE, start) + 1;
      record.problem = splitRecord(bytes, start, record.next, dialect).problem;
      if (record.next - start > recordBytesMax) this.refuseLongLine(this.lines + 1);
    }
    const problem = record.problem ?? convertRecord(record.fields, this.#columns, cells, this.values);
    if (problem !== undefined) onBadRecord(this.lines + 1, problem, bytes, start, record.next);
    this.at = record.next;
    for (let at = start; at < record.next; at++) if (bytes[at] === NEWLINE) this.lines++;
    return problem === undefined;
  }
}
