// What the lines of a range of a CSV file do to whoever comes to them: whether a record ends or goes on in quotes behind them.
// Promises: a segment is the same for whoever makes it of the same bytes, in pieces of whatever size. It is kept in the memory of its
// range; whoever finds it there finds all of it, also if its maker has died.
// A segment goes from the first line start in a range to the first in the next. There only two things can be: the start of a record,
// or the inside of quotes.

import { NEWLINE } from '../../mailbox/columns/csv-cell.ts';
import { boundsOf, type FileRange, FORMAT_CELLS, loadOffset, storeOffset } from '../files/file-ranges.ts';
import { QuoteTrack } from './csv-quotes.ts';
import type { CsvFile } from './csv-ranges.ts';
import type { CsvSettings } from './csv-settings.ts';
import { countNewlines } from './newlines.ts';

/** Bytes that are looked at in one piece: small enough to stay in the processor's cache. */
const PIECE_BYTES = 256 * 1024;

/** How a segment is passed by whoever begins it in one of the two ways. */
export type Passage = Pick<QuoteTrack, 'recordStart' | 'firstEnd' | 'isTooLong' | 'isQuoted'>;

export interface Segment {
  /** Line ends. */
  readonly lines: number;
  readonly fromOutside: Passage;
  readonly fromQuotes: Passage;
}

/** Cells of a kept segment. FLAGS is stored last, and is 0 until then. */
const FLAGS = FORMAT_CELLS;
const LINES = FLAGS + 1;
const OUTSIDE = LINES + 2;
const QUOTES = OUTSIDE + 4;
/** Behind a segment. */
export const SEGMENT_END = QUOTES + 4;

const KNOWN = 1;
const TOO_LONG = 2;
const QUOTED = 4;
/** The flags of the passage from quotes are those of the other, so many bits higher. */
const QUOTES_SHIFT = 8;

const flagsOf = ({ isTooLong, isQuoted }: Passage): number => (isTooLong ? TOO_LONG : 0) | (isQuoted ? QUOTED : 0);

function storePassage(memory: Int32Array, at: number, { recordStart, firstEnd }: Passage): void {
  storeOffset(memory, at, recordStart);
  storeOffset(memory, at + 2, firstEnd);
}

const loadPassage = (memory: Int32Array, at: number, flags: number): Passage => ({
  recordStart: loadOffset(memory, at),
  firstEnd: loadOffset(memory, at + 2),
  isTooLong: (flags & TOO_LONG) !== 0,
  isQuoted: (flags & QUOTED) !== 0,
});

function keep(memory: Int32Array, { lines, fromOutside, fromQuotes }: Segment): void {
  storeOffset(memory, LINES, lines);
  storePassage(memory, OUTSIDE, fromOutside);
  storePassage(memory, QUOTES, fromQuotes);
  Atomics.store(memory, FLAGS, KNOWN | flagsOf(fromOutside) | (flagsOf(fromQuotes) << QUOTES_SHIFT));
}

const isKept = (memory: Int32Array): boolean => Atomics.load(memory, FLAGS) !== 0;

function kept(memory: Int32Array): Segment | undefined {
  const flags = Atomics.load(memory, FLAGS);
  if (flags === 0) return undefined;
  return {
    lines: loadOffset(memory, LINES),
    fromOutside: loadPassage(memory, OUTSIDE, flags),
    fromQuotes: loadPassage(memory, QUOTES, flags >> QUOTES_SHIFT),
  };
}

/**
 * The segment of any range: as it is kept, or else by reading it, unless somebody else is faster.
 * @param size of the file
 * @param file whose first record must begin in its first range
 * @returns undefined if it is not wanted any more
 */
export async function segmentOf(
  range: FileRange,
  index: number,
  size: number,
  { settings, first, isClosed }: CsvFile,
): Promise<Segment | undefined> {
  const memory = range.memoryOf(index);
  const found = kept(memory);
  if (found !== undefined) return found;
  const made = await makeSegment(range, index, size, first.byte, settings, () => isClosed() || isKept(memory));
  if (made === undefined) return kept(memory);
  keep(memory, made);
  return made;
}

/** Gathers a segment from its bytes. */
class SegmentMaker {
  readonly #quote: number;
  readonly #outside: QuoteTrack;
  readonly #quotes: QuoteTrack;
  /** True once it makes no difference any more how the segment was begun. */
  #haveMet = false;
  #lines = 0;

  /** @param start where it begins in the file */
  constructor({ dialect, recordBytesMax }: CsvSettings, start: number) {
    this.#quote = dialect.quote;
    this.#outside = new QuoteTrack(dialect, recordBytesMax, start, false);
    this.#quotes = new QuoteTrack(dialect, recordBytesMax, start, true);
  }

  /** Takes bytes[from..to). `origin` is where bytes[0] stands in the file. */
  take(bytes: Buffer, from: number, to: number, origin: number): void {
    this.#lines += countNewlines(bytes, from, to);
    const quote = this.#quote < 0 ? -1 : bytes.indexOf(this.#quote, from);
    const take = quote < 0 || quote >= to ? 'takePlain' : 'take';
    this.#outside[take](bytes, from, to, origin);
    if (this.#haveMet) return;
    this.#quotes[take](bytes, from, to, origin);
    this.#haveMet = this.#outside.meets(this.#quotes);
  }

  /** The segment of what has been taken. */
  finish(): Segment {
    const { firstEnd } = this.#quotes;
    const { isQuoted, recordStart } = this.#haveMet ? this.#outside : this.#quotes;
    const isTooLong = this.#quotes.isTooLong || (this.#haveMet && this.#outside.isTooLong);
    return {
      lines: this.#lines,
      fromOutside: this.#outside,
      fromQuotes: { isQuoted, recordStart, firstEnd, isTooLong },
    };
  }
}

async function makeSegment(
  range: FileRange,
  index: number,
  size: number,
  first: number,
  settings: CsvSettings,
  isGivenUp: () => boolean,
): Promise<Segment | undefined> {
  const { start = 0, end = size } = boundsOf(range.cut, index, size) ?? {};
  const pieceBytes = Math.min(PIECE_BYTES, settings.chunkBytes);
  const from = index > 0 ? start - 1 : first > 0 ? first : await byteOrderMarkBytes(range);
  let maker = index === 0 ? new SegmentMaker(settings, from) : undefined;
  for await (const { bytes, origin } of range.pieces(from, size, pieceBytes)) {
    if (isGivenUp()) return undefined;
    let at = 0;
    if (maker === undefined) {
      at = bytes.indexOf(NEWLINE) + 1;
      if (at === 0) continue;
      maker = new SegmentMaker(settings, origin + at);
      // A line that is longer than the range.
      if (origin + at >= end) return maker.finish();
    }
    const newline = origin + bytes.length < end ? -1 : bytes.indexOf(NEWLINE, Math.max(at, end - 1 - origin));
    maker.take(bytes, at, newline < 0 ? bytes.length : newline + 1, origin);
    if (newline >= 0) return maker.finish();
  }
  // No line begins behind it, so no range behind it has a record.
  return (maker ?? new SegmentMaker(settings, size)).finish();
}

/** Bytes at the start of a file that belong to no record. */
async function byteOrderMarkBytes(range: FileRange): Promise<number> {
  for await (const { bytes } of range.pieces(0, BYTE_ORDER_MARK.length, BYTE_ORDER_MARK.length)) {
    if (BYTE_ORDER_MARK.equals(bytes)) return BYTE_ORDER_MARK.length;
  }
  return 0;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
