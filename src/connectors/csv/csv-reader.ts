// Reads the records of a CSV file, or of a range of it, from a position on.
// Promises: the position is the byte where the next record starts, and the number of lines before it; reading never blocks. What is
// read does not depend on where chunks end.
// Relies on csv-parser.ts for the records, and on file-window.ts for bytes that arrive while others are parsed.

import { errors } from '../../errors.ts';
import type { SourceContext, SourceReader, SourceStatus } from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';
import type { LookMemory } from '../files/file-identity.ts';
import { type FilePiece, FileWindow } from '../files/file-window.ts';
import { shownText } from '../shown-text.ts';
import { type CsvParser, generateCsvParser, needsText } from './csv-parser.ts';
import { tooLong } from './csv-record.ts';
import type { CsvPosition, CsvSettings } from './csv-settings.ts';

const NEWLINE = 10;
const IF_HEADER = '. If that line is a header, pass { header: true }';

/** What of a source's context its reader needs. */
export type CsvContext = Pick<SourceContext, 'operator' | 'reject' | 'wake' | 'fail'>;

/** Which bytes of a file are read, and by what columns. */
export interface CsvPart {
  readonly position: CsvPosition;
  /** Records that begin at its end, or behind it, are not read. */
  readonly piece: FilePiece;
  /** The columns of the file. */
  readonly columns: readonly string[];
  readonly memory: LookMemory;
}

export class CsvReader<Tuple> implements SourceReader<Tuple, CsvPosition> {
  position: CsvPosition;
  readonly #settings: CsvSettings;
  readonly #piece: FilePiece;
  #end: number;
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

  /** True once the window's bytes have been looked at. */
  #isSeen: boolean;

  /** @throws MillraceError (as a rejection) INPUT_FILE, INPUT_CHANGED */
  static async open<Tuple>(settings: CsvSettings, part: CsvPart, context: CsvContext): Promise<CsvReader<Tuple>> {
    const { path, format, chunkBytes } = settings;
    const { position, piece, memory } = part;
    const { end } = piece;
    const window = await FileWindow.open({ path, format, position: position.byte, end, chunkBytes, memory }, context);
    return new CsvReader(settings, part, window, context);
  }

  /** @param window at the part's position */
  constructor(
    settings: CsvSettings,
    { position, piece, columns }: Omit<CsvPart, 'memory'>,
    window: FileWindow,
    context: CsvContext,
  ) {
    const { path, schema, names, cells, dialect, defaults, skip, header, recordBytesMax } = settings;
    this.#settings = settings;
    this.#piece = piece;
    this.#end = piece.end;
    this.#window = window;
    this.#needsText = needsText(schema);
    this.#cut = window.start;
    this.#isSeen = window.start === window.end;
    this.position = { byte: window.position, lines: position.lines };
    this.#parser = generateCsvParser(context.operator, {
      schema,
      columns: columns.map((name) => names.indexOf(name)),
      cells,
      dialect,
      defaults,
      onBadRecord(line, problem, bytes, start, end) {
        const text = shownText(bytes, start, end);
        if (!skip)
          throw errors.badCsv(path, line, problem.reason + (line === 1 && !header ? IF_HEADER : ''), {
            ...problem,
            text,
          });
        // The window stays where the parser has begun.
        const at = window.position + start - window.start;
        context.reject({ line, text }, errors.skippedCsv(path, line, problem.reason, { ...problem, text }), at);
      },
      onLongLine(line) {
        throw errors.badCsv(path, line, tooLong(recordBytesMax));
      },
      recordBytesMax,
    });
    this.#parser.lines = position.lines;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    const window = this.#window;
    const parser = this.#parser;
    let room = limit;
    while (room > 0) {
      if (window.position >= this.#end) return window.leave();
      if (window.start === this.#cut || this.#incomplete) {
        const status = this.#extend();
        if (status !== 'more') return status;
      }
      parser.at = window.start;
      const final = this.#final || this.#givenUp;
      const count = this.#givenUp ? 1 : room;
      const stop = Math.min(this.#cut, window.start + this.#end - window.position);
      room -= parser.parse(window.bytes, stop, this.#cut, this.#text, this.#base, final, emit, count);
      this.#givenUp = false;
      window.start = parser.at;
      this.#incomplete = parser.incomplete;
      this.position = { byte: window.position, lines: parser.lines };
    }
    return 'more';
  }

  progress(): SourceProgress | undefined {
    return this.#window.progress(this.#piece);
  }

  close(): void {
    this.#window.close();
  }

  /** Makes more complete lines of the file ready to be parsed. */
  #extend(): SourceStatus {
    const { path, recordBytesMax } = this.#settings;
    const window = this.#window;
    for (;;) {
      const kept = window.end - window.start;
      if (this.#isSeen && kept > recordBytesMax) {
        if (!this.#incomplete) throw errors.badCsv(path, this.#parser.lines + 1, tooLong(recordBytesMax));
        // The record is given up: the parser reports its open quote, and goes on with the next line.
        this.#givenUp = true;
        this.#incomplete = false;
        return 'more';
      }
      const status = this.#isSeen ? window.extend() : 'more';
      this.#isSeen = true;
      if (status === 'wait') return 'wait';
      if (status === 'end') {
        window.endLine();
        if (window.start === window.end) return 'end';
        this.#final = true;
      } else this.#final = false;
      const cut = window.start + window.bytes.subarray(window.start, window.end).lastIndexOf(NEWLINE) + 1;
      this.#cut = cut;
      if (cut === window.start) continue;
      const { position } = window;
      window.skipByteOrderMark();
      // The first record of a file is that of its first range, however short this is.
      if (window.position > position) this.#end = Math.max(this.#end, window.position + 1);
      this.#incomplete = false;
      this.#base = window.start;
      if (this.#needsText) this.#text = window.bytes.latin1Slice(window.start, cut);
      return 'more';
    }
  }
}
