// Where the first line of a range of a file of JSON lines begins, and how many lines are before it.
// Promises: exactly where one reader of the whole file would come to. The lines of a range are counted once, by whoever is first, and
// kept in its memory, so that ranges do not each read all that is before them.
// Relies on: what is counted being the same for everybody, so whoever is late, or dies, keeps nobody waiting.

import type { CsvPosition } from '../csv/csv-settings.ts';
import { countNewlines } from '../csv/newlines.ts';
import { boundsOf, type FileRange, FORMAT_CELLS, loadOffset, storeOffset } from '../files/file-ranges.ts';

const NEWLINE = 10;

/** Cells of a range's memory. KNOWN is stored last, and is 0 until then. */
const KNOWN = FORMAT_CELLS;
const LINES = KNOWN + 1;

/**
 * The first line of a range but the first; undefined if none begins in it, or if nobody wants to know any more.
 * @throws MillraceError (as a rejection) INPUT_FILE, INPUT_CHANGED
 */
export async function firstLineOf(
  range: FileRange,
  chunkBytes: number,
  isClosed: () => boolean,
): Promise<CsvPosition | undefined> {
  const bounds = await range.bounds();
  if (bounds === undefined) return undefined;
  const { start, end, size } = bounds;
  const byte = await lineStart(range, start, Math.min(end, size), chunkBytes, isClosed);
  // A line that begins with the next range is that one's.
  if (byte === undefined || byte >= end) return undefined;
  let lines = byte > start ? 1 : 0;
  // The nearest one first: that of no other range is begun by as many.
  for (let index = range.index - 1; index >= 0; index--) {
    const counted = await linesOf(range, index, size, chunkBytes, isClosed);
    if (counted === undefined) return undefined;
    lines += counted;
  }
  return { byte, lines };
}

/** The first byte from `start` on that is behind a line end. */
async function lineStart(
  range: FileRange,
  start: number,
  last: number,
  chunkBytes: number,
  isClosed: () => boolean,
): Promise<number | undefined> {
  for await (const { bytes, origin } of range.pieces(start - 1, last, chunkBytes)) {
    if (isClosed()) return undefined;
    const newline = bytes.indexOf(NEWLINE);
    if (newline >= 0) return origin + newline + 1;
  }
  return undefined;
}

/** The line ends in any range, as they are kept, or else by reading it, unless somebody else is faster. */
async function linesOf(
  range: FileRange,
  index: number,
  size: number,
  chunkBytes: number,
  isClosed: () => boolean,
): Promise<number | undefined> {
  const memory = range.memoryOf(index);
  const isKnown = (): boolean => Atomics.load(memory, KNOWN) !== 0;
  if (isKnown()) return loadOffset(memory, LINES);
  const { start = 0, end = size } = boundsOf(range.cut, index, size) ?? {};
  let lines = 0;
  for await (const { bytes } of range.pieces(start, end, chunkBytes)) {
    if (isKnown()) return loadOffset(memory, LINES);
    if (isClosed()) return undefined;
    lines += countNewlines(bytes, 0, bytes.length);
  }
  storeOffset(memory, LINES, lines);
  Atomics.store(memory, KNOWN, 1);
  return lines;
}
