// The source that emits the records of a CSV file.
// Promises: the position is the byte where the next record starts, and the number of lines before it; reading never blocks.
// Relies on csv-parser.ts for the records, and on file-window.ts for bytes that arrive while others are parsed.

import { errors } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../flow/source.ts';
import { Schema, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { choice, toggle, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { sourceOfFiles } from '../files/file-list.ts';
import { CHUNK_BYTES, FileWindow } from '../files/file-window.ts';
import { checkPath, GZIP_OPTION, isGzip } from '../source-options.ts';
import { type CsvParser, generateCsvParser, needsText } from './csv-parser.ts';
import { type CsvRecord, splitRecord } from './csv-record.ts';

const DELIMITER = /^[^\w"\r\n.+-]$/;
const isDelimiter = (given: unknown): given is string =>
  typeof given === 'string' && DELIMITER.test(given) && given <= '\x7f';

const isNames = (given: unknown): given is readonly string[] => Array.isArray(given);

export const CSV_OPTIONS = {
  /**
   * `true` if the first line names the columns: the schema's fields are found by name, other columns are left out: true
   * or false. Default: `false`.
   */
  header: toggle({
    help: "`true` if the first line names the columns: the schema's fields are found by name, other columns are left out",
    default: false,
  }),
  /**
   * The names of the file's columns in order, if it has no header and more columns than the schema or in another order:
   * an array of names. Default: the schema's fields.
   */
  columns: value('an array of names', isNames, {
    help: "the names of the file's columns in order, if it has no header and more columns than the schema or in another order",
    defaultText: "the schema's fields",
  }),
  /** What stands between two cells: one ASCII character that no number and no quote is written with. Default: `,`. */
  delimiter: value('one ASCII character that no number and no quote is written with', isDelimiter, {
    help: 'what stands between two cells',
    default: ',',
  }),
  /**
   * What becomes of a record that does not fit the schema: `fail` fails the job, `skip` leaves it to the `failure` of
   * the source, by default a dead letter with the tuple `{ line, text }`: 'fail' or 'skip'. Default: `fail`.
   */
  badRecords: choice(['fail', 'skip'], {
    help: 'what becomes of a record that does not fit the schema: `fail` fails the job, `skip` leaves it to the `failure` of the source, by default a dead letter with the tuple `{ line, text }`',
    default: 'fail',
  }),
  /** Whether the file is gzip-compressed: true or false. Default: by its name: `.gz`. */
  gzip: GZIP_OPTION,
};

/** Options of {@link readCsv}. */
export interface ReadCsvOptions extends Given<typeof CSV_OPTIONS> {}

const WHERE = 'readCsv()';

interface CsvSettings {
  path: string;
  schema: Schema;
  header: boolean;
  columns: readonly string[];
  delimiter: number;
  skip: boolean;
  gzip: boolean;
  chunkBytes: number;
}

/** Where the next record starts, and how many lines are before it. */
export interface CsvPosition {
  /** Offset in the file, in bytes. */
  readonly byte: number;
  /** Lines before it, for error texts. */
  readonly lines: number;
}

/** A CSV file as a source. */
export type CsvSource<Fields extends Shape> = SourceDefinition<Fields, TupleOf<Fields>, CsvPosition>;

const START: CsvPosition = { byte: 0, lines: 0 };

/** A record that is longer is taken for one that lacks its closing quote. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;
/** Of a bad record. */
const SHOWN_CHARACTERS_MAX = 1000;
const NEWLINE = 10;

/**
 * The records of a CSV file (RFC 4180) as tuples. Fields may be quoted, with delimiters, line ends and doubled quotes in the
 * quotes. Lines end with `\n` or `\r\n`; empty lines are left out. The text is UTF-8. Numbers are decimal, with an exponent
 * for f64; bool is true, false, 1 or 0; timestamp is milliseconds or an ISO 8601 date (UTC, if it names no zone); json is JSON.
 * After a crash, reading goes on at the byte after the last committed record of the same file: one that was replaced or cut
 * meanwhile fails the job with INPUT_CHANGED (docs/dataflow.md), one that grows is read to its end.
 * @param path of the file, relative to the working directory; or of up to 256 files, each of which is a partition that one
 * replica reads at a time. All of them are open at once
 * @param fields the schema, its fields in the order of the file's columns unless `header` or `columns` tells the order
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA at once; when the flow starts INPUT_FILE if the file cannot be read and BAD_CSV
 * if its header lacks a field; while it runs BAD_CSV with the line's number
 */
export function readCsv<Fields extends Shape>(
  path: string | readonly string[],
  fields: Fields,
  options: ReadCsvOptions = {},
  ...surplus: readonly never[]
): CsvSource<Fields> {
  refuseSurplus('readCsv(path, fields, options)', 3, surplus);
  return sourceOfFiles(path, WHERE, (each) => csvSource(each, fields, options, CHUNK_BYTES));
}

/** readCsv with a chunk size of the caller's: tests put chunk borders everywhere. */
export function csvSource<Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadCsvOptions,
  chunkBytes: number,
): CsvSource<Fields> {
  const settings = settingsOf(path, fields, options, chunkBytes);
  return {
    kind: 'reader',
    fields,
    files: [path],
    start: START,
    open: (context) => openCsv<TupleOf<Fields>>(settings, context),
  };
}

function settingsOf(path: string, fields: Shape, options: ReadCsvOptions, chunkBytes: number): CsvSettings {
  checkPath(path, WHERE);
  const schema = Schema.of(fields, 'readCsv');
  const { header, columns, delimiter, badRecords, gzip } = checkOptions(WHERE, CSV_OPTIONS, options);
  if (columns !== undefined) {
    if (header) throw errors.badOption('columns', columns, 'left out where the file has a header', WHERE);
    const missing = schema.names.find((name) => countOf(columns, name) !== 1);
    if (missing !== undefined) {
      const rule = `the names of the file's columns, with the field '${missing}' once`;
      throw errors.badOption('columns', columns, rule, WHERE);
    }
  }
  return {
    path,
    schema,
    header,
    columns: columns ?? schema.names,
    delimiter: delimiter.charCodeAt(0),
    skip: badRecords === 'skip',
    gzip: isGzip(path, gzip),
    chunkBytes,
  };
}

const countOf = (names: readonly string[], name: string) => names.filter((other) => other === name).length;

async function openCsv<Tuple>(settings: CsvSettings, context: SourceContext<CsvPosition>): Promise<CsvReader<Tuple>> {
  const { path, schema, gzip, chunkBytes } = settings;
  let { columns } = settings;
  let { position } = context;
  if (settings.header) {
    // Read at every opening, also further on in the file: it is what maps columns to fields.
    const header = await readHeader(settings, context);
    for (const name of schema.names) {
      if (countOf(header.names, name) !== 1) throw errors.csvHeader(path, name, header.names);
    }
    columns = header.names;
    if (position.byte === 0) position = header.behind;
  }
  const window = await FileWindow.open(path, gzip, position.byte, chunkBytes, context);
  return new CsvReader(
    settings,
    columns.map((name) => schema.indexOf(name)),
    window,
    position.lines,
    context,
  );
}

interface Header {
  names: string[];
  behind: CsvPosition;
}

async function readHeader(
  { path, gzip, chunkBytes, delimiter }: CsvSettings,
  context: SourceContext<CsvPosition>,
): Promise<Header> {
  let wake = () => {};
  let failed: unknown;
  const window = await FileWindow.open(path, gzip, 0, chunkBytes, {
    ...context,
    wake: () => wake(),
    fail(error) {
      failed = error;
      wake();
    },
  });
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const status = window.extend();
      if (status === 'wait' && failed === undefined) await woken;
      if (failed !== undefined) throw failed;
      if (status === 'wait') continue;
      if (status === 'end') window.endLine();
      const { bytes, start, end } = window;
      const cut = start + bytes.subarray(start, end).lastIndexOf(NEWLINE) + 1;
      if (cut > start) {
        window.skipByteOrderMark();
        const record: CsvRecord = splitRecord(bytes, window.start, cut, delimiter);
        if (record.next >= 0 && record.problem === undefined) {
          const lines = record.fields.join('').split('\n').length;
          window.start = record.next;
          return { names: record.fields, behind: { byte: window.position, lines } };
        }
        if (record.next >= 0 || status === 'end') throw errors.badCsv(path, 1, record.problem as string);
      }
      if (status === 'end') throw errors.badCsv(path, 1, 'the file is empty, and should start with a header');
      if (end - start > RECORD_BYTES_MAX) throw errors.badCsv(path, 1, TOO_LONG);
    }
  } finally {
    window.close();
  }
}

/** A record as its dead letter shows it: its text without the line end, and only the beginning of a long one. */
function shownText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, Math.min(end, start + 4 * SHOWN_CHARACTERS_MAX)).replace(/\r?\n$/, '');
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}

const TOO_LONG = `the record is longer than ${RECORD_BYTES_MAX} bytes`;

class CsvReader<Tuple> implements SourceReader<Tuple, CsvPosition> {
  position: CsvPosition;
  readonly #path: string;
  readonly #window: FileWindow;
  readonly #parser: CsvParser;
  readonly #needsText: boolean;
  /** Where the window's last complete line ends: what may be parsed. */
  #cut: number;
  /** The window's bytes from #base on as latin1, one character a byte. */
  #text = '';
  #base = 0;
  /** True if the bytes up to #cut end within quotes. */
  #incomplete = false;
  /** True if the record at the window's start is too long to be one. */
  #givenUp = false;
  /** True if nothing comes behind the window. */
  #final = false;

  constructor(
    settings: CsvSettings,
    columns: readonly number[],
    window: FileWindow,
    lines: number,
    context: SourceContext<CsvPosition>,
  ) {
    const { path, schema, delimiter, skip } = settings;
    this.#path = path;
    this.#window = window;
    this.#needsText = needsText(schema);
    this.#cut = window.start;
    this.position = { byte: window.position, lines };
    this.#parser = generateCsvParser(context.operator, {
      schema,
      columns,
      delimiter,
      onBadRecord(line, problem, bytes, start, end) {
        if (!skip) throw errors.badCsv(path, line, problem);
        // The window stays where the parser has begun.
        const position = window.position + start - window.start;
        context.reject({ line, text: shownText(bytes, start, end) }, errors.skippedCsv(path, line, problem), position);
      },
    });
    this.#parser.lines = lines;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    const window = this.#window;
    const parser = this.#parser;
    let room = limit;
    while (room > 0) {
      if (window.start === this.#cut || this.#incomplete) {
        const status = this.#extend();
        if (status !== 'more') return status;
      }
      parser.at = window.start;
      const final = this.#final || this.#givenUp;
      const count = this.#givenUp ? 1 : room;
      room -= parser.parse(window.bytes, this.#cut, this.#text, this.#base, final, emit, count);
      this.#givenUp = false;
      window.start = parser.at;
      this.#incomplete = parser.incomplete;
      this.position = { byte: window.position, lines: parser.lines };
    }
    return 'more';
  }

  close(): void {
    this.#window.close();
  }

  /** Makes more complete lines of the file ready to be parsed. */
  #extend(): SourceStatus {
    const window = this.#window;
    for (;;) {
      const kept = window.end - window.start;
      if (kept > RECORD_BYTES_MAX) {
        if (!this.#incomplete) throw errors.badCsv(this.#path, this.#parser.lines + 1, TOO_LONG);
        // The record is given up: the parser reports its open quote, and goes on with the next line.
        this.#givenUp = true;
        this.#incomplete = false;
        return 'more';
      }
      const status = window.extend();
      if (status === 'wait') return 'wait';
      if (status === 'end') {
        window.endLine();
        if (window.start === window.end) return 'end';
        this.#final = true;
      } else this.#final = false;
      const cut = window.start + window.bytes.subarray(window.start, window.end).lastIndexOf(NEWLINE) + 1;
      this.#cut = cut;
      if (cut === window.start) continue;
      window.skipByteOrderMark();
      this.#incomplete = false;
      this.#base = window.start;
      if (this.#needsText) this.#text = window.bytes.latin1Slice(window.start, cut);
      return 'more';
    }
  }
}
