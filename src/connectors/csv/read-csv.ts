// The source that emits the records of a CSV file.
// Promises: a mistake in its options is a typed error at once. A file and its ranges give the same records, dead letters and errors.
// Relies on csv-reader.ts for the records, and on csv-ranges.ts for where the first one of a range begins.

import { errors } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader } from '../../flow/source.ts';
import { Schema, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { choice, toggle, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { LookMemory } from '../files/file-identity.ts';
import { type FileSource, sourceOfFiles } from '../files/file-list.ts';
import { FileRange, RANGE_BYTES_MIN } from '../files/file-ranges.ts';
import { CHUNK_BYTES } from '../files/file-window.ts';
import { emptyReader, LaterReader } from '../files/later-reader.ts';
import { checkPath, GZIP_OPTION, isGzip, RANGES_OPTION } from '../source-options.ts';
import { readHeader } from './csv-header.ts';
import { firstRecordOf } from './csv-ranges.ts';
import { CsvReader } from './csv-reader.ts';
import { RECORD_BYTES_MAX } from './csv-record.ts';
import { CSV_START, type CsvPosition, type CsvSettings, type CsvSizes } from './csv-settings.ts';

export type { CsvPosition } from './csv-settings.ts';

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
  /**
   * Parts of a large file that replicas can share, cut at the ends of records, with no order between the parts; `auto`
   * for as many as the source may have replicas: 'auto', or an integer from 1 to 256. Default: `1`. See
   * docs/dataflow.md#ranges-of-a-file.
   */
  ranges: RANGES_OPTION,
};

/** Options of {@link readCsv}. */
export interface ReadCsvOptions extends Given<typeof CSV_OPTIONS> {}

const WHERE = 'readCsv()';

/** A CSV file as a source. */
export type CsvSource<Fields extends Shape> = SourceDefinition<Fields, TupleOf<Fields>, CsvPosition>;

/**
 * The records of a CSV file (RFC 4180) as tuples. Fields may be quoted, with delimiters, line ends and doubled quotes in the
 * quotes. Lines end with `\n` or `\r\n`; empty lines are left out. The text is UTF-8. Numbers are decimal, with an exponent
 * for f64; bool is true, false, 1 or 0; timestamp is milliseconds or an ISO 8601 date (UTC, if it names no zone); json is JSON.
 * After a crash, reading goes on at the byte after the last committed record of the same file: one that was replaced or cut
 * meanwhile fails the job with INPUT_CHANGED (docs/dataflow.md), one that grows is read to its end.
 * @param path of the file, relative to the working directory; or of up to 256 files, each of which is a partition that one
 * replica reads at a time, or as many as it has ranges. All of them are open at once
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
  const { ranges } = checkOptions(WHERE, CSV_OPTIONS, options);
  return sourceOfFiles(path, WHERE, ranges, (each) => recordsOfFile(each, fields, options, SIZES));
}

const SIZES: CsvSizes = {
  chunkBytes: CHUNK_BYTES,
  rangeBytesMin: RANGE_BYTES_MIN,
  recordBytesMax: RECORD_BYTES_MAX,
};

/** The records of one file, with sizes of the caller's. */
export function recordsOfFile<Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadCsvOptions,
  sizes: Partial<CsvSizes>,
): FileSource<Fields, CsvPosition> {
  const settings = settingsOf(path, fields, options, { ...SIZES, ...sizes });
  const { gzip, rangeBytesMin } = settings;
  return {
    path,
    gzip,
    rangeBytesMin,
    fields,
    start: CSV_START,
    open: (context, part) => openCsv<TupleOf<Fields>>(settings, context, part),
  };
}

function settingsOf(path: string, fields: Shape, options: ReadCsvOptions, sizes: CsvSizes): CsvSettings {
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
    ...sizes,
    path,
    schema,
    header,
    columns: columns ?? schema.names,
    delimiter: delimiter.charCodeAt(0),
    skip: badRecords === 'skip',
    gzip: isGzip(path, gzip),
  };
}

const countOf = (names: readonly string[], name: string) => names.filter((other) => other === name).length;

async function openCsv<Tuple>(
  settings: CsvSettings,
  context: SourceContext<CsvPosition>,
  part: FileRange | LookMemory,
): Promise<SourceReader<Tuple, CsvPosition>> {
  const range = part instanceof FileRange ? part : undefined;
  const memory = part instanceof FileRange ? part.looks : part;
  const bounds = await range?.bounds();
  if (range !== undefined && bounds === undefined) return emptyReader(context.position);
  const { columns, start } = await columnsOf(settings, memory);
  const { position } = context;
  const end = bounds?.end ?? Number.POSITIVE_INFINITY;
  const openAt = (from: CsvPosition): Promise<CsvReader<Tuple>> =>
    CsvReader.open<Tuple>(settings, { position: from, end, columns, memory }, context);
  if (position.byte > 0) return openAt(position);
  if (range === undefined || bounds === undefined || bounds.start === 0) return openAt(start);
  return new LaterReader<Tuple, CsvPosition>(context, async (isClosed) => {
    const first = await firstRecordOf(range, { settings, start, columns, isClosed });
    return first === undefined || first.byte >= end ? undefined : await openAt(first);
  });
}

/** The columns of a file, and where its first record begins. */
async function columnsOf(
  settings: CsvSettings,
  memory: LookMemory,
): Promise<{ columns: readonly string[]; start: CsvPosition }> {
  const { path, schema, columns } = settings;
  if (!settings.header) return { columns, start: CSV_START };
  const { names, behind } = await readHeader(settings, memory);
  for (const name of schema.names) {
    if (countOf(names, name) !== 1) throw errors.csvHeader(path, name, names);
  }
  return { columns: names, start: behind };
}
