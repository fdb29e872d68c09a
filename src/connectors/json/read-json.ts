// The source that emits the objects of a file of JSON lines (NDJSON).
// Promises: the position is the byte where the next line starts, and the number of lines before it; reading never blocks, and what is
// read does not depend on where chunks end.

import { errors } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';
import { Schema, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { adapted, type Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { CSV_OPTIONS } from '../csv/csv-options.ts';
import { tooLong } from '../csv/csv-record.ts';
import { CSV_START, type CsvPosition } from '../csv/csv-settings.ts';
import { FILE_FIELD_OPTION, type WithFile, withFileField } from '../files/file-field.ts';
import { COMPRESSION_OPTION, ENCODING_OPTION, type FileFormat } from '../files/file-format.ts';
import type { LookMemory } from '../files/file-identity.ts';
import { sourceOfFiles } from '../files/file-list.ts';
import { FileRange, RANGE_BYTES_MIN } from '../files/file-ranges.ts';
import type { FileSource } from '../files/file-source.ts';
import { CHUNK_BYTES, type FilePiece, FileWindow, WHOLE_FILE } from '../files/file-window.ts';
import { FOLLOW_OPTION } from '../files/follow-files.ts';
import { emptyReader, LaterReader } from '../files/later-reader.ts';
import { shownText } from '../shown-text.ts';
import { checkPath, RANGES_OPTION } from '../source-options.ts';
import { tupleClass } from '../tuple-class.ts';
import { type JsonProblem, jsonConverter } from './json-fields.ts';
import { firstLineOf } from './json-ranges.ts';

export const JSON_OPTIONS = {
  /**
   * What becomes of a line that does not fit the schema: `fail` fails the job, `skip` leaves it to the `failure` of the
   * source, by default a dead letter with the tuple `{ line, text }`: 'fail' or 'skip'. Default: `fail`.
   */
  badRecords: adapted(CSV_OPTIONS.badRecords, {
    help: 'what becomes of a line that does not fit the schema: `fail` fails the job, `skip` leaves it to the `failure` of the source, by default a dead letter with the tuple `{ line, text }`',
  }),
  /** A line that is longer fails the job: bytes from 1 to 268435456. Default: 16 MiB. */
  recordBytesMax: adapted(CSV_OPTIONS.recordBytesMax, { help: 'a line that is longer fails the job' }),
  /**
   * How characters stand in the file: 'utf-8', 'utf-16le', 'utf-16be', 'latin1' or 'windows-1252'. Default: by its byte
   * order mark, or else `utf-8`.
   */
  encoding: ENCODING_OPTION,
  /**
   * How the file is compressed: 'none', 'gzip', 'zstd' or 'brotli'. Default: by its first bytes, or else its name:
   * `.gz`, `.zst`, `.br`.
   */
  compression: COMPRESSION_OPTION,
  /**
   * Parts of a large file that replicas can share, cut at the ends of records, with no order between the parts; `auto`
   * for as many as the source may have replicas: 'auto', or an integer from 1 to 256. Default: `1`. See
   * docs/dataflow.md#ranges-of-a-file.
   */
  ranges: RANGES_OPTION,
  /**
   * Whether reading goes on at the end with what is appended, and with the file that takes the place of one that was
   * rotated, until the job is stopped: true or false. Default: `false`. See docs/dataflow.md#followed-files.
   */
  follow: FOLLOW_OPTION,
  /** The name of a field more, in which each tuple has the path of its file: the name of a field. Default: none. */
  fileField: FILE_FIELD_OPTION,
};

/** Options of {@link readJson}. */
export interface ReadJsonOptions extends Given<typeof JSON_OPTIONS> {}

/** A file of JSON lines as a source. */
export type JsonSource<Fields extends Shape> = SourceDefinition<Fields, TupleOf<Fields>, CsvPosition>;

const WHERE = 'readJson()';
const NEWLINE = 10;

interface JsonSettings {
  readonly path: string;
  readonly schema: Schema;
  readonly format: FileFormat;
  readonly skip: boolean;
  readonly recordBytesMax: number;
  readonly chunkBytes: number;
  readonly rangeBytesMin: number;
}

/**
 * The objects of a file with one JSON object a line (NDJSON, JSON Lines) as tuples. Fields are found by name, other properties are
 * left out, and so are blank lines. Nothing is converted but what JSON has no type for: an i64 or u64 may be a string of digits,
 * a timestamp or date an ISO 8601 string, bytes are base64, and an f64 may be 'NaN', 'Infinity' or '-Infinity'. What is missing
 * is null of an optional field. After a crash, reading goes on behind the last committed line of the same file.
 * @param path of the file, relative to the working directory, `-` for standard input; or of up to 256 files, each of which is a
 * partition that one replica reads at a time, or as many as it has ranges; or a folder
 * (`'logs/'`) or a pattern (`'logs/*.csv'`), whose files are found when the job starts and shared by the replicas
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA at once; when the flow starts INPUT_FILE if the file cannot be read; while it runs
 * BAD_JSON with the line's number
 */
export function readJson<Fields extends Shape, const Name extends string = never>(
  path: string | readonly string[],
  fields: Fields,
  options: Omit<ReadJsonOptions, 'fileField'> & { fileField?: Name } = {},
  ...surplus: readonly never[]
): JsonSource<WithFile<Fields, NoInfer<Name>>> {
  refuseSurplus('readJson(path, fields, options)', 3, surplus);
  const { follow, ranges, fileField } = checkOptions(WHERE, JSON_OPTIONS, options);
  const settings = settingsOf(fields, options, CHUNK_BYTES, RANGE_BYTES_MIN);
  const of = (each: string) => withFileField(objectsWith(each, fields, settings), fileField, WHERE);
  return sourceOfFiles(path, WHERE, ranges, of, follow) as unknown as JsonSource<WithFile<Fields, NoInfer<Name>>>;
}

/** The objects of one file, with sizes of the caller's: tests put the borders of chunks and of ranges everywhere. */
export function objectsOfFile<Fields extends Shape>(
  path: string,
  fields: Fields,
  options: ReadJsonOptions,
  chunkBytes: number,
  rangeBytesMin: number,
): FileSource<Fields, CsvPosition> {
  return objectsWith(path, fields, settingsOf(fields, options, chunkBytes, rangeBytesMin));
}

/** What holds of all files of a source. */
function settingsOf(
  fields: Shape,
  options: ReadJsonOptions,
  chunkBytes: number,
  rangeBytesMin: number,
): Omit<JsonSettings, 'path'> {
  const schema = Schema.of(fields, 'readJson');
  const { badRecords, recordBytesMax, encoding, compression } = checkOptions(WHERE, JSON_OPTIONS, options);
  const format: FileFormat = { compression, encoding, lineEnds: 'lf' };
  return { schema, format, skip: badRecords === 'skip', recordBytesMax, chunkBytes, rangeBytesMin };
}

function objectsWith<Fields extends Shape>(
  path: string,
  fields: Fields,
  ofAll: Omit<JsonSettings, 'path'>,
): FileSource<Fields, CsvPosition> {
  checkPath(path, WHERE);
  const settings: JsonSettings = { ...ofAll, path };
  return {
    path,
    format: settings.format,
    rangeBytesMin: settings.rangeBytesMin,
    fields,
    start: CSV_START,
    open: (context, part) => openJson<TupleOf<Fields>>(settings, context, part),
  };
}

async function openJson<Tuple>(
  settings: JsonSettings,
  context: SourceContext<CsvPosition>,
  part: FileRange | LookMemory,
): Promise<SourceReader<Tuple, CsvPosition>> {
  const { position } = context;
  if (!(part instanceof FileRange)) return JsonReader.open<Tuple>(settings, part, context, position, WHOLE_FILE);
  const bounds = await part.bounds();
  if (bounds === undefined) return emptyReader(position);
  const openAt = (from: CsvPosition): Promise<JsonReader<Tuple>> =>
    JsonReader.open<Tuple>(settings, part.looks, context, from, bounds);
  if (position.byte > 0 || bounds.start === 0) return openAt(position);
  return new LaterReader<Tuple, CsvPosition>(context, async (isClosed) => {
    const first = await firstLineOf(part, settings.chunkBytes, isClosed);
    return first && (await openAt(first));
  });
}

class JsonReader<Tuple> implements SourceReader<Tuple, CsvPosition> {
  position: CsvPosition;
  readonly #settings: JsonSettings;
  readonly #window: FileWindow;
  readonly #context: SourceContext<CsvPosition>;
  readonly #convert: (given: unknown, values: unknown[]) => JsonProblem | undefined;
  readonly #values: unknown[];
  readonly #Tuple: new (
    ...values: unknown[]
  ) => Tuple;
  /** Lines that begin at its end, or behind it, are not read here. */
  readonly #piece: FilePiece;
  /** Where the window has been searched for a line end. */
  #searched: number;

  static async open<Tuple>(
    settings: JsonSettings,
    memory: LookMemory,
    context: SourceContext<CsvPosition>,
    from: CsvPosition,
    piece: FilePiece,
  ): Promise<JsonReader<Tuple>> {
    const { path, format, chunkBytes } = settings;
    const { end } = piece;
    const window = await FileWindow.open({ path, format, position: from.byte, end, chunkBytes, memory }, context);
    return new JsonReader<Tuple>(settings, window, context, from, piece);
  }

  private constructor(
    settings: JsonSettings,
    window: FileWindow,
    context: SourceContext<CsvPosition>,
    from: CsvPosition,
    piece: FilePiece,
  ) {
    const { schema } = settings;
    this.#settings = settings;
    this.#window = window;
    this.#context = context;
    this.position = from;
    this.#piece = piece;
    this.#convert = jsonConverter(schema);
    this.#values = new Array(schema.fields.length).fill(undefined);
    this.#Tuple = tupleClass(`${context.operator}/json`, schema);
    this.#searched = window.start;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    const window = this.#window;
    let room = limit;
    let { lines } = this.position;
    let status: SourceStatus = 'more';
    while (room > 0) {
      if (window.position >= this.#piece.end) {
        status = window.leave();
        break;
      }
      const newline = window.bytes.subarray(0, window.end).indexOf(NEWLINE, this.#searched);
      if (newline < 0) {
        status = this.#extend(lines);
        if (status === 'more') continue;
        break;
      }
      if (newline - window.start >= this.#settings.recordBytesMax) this.#refuseLongLine(lines);
      window.skipByteOrderMark();
      if (this.#take(newline, lines, emit)) room--;
      window.start = newline + 1;
      this.#searched = window.start;
      lines++;
    }
    this.position = { byte: window.position, lines };
    return status;
  }

  progress(): SourceProgress | undefined {
    return this.#window.progress(this.#piece);
  }

  close(): void {
    this.#window.close();
  }

  /** Takes the line up to `newline`. Returns false if it is blank. */
  #take(newline: number, lines: number, emit: (tuple: Tuple) => void): boolean {
    const { bytes, start, position } = this.#window;
    const text = bytes.toString('utf8', start, newline);
    let given: unknown;
    let problem: JsonProblem | undefined;
    try {
      given = JSON.parse(text);
    } catch (cause) {
      if (text.trim() === '') return false;
      problem = { reason: `is no JSON: ${(cause as Error).message}; a line is one object` };
    }
    problem ??= this.#convert(given, this.#values);
    if (problem === undefined) {
      emit(new this.#Tuple(...this.#values));
      return true;
    }
    const { path, skip } = this.#settings;
    const shown = shownText(bytes, start, newline);
    const error = errors.badJson(path, lines + 1, problem.reason, skip, { ...problem, text: shown });
    if (!skip) throw error;
    this.#context.reject({ line: lines + 1, text: shown }, error, position);
    return true;
  }

  /** Puts more of the file behind the window's bytes. */
  #extend(lines: number): SourceStatus {
    const window = this.#window;
    const kept = window.end - window.start;
    if (kept > this.#settings.recordBytesMax) this.#refuseLongLine(lines);
    const status = window.extend();
    if (status === 'wait') return 'wait';
    this.#searched = window.start + kept;
    if (status === 'more') return 'more';
    window.endLine();
    return window.start === window.end ? 'end' : 'more';
  }

  #refuseLongLine(lines: number): never {
    const { path, recordBytesMax } = this.#settings;
    throw errors.badJson(path, lines + 1, tooLong(recordBytesMax), false, {});
  }
}
