// The source that emits the lines of a text file.
// Promises: the position is the byte where the next line starts, exact whatever the text is; reading never blocks. A range of a
// file has the lines that begin in it; position 0 of a later range says that its first line has not been looked for yet.
// A stretch of complete lines is decoded once and cut by indexOf, which is several times faster than decoding each line.

import { isAscii } from 'node:buffer';
import { errors } from '../../errors.ts';
import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';
import { type Field, Schema, t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { FILE_FIELD_OPTION, type WithFile, withFileField } from '../files/file-field.ts';
import { COMPRESSION_OPTION, ENCODING_OPTION, type FileFormat, LINE_ENDS_OPTION } from '../files/file-format.ts';
import type { LookMemory } from '../files/file-identity.ts';
import { sourceOfFiles } from '../files/file-list.ts';
import { FileRange, RANGE_BYTES_MIN, type RangeBounds } from '../files/file-ranges.ts';
import type { FileSource } from '../files/file-source.ts';
import { CHUNK_BYTES, FileWindow } from '../files/file-window.ts';
import { FOLLOW_OPTION } from '../files/follow-files.ts';
import { emptyReader } from '../files/later-reader.ts';
import { checkPath, RANGES_OPTION } from '../source-options.ts';
import { tupleClass } from '../tuple-class.ts';

export const LINES_OPTIONS = {
  /**
   * How the file is compressed: 'none', 'gzip', 'zstd' or 'brotli'. Default: by its first bytes, or else its name:
   * `.gz`, `.zst`, `.br`.
   */
  compression: COMPRESSION_OPTION,
  /**
   * How characters stand in the file: 'utf-8', 'utf-16le', 'utf-16be', 'latin1' or 'windows-1252'. Default: by its byte
   * order mark, or else `utf-8`.
   */
  encoding: ENCODING_OPTION,
  /**
   * What ends a line: `lf` for `\n` or `\r\n`, `cr` for `\r` alone, which is then read as `\n`, in quotes as well: 'lf'
   * or 'cr'. Default: `lf`.
   */
  lineEnds: LINE_ENDS_OPTION,
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

/** Options of {@link readLines}. */
export interface ReadLinesOptions extends Given<typeof LINES_OPTIONS> {}

const WHERE = 'readLines()';

/** The tuples of {@link readLines}. */
export type LineFields = {
  /** The line without its end. */
  readonly line: Field<string>;
};
type Line = { line: string };

const FIELDS: LineFields = { line: t.string() };
const SCHEMA = Schema.of(FIELDS, 'readLines');
/** A decoded stretch of lines must fit in one JS string, which holds 2^29 - 24 characters. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/**
 * The lines of a file as tuples `{ line }`, without their line ends (`\n` or `\r\n`). A last line that lacks it counts. The
 * text is UTF-8, or UTF-16 behind a byte order mark, which is left out; what is no character becomes U+FFFD. Compression is
 * found out by the first bytes.
 * After a crash, reading goes on at the byte after the last committed line of the same file: one that was replaced or cut
 * meanwhile fails the job with INPUT_CHANGED (docs/dataflow.md), one that grows is read to its end.
 * @param path of the file, relative to the working directory; or of up to 256 files, each of which is a partition that one
 * replica reads at a time, or as many as it has ranges. All of them are open at once; or a folder
 * (`'logs/'`) or a pattern (`'logs/*.csv'`), whose files are found when the job starts and shared by the replicas
 * @throws MillraceError BAD_OPTION at once; when the flow starts INPUT_FILE if a file cannot be read
 */
export function readLines<const Name extends string = never>(
  path: string | readonly string[],
  options: Omit<ReadLinesOptions, 'fileField'> & { fileField?: Name } = {},
  ...surplus: readonly never[]
): SourceDefinition<WithFile<LineFields, NoInfer<Name>>> {
  refuseSurplus('readLines(path, options)', 2, surplus);
  const { ranges, follow, fileField, ...format } = checkOptions(WHERE, LINES_OPTIONS, options);
  const of = (each: string): FileSource<LineFields, number> => {
    checkPath(each, WHERE);
    return withFileField(linesOfFile(each, format, CHUNK_BYTES, RANGE_BYTES_MIN), fileField, WHERE);
  };
  return sourceOfFiles(path, WHERE, ranges, of, follow) as SourceDefinition<never> as SourceDefinition<
    WithFile<LineFields, NoInfer<Name>>
  >;
}

/** The lines of one file, with sizes of the caller's: tests put the borders of chunks and of ranges everywhere. */
export function linesOfFile(
  path: string,
  format: FileFormat,
  chunkBytes: number,
  rangeBytesMin: number,
): FileSource<LineFields, number> {
  return {
    path,
    format,
    rangeBytesMin,
    fields: FIELDS,
    start: 0,
    async open(context, part) {
      const file = { path, format, chunkBytes };
      if (!(part instanceof FileRange)) return openLines(context, file, part, WHOLE_FILE);
      const bounds = await part.bounds();
      if (bounds === undefined) return emptyReader(context.position);
      return openLines(context, file, part.looks, bounds);
    },
  };
}

const WHOLE_FILE: RangeBounds = { start: 0, end: Number.POSITIVE_INFINITY, size: Number.POSITIVE_INFINITY };

async function openLines(
  context: SourceContext,
  file: { readonly path: string; readonly format: FileFormat; readonly chunkBytes: number },
  memory: LookMemory,
  bounds: RangeBounds,
): Promise<LineReader> {
  const isBegun = context.position > 0 || bounds.start === 0;
  // The byte before a range tells whether a line begins with the range.
  const position = isBegun ? context.position : bounds.start - 1;
  const window = await FileWindow.open({ ...file, position, end: bounds.end, memory }, context);
  return new LineReader(file.path, window, context, bounds, isBegun);
}

class LineReader implements SourceReader<Line> {
  position: number;
  readonly #path: string;
  readonly #window: FileWindow;
  readonly #Line: new (
    line: string,
  ) => Line;
  /** Complete lines, decoded: the window's bytes from its start up to #cut. */
  #text = '';
  #at = 0;
  #cut = 0;
  #ascii = true;
  /** Lines that begin there or behind it are not read here. */
  #end: number;
  readonly #bounds: RangeBounds;
  /** False until the first line of a range is found. */
  #isBegun: boolean;

  constructor(path: string, window: FileWindow, context: SourceContext, bounds: RangeBounds, isBegun: boolean) {
    this.#path = path;
    this.#window = window;
    this.#end = bounds.end;
    this.#bounds = bounds;
    this.#isBegun = isBegun;
    this.position = context.position;
    this.#Line = tupleClass(`${context.operator}/lines`, SCHEMA);
  }

  read(emit: (tuple: Line) => void, limit: number): SourceStatus {
    const Line = this.#Line;
    let room = limit;
    while (room > 0) {
      if (this.#at === this.#text.length) {
        const status = this.#decode();
        if (status !== 'more') return status;
      }
      const text = this.#text;
      const from = this.#at;
      const before = room;
      let at = from;
      while (room > 0 && at < text.length) {
        const newline = text.indexOf('\n', at);
        const end = newline > at && text.charCodeAt(newline - 1) === RETURN ? newline - 1 : newline;
        emit(new Line(text.substring(at, end)));
        at = newline + 1;
        room--;
      }
      this.#at = at;
      this.#advance(at - from, before - room);
    }
    return 'more';
  }

  progress(): SourceProgress | undefined {
    return this.#window.progress(this.#bounds);
  }

  close(): void {
    this.#window.close();
  }

  /** Moves the window and the position over `lines` lines, which are `characters` long. */
  #advance(characters: number, lines: number): void {
    const window = this.#window;
    if (this.#at === this.#text.length) window.start = this.#cut;
    else if (this.#ascii) window.start += characters;
    else {
      // Characters say nothing of bytes here, least of all in text that is not valid UTF-8; line ends are exact.
      const { bytes } = window;
      let at = window.start;
      for (let left = lines; left > 0; left--) while (bytes[at++] !== NEWLINE);
      window.start = at;
    }
    this.position = window.position;
  }

  /** Decodes the complete lines of the window, after having extended it as far as needed to have one. */
  #decode(): SourceStatus {
    const window = this.#window;
    this.#text = '';
    this.#at = 0;
    if (!this.#isBegun) {
      const status = this.#begin();
      if (status !== 'more') return status;
    }
    if (window.position >= this.#end) return window.leave();
    for (;;) {
      const cut = window.start + window.bytes.subarray(window.start, window.end).lastIndexOf(NEWLINE) + 1;
      if (cut > window.start) {
        this.#cut = this.#cutAtEnd(cut);
        break;
      }
      if (window.end - window.start > LINE_BYTES_MAX) {
        const rule = `the line at byte ${window.position} is longer than ${LINE_BYTES_MAX} bytes`;
        throw errors.inputFile(this.#path, new RangeError(rule));
      }
      const status = window.extend();
      if (status === 'wait') return 'wait';
      if (status === 'end') {
        if (window.start === window.end) return 'end';
        window.endLine();
      }
    }
    window.skipByteOrderMark();
    const { bytes, start } = window;
    this.#ascii = isAscii(bytes.subarray(start, this.#cut));
    this.#text = this.#ascii ? bytes.latin1Slice(start, this.#cut) : bytes.toString('utf8', start, this.#cut);
    return 'more';
  }

  /** Where the lines of the window end that begin in the range. */
  #cutAtEnd(cut: number): number {
    const { bytes, start, position } = this.#window;
    const end = start + this.#end - position;
    return end >= cut ? cut : bytes.indexOf(NEWLINE, end - 1) + 1;
  }

  /** Finds the first line that begins in the range, or behind it. */
  #begin(): SourceStatus {
    const window = this.#window;
    // A line that begins behind the file's first end, after one that began in an earlier range, is nobody's: whoever has read
    // that one may have come to the end before.
    const last = Math.min(this.#end, this.#bounds.size);
    for (;;) {
      const newline = window.bytes.subarray(window.start, window.end).indexOf(NEWLINE);
      window.start = newline < 0 ? window.end : window.start + newline + 1;
      if (newline >= 0 && window.position <= last) {
        this.#isBegun = true;
        this.position = window.position;
        return 'more';
      }
      if (window.position >= last) {
        this.#isBegun = true;
        this.#end = 0;
        return 'more';
      }
      const status = window.extend();
      if (status !== 'more') return status;
    }
  }
}
