// The source that emits the records of a CSV file.
// Promises: a mistake in its options is a typed error at once. A file and its ranges give the same records, dead letters and errors.
// Relies on csv-reader.ts for the records, and on csv-ranges.ts for where the first one of a range begins.

import { errors } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader } from '../../flow/source.ts';
import { Schema, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { nearest } from '../../options/nearest.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type WithFile, withFileField } from '../files/file-field.ts';
import type { LookMemory } from '../files/file-identity.ts';
import { sourceOfFiles } from '../files/file-list.ts';
import { FileRange, RANGE_BYTES_MIN } from '../files/file-ranges.ts';
import type { FileSource } from '../files/file-source.ts';
import { CHUNK_BYTES, type FilePiece, FileWindow, WHOLE_FILE } from '../files/file-window.ts';
import { emptyReader, LaterReader } from '../files/later-reader.ts';
import { Waiting } from '../files/waiting.ts';
import { checkPath } from '../source-options.ts';
import { cellsOf, checkDefaults } from './csv-cells.ts';
import { type Beginning, plainBeginning, readBeginning } from './csv-header.ts';
import { CSV_OPTIONS, dialectOf, type ReadCsvOptions } from './csv-options.ts';
import { firstRecordOf } from './csv-ranges.ts';
import { CsvReader } from './csv-reader.ts';
import { CSV_START, type CsvPosition, type CsvSettings, type CsvSizes } from './csv-settings.ts';

export type { ReadCsvOptions } from './csv-options.ts';
export type { CsvPosition } from './csv-settings.ts';

const WHERE = 'readCsv()';

/** A CSV file as a source. */
export type CsvSource<Fields extends Shape> = SourceDefinition<Fields, TupleOf<Fields>, CsvPosition>;

/**
 * The records of a CSV file (RFC 4180) as tuples. Fields may be quoted, with delimiters, line ends and doubled quotes in the
 * quotes. Lines end with `\n` or `\r\n`; empty lines are left out. The text is UTF-8, or UTF-16 behind
 * a byte order mark; options tell other ways to write a file. Numbers are decimal, with an exponent
 * for f64; bool is true, false, 1 or 0; timestamp is milliseconds or an ISO 8601 date (UTC, if it names no zone); json is JSON.
 * After a crash, reading goes on at the byte after the last committed record of the same file: one that was replaced or cut
 * meanwhile fails the job with INPUT_CHANGED (docs/dataflow.md), one that grows is read to its end.
 * @param path of the file, relative to the working directory; or of up to 256 files, each of which is a partition that one
 * replica reads at a time, or as many as it has ranges. All of them are open at once; or a folder
 * (`'logs/'`) or a pattern (`'logs/*.csv'`), whose files are found when the job starts and shared by the replicas
 * @param fields the schema, its fields in the order of the file's columns unless `header` or `columns` tells the order
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA at once; when the flow starts INPUT_FILE if the file cannot be read and BAD_CSV
 * if its header lacks a field; while it runs BAD_CSV with the line's number
 */
export function readCsv<Fields extends Shape, const Name extends string = never>(
  path: string | readonly string[],
  fields: Fields,
  options: Omit<ReadCsvOptions, 'fileField'> & { fileField?: Name } = {},
  ...surplus: readonly never[]
): CsvSource<WithFile<Fields, NoInfer<Name>>> {
  refuseSurplus('readCsv(path, fields, options)', 3, surplus);
  const { ranges, follow, fileField } = checkOptions(WHERE, CSV_OPTIONS, options);
  const settings = settingsOf(fields, options, {});
  const of = (each: string) => withFileField(recordsWith(each, fields, settings), fileField, WHERE);
  return sourceOfFiles(path, WHERE, ranges, of, follow) as unknown as CsvSource<WithFile<Fields, NoInfer<Name>>>;
}

const SIZES: Omit<CsvSizes, 'recordBytesMax'> = {
  chunkBytes: CHUNK_BYTES,
  rangeBytesMin: RANGE_BYTES_MIN,
};

/** The records of one file, with sizes of the caller's. */
export function recordsOfFile<Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadCsvOptions,
  sizes: Partial<CsvSizes>,
): FileSource<Fields, CsvPosition> {
  return recordsWith(path, fields, settingsOf(fields, options, sizes));
}

function recordsWith<Fields extends Shape>(
  path: string,
  fields: Fields,
  ofAll: Omit<CsvSettings, 'path'>,
): FileSource<Fields, CsvPosition> {
  checkPath(path, WHERE);
  const settings: CsvSettings = { ...ofAll, path };
  const { format, rangeBytesMin } = settings;
  return {
    path,
    format,
    rangeBytesMin,
    fields,
    start: CSV_START,
    open: (context, part) => openCsv<TupleOf<Fields>>(settings, context, part),
  };
}

/** What holds of all files of a source. */
function settingsOf(fields: Shape, options: ReadCsvOptions, sizes: Partial<CsvSizes>): Omit<CsvSettings, 'path'> {
  const schema = Schema.of(fields, 'readCsv');
  const checked = checkOptions(WHERE, CSV_OPTIONS, options);
  const { header, columns, skipLines, defaults = {}, badRecords, recordBytesMax } = checked;
  const { compression, encoding, lineEnds } = checked;
  if (columns !== undefined) {
    if (header !== false) throw errors.badOption('columns', columns, 'left out where the file has a header', WHERE);
    const missing = schema.names.find((name) => countOf(columns, name) !== 1);
    if (missing !== undefined) {
      const rule = `the names of the file's columns, with the field '${missing}' once`;
      throw errors.badOption('columns', columns, rule, WHERE);
    }
  }
  checkDefaults(schema, defaults, WHERE);
  const dialect = dialectOf(checked, WHERE);
  return {
    ...SIZES,
    recordBytesMax,
    ...sizes,
    schema,
    cells: cellsOf(schema, dialect, defaults),
    names: namesOf(schema, header),
    header: header !== false,
    columns: columns ?? schema.names,
    skipLines,
    dialect,
    defaults,
    skip: badRecords === 'skip',
    format: { compression, encoding, lineEnds },
  };
}

/** The names of the fields' columns. */
function namesOf(schema: Schema, header: boolean | Readonly<Record<string, string>>): readonly string[] {
  if (typeof header === 'boolean') return schema.names;
  for (const name of Object.keys(header)) {
    if (schema.indexOf(name) < 0) {
      const near = nearest(name, schema.names);
      const meant = near === undefined ? '' : `: did you mean '${near}'?`;
      const rule = `the columns of the fields ${schema.names.join(', ')}, and '${name}' is none of them${meant}`;
      throw errors.badOption('header', header, rule, WHERE);
    }
  }
  const names = schema.names.map((name) => (Object.hasOwn(header, name) ? header[name] : name));
  const twice = names.find((name) => countOf(names, name) !== 1);
  if (twice !== undefined) throw errors.badOption('header', header, `a column of its own for each field`, WHERE);
  return names;
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
  const { position } = context;
  const piece = bounds ?? WHOLE_FILE;
  const isFirst = range === undefined || bounds === undefined || bounds.start === 0;
  if (position.byte === 0 && isFirst) return openFirst(settings, piece, memory, context);
  const { columns, first, behind: start } = await beginningOf(settings, memory);
  const openAt = (from: CsvPosition): Promise<CsvReader<Tuple>> =>
    CsvReader.open<Tuple>(settings, { position: from, piece, columns, memory }, context);
  if (position.byte > 0 || range === undefined) return openAt(position);
  return new LaterReader<Tuple, CsvPosition>(context, async (isClosed) => {
    const begin = await firstRecordOf(range, { settings, first, start, columns, isClosed });
    return begin === undefined || begin.byte >= piece.end ? undefined : await openAt(begin);
  });
}

/** Opens a file once, for its beginning and the records behind it. */
async function openFirst<Tuple>(
  settings: CsvSettings,
  piece: FilePiece,
  memory: LookMemory,
  context: SourceContext<CsvPosition>,
): Promise<CsvReader<Tuple>> {
  const { path, format, chunkBytes } = settings;
  const waiting = new Waiting();
  let woken: Pick<SourceContext, 'wake' | 'fail'> = waiting;
  const relay = { wake: () => woken.wake(), fail: (error: unknown) => woken.fail(error) };
  const window = await FileWindow.open({ path, format, position: 0, end: piece.end, chunkBytes, memory }, relay);
  try {
    const { columns, behind } = plainBeginning(settings) ?? (await readColumns(settings, window, waiting));
    woken = context;
    waiting.throwFailure();
    return new CsvReader<Tuple>(settings, { position: behind, piece, columns }, window, context);
  } catch (error) {
    window.close();
    throw error;
  }
}

/** The beginning of a file that is read elsewhere. */
async function beginningOf(settings: CsvSettings, memory: LookMemory): Promise<Beginning> {
  const plain = plainBeginning(settings);
  if (plain !== undefined) return plain;
  const { path, format, chunkBytes } = settings;
  const waiting = new Waiting();
  const window = await FileWindow.open({ path, format, position: 0, chunkBytes, memory }, waiting);
  try {
    return await readColumns(settings, window, waiting);
  } finally {
    window.close();
  }
}

/** Reads a file's beginning, and makes sure that each field has its column. */
async function readColumns(settings: CsvSettings, window: FileWindow, waiting: Waiting): Promise<Beginning> {
  const beginning = await readBeginning(settings, window, waiting);
  const { path, names, schema, header } = settings;
  const { columns } = beginning;
  if (!header) return beginning;
  for (const [i, name] of names.entries()) {
    if (countOf(columns, name) === 1) continue;
    throw errors.csvHeader(path, schema.names[i], name, columns, nearest(name, columns));
  }
  return beginning;
}
