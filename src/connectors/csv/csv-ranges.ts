// Where the first record of a range of a CSV file begins, and how many lines are before it.
// Promises: exactly where one reader of the whole file would come to, whatever is in the file.
// Whether the start of a range is within quotes depends on all that is before it. So each range looks at the one before it, all of them
// at the same time, for both cases (csv-segment.ts); put together, these tell which case each range is. What this cannot tell, because a
// record is so long that it is given up as one without its closing quote, is found out by reading what is before the range as one
// reader would.
// Relies on: what is found out being the same for everybody, so whoever is late, or dies, keeps nobody waiting: others find it out.

import { NEWLINE } from '../../mailbox/columns/csv-cell.ts';
import { boundsOf, type FileRange, loadOffset, type RangeBounds, storeOffset } from '../files/file-ranges.ts';
import { Waiting } from '../files/waiting.ts';
import { QuoteTrack } from './csv-quotes.ts';
import { CsvReader } from './csv-reader.ts';
import { type Passage, SEGMENT_END, type Segment, segmentOf } from './csv-segment.ts';
import type { CsvPosition, CsvSettings } from './csv-settings.ts';
import { countNewlines } from './newlines.ts';

/** What is to be known of the file that a range is of. */
export interface CsvFile {
  readonly settings: CsvSettings;
  /** Behind the lines that are left out. */
  readonly first: CsvPosition;
  /** Its first record. */
  readonly start: CsvPosition;
  readonly columns: readonly string[];
  /** True once nobody wants to know any more. */
  readonly isClosed: () => boolean;
}

/** Cells of a range's memory that keep its first record. KNOWN is stored last, and is 0 until then. */
const KNOWN = SEGMENT_END;
const BYTE = KNOWN + 1;
const LINES = BYTE + 2;

/** Records that are passed over in one go where they are read to find a range's first one. */
const PASSED_RECORDS = 1024;

/**
 * The first record of a range but the first; undefined if no record begins in the range, or if nobody wants to know any more.
 * @throws MillraceError (as a rejection) INPUT_FILE, INPUT_CHANGED, BAD_CSV
 */
export async function firstRecordOf(range: FileRange, file: CsvFile): Promise<CsvPosition | undefined> {
  const known = keptFirst(range, range.index);
  if (known !== undefined) return known;
  const bounds = await range.bounds();
  if (bounds === undefined) return undefined;
  const line = await firstLineOf(range, bounds, file);
  if (line === undefined) return undefined;
  const first = (await firstBySegments(range, line, bounds, file)) ?? (await readTo(range, bounds, file));
  // It was not there when the file was opened first, and whoever read the one before it may have come to the end by then.
  if (first === undefined || first.byte > bounds.size) return undefined;
  keepFirst(range, first);
  return first;
}

/** The first record by what is known of the ranges before; undefined if they cannot tell, or nobody wants to know any more. */
async function firstBySegments(
  range: FileRange,
  line: number,
  bounds: RangeBounds,
  file: CsvFile,
): Promise<CsvPosition | undefined> {
  // Lines that are left out may have quotes in them.
  const second = boundsOf(range.cut, 1, bounds.size);
  if (second !== undefined && file.first.byte >= second.start) return undefined;
  const segments = await segmentsBefore(range, bounds, file);
  return segments && (await firstBehind(segments, line, range, bounds, file));
}

function keepFirst(range: FileRange, { byte, lines }: CsvPosition): void {
  const memory = range.memoryOf(range.index);
  storeOffset(memory, BYTE, byte);
  storeOffset(memory, LINES, lines);
  Atomics.store(memory, KNOWN, 1);
}

function keptFirst(range: FileRange, index: number): CsvPosition | undefined {
  const memory = range.memoryOf(index);
  if (Atomics.load(memory, KNOWN) === 0) return undefined;
  return { byte: loadOffset(memory, BYTE), lines: loadOffset(memory, LINES) };
}

/** Where the first line of a range begins; undefined if none does. */
async function firstLineOf(
  range: FileRange,
  { start, end, size }: RangeBounds,
  { settings, isClosed }: CsvFile,
): Promise<number | undefined> {
  const last = Math.min(end, size);
  for await (const { bytes, origin } of range.pieces(start - 1, last, settings.chunkBytes)) {
    if (isClosed()) return undefined;
    const newline = bytes.indexOf(NEWLINE);
    if (newline >= 0) return origin + newline + 1;
  }
  return undefined;
}

/** The segments of all ranges before one, in their order. */
async function segmentsBefore(range: FileRange, { size }: RangeBounds, file: CsvFile): Promise<Segment[] | undefined> {
  const segments: Segment[] = [];
  // The nearest one first: that of no other range is begun by as many.
  for (let index = range.index - 1; index >= 0; index--) {
    const segment = await segmentOf(range, index, size, file);
    if (segment === undefined) return undefined;
    segments.unshift(segment);
  }
  return segments;
}

/**
 * Puts segments together: the first record behind them.
 * @param line where the last of them ends
 * @returns undefined if a record may have to be given up for its length
 */
async function firstBehind(
  segments: readonly Segment[],
  line: number,
  range: FileRange,
  bounds: RangeBounds,
  file: CsvFile,
): Promise<CsvPosition | undefined> {
  const { recordBytesMax } = file.settings;
  let { lines } = file.first;
  let isQuoted = false;
  let recordStart = 0;
  for (const segment of segments) {
    lines += segment.lines;
    const passage: Passage = isQuoted ? segment.fromQuotes : segment.fromOutside;
    if (passage.isTooLong) return undefined;
    if (isQuoted && passage.firstEnd < 0) continue;
    if (isQuoted && passage.firstEnd - recordStart > recordBytesMax) return undefined;
    ({ isQuoted, recordStart } = passage);
  }
  if (!isQuoted) return { byte: line, lines };
  const { settings, isClosed } = file;
  const track = new QuoteTrack(settings.dialect, recordBytesMax, line, true);
  for await (const { bytes, origin } of range.pieces(line, bounds.size, settings.chunkBytes)) {
    if (isClosed() || origin - recordStart > recordBytesMax) return undefined;
    track.take(bytes, 0, bytes.length, origin);
    const { firstEnd } = track;
    lines += countNewlines(bytes, 0, firstEnd < 0 ? bytes.length : firstEnd - origin);
    if (firstEnd < 0) continue;
    return firstEnd - recordStart > recordBytesMax ? undefined : { byte: firstEnd, lines };
  }
  return undefined;
}

/** The first record of a range by reading all records before it. */
async function readTo(
  range: FileRange,
  { start: end }: RangeBounds,
  { settings, start: fileStart, columns, isClosed }: CsvFile,
): Promise<CsvPosition | undefined> {
  let position = fileStart;
  for (let index = 1; index < range.index; index++) position = keptFirst(range, index) ?? position;
  const waiting = new Waiting();
  const { wake, fail } = waiting;
  const reader = await CsvReader.open<never>(
    { ...settings, skip: true },
    { position, piece: { start: 0, end }, columns, memory: range.looks },
    { operator: 'ranges', wake, fail, reject() {} },
  );
  try {
    while (!isClosed()) {
      const status = await waiting.until(() => reader.read(() => {}, PASSED_RECORDS));
      if (status === 'end') return reader.position;
    }
    return undefined;
  } finally {
    reader.close();
  }
}
