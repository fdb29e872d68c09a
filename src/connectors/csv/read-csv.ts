// The source that emits the records of a CSV file.
// Promises: the position is the byte where the next record starts, aux the lines before it; reading never blocks.
// Relies on csv-parser.ts for the records, and on file-window.ts for bytes that arrive while others are parsed.

import { errors } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../flow/source.ts';
import { Schema, type Shape } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';
import { sourceOfFiles } from '../files/file-list.ts';
import { CHUNK_BYTES, FileWindow } from '../files/file-window.ts';
import { checkGzip, checkOptionNames, checkPath } from '../source-options.ts';
import { type CsvParser, generateCsvParser, needsText } from './csv-parser.ts';
import { type CsvRecord, splitRecord } from './csv-record.ts';

export interface ReadCsvOptions {
  /** True if the first line names the columns: the schema's fields are then found by name, and other columns are left out. */
  header?: boolean;
  /** The names of the file's columns in order, if it has no header and more columns than the schema or in another order. */
  columns?: readonly string[];
  /** One character; ',' by default. */
  delimiter?: string;
  /**
   * Whether a record that does not fit the schema fails the job (the default) or is skipped: then the `onError` of the source's
   * operator decides about it, and by default it is a dead letter with the tuple `{ line, text }`.
   */
  onError?: 'fail' | 'skip';
  /** Whether the file is gzip-compressed. By default it is if its name ends in `.gz`. */
  gzip?: boolean;
}

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

/** A record that is longer is taken for one that lacks its closing quote. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;
/** Of a bad record. */
const SHOWN_CHARACTERS_MAX = 1000;
const OPTIONS = ['header', 'columns', 'delimiter', 'onError', 'gzip'];
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
): SourceDefinition<Fields> {
  refuseSurplus('readCsv(path, fields, options)', 3, surplus);
  return sourceOfFiles(path, (each) => csvSource(each, fields, options, CHUNK_BYTES));
}

/** readCsv with a chunk size of the caller's: tests put chunk borders everywhere. */
export function csvSource<Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadCsvOptions,
  chunkBytes: number,
): SourceDefinition<Fields> {
  const settings = checkOptions(path, fields, options, chunkBytes);
  return {
    kind: 'reader',
    fields,
    files: [path],
    open: async (context) => (await openCsv(settings, context)) as unknown as SourceReader<never>,
  };
}

const DELIMITER = /^[^\w"\r\n.+-]$/;

function checkOptions(path: string, fields: Shape, options: ReadCsvOptions, chunkBytes: number): CsvSettings {
  checkPath(path);
  const schema = Schema.of(fields, 'readCsv');
  checkOptionNames('readCsv', options, OPTIONS);
  const { header = false, columns, delimiter = ',', onError = 'fail' } = options;
  if (typeof header !== 'boolean') throw errors.badOption('header', header, 'true or false');
  if (typeof delimiter !== 'string' || !DELIMITER.test(delimiter) || delimiter > '\x7f') {
    throw errors.badOption('delimiter', delimiter, 'one ASCII character that no number and no quote is written with');
  }
  if (onError !== 'fail' && onError !== 'skip') throw errors.badOption('onError', onError, `'fail' or 'skip'`);
  if (columns !== undefined) {
    if (header) throw errors.badOption('columns', columns, 'left out where the file has a header');
    const missing = schema.names.find((name) => !Array.isArray(columns) || countOf(columns, name) !== 1);
    if (missing !== undefined) {
      throw errors.badOption('columns', columns, `the names of the file's columns, with the field '${missing}' once`);
    }
  }
  return {
    path,
    schema,
    header,
    columns: columns ?? schema.names,
    delimiter: delimiter.charCodeAt(0),
    skip: onError === 'skip',
    gzip: checkGzip(path, options.gzip),
    chunkBytes,
  };
}

const countOf = (names: readonly string[], name: string) => names.filter((other) => other === name).length;

async function openCsv(settings: CsvSettings, context: SourceContext): Promise<CsvReader> {
  const { path, schema, gzip, chunkBytes } = settings;
  let { columns } = settings;
  let { position, aux } = context;
  if (settings.header) {
    // Read at every opening, also further on in the file: it is what maps columns to fields.
    const header = await readHeader(settings, context);
    for (const name of schema.names) {
      if (countOf(header.names, name) !== 1) throw errors.csvHeader(path, name, header.names);
    }
    columns = header.names;
    if (position === 0) ({ position, lines: aux } = header);
  }
  const window = await FileWindow.open(path, gzip, position, chunkBytes, context);
  return new CsvReader(
    settings,
    columns.map((name) => schema.indexOf(name)),
    window,
    aux,
    context,
  );
}

interface Header {
  names: string[];
  /** Behind the header. */
  position: number;
  lines: number;
}

async function readHeader({ path, gzip, chunkBytes, delimiter }: CsvSettings, context: SourceContext): Promise<Header> {
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
          return { names: record.fields, position: window.position, lines };
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

class CsvReader implements SourceReader<unknown> {
  position: number;
  aux: number;
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
    context: SourceContext,
  ) {
    const { path, schema, delimiter, skip } = settings;
    this.#path = path;
    this.#window = window;
    this.#needsText = needsText(schema);
    this.#cut = window.start;
    this.position = window.position;
    this.aux = lines;
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

  read(emit: (tuple: never) => void, limit: number): SourceStatus {
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
      this.position = window.position;
      this.aux = parser.lines;
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
