// Directories of large tables: extendible hashing. A table of more rows than a segment takes is a directory, in which the next
// bits of a hash choose an entry, and segments, each an open-addressing table of a fixed number of slots. A segment that is full
// is split in two; the directory doubles when a segment that has a single entry is split.
// Promises: growing moves the rows of one segment at a time, and each state in between is a table like any other: there is no
// old and new table side by side that look-ups, undo, iteration or another owner would have to know of.
// Relies on: hashes are well mixed. Where they are not, a table stays, or becomes again, a single extent (growth.ts).

import { DIRECTORY_LOG, ROOT_ADDRESS, ROOT_LOG_ROWS, ROOT_USED, ROW_TAG, type RowLayout } from '../rows/row-layout.ts';

/** A table grows when more than this share of its slots, or of those of a segment, is in use. */
export const LOAD_MAX = 0.7;

/**
 * An entry: address of its segment in words, then depth + slots in use of it << {@link DEPTH_BITS}. A segment of depth d in a
 * directory of 2^D entries has 2^(D - d) entries, one after another. Slots in use count in the first of them only.
 */
export const ENTRY_CELLS = 2;
export const ENTRY_META = 1;
export const DEPTH_BITS = 5;
const DEPTH_MASK = (1 << DEPTH_BITS) - 1;
/** Entries have at most 2^this numbers. */
export const LOG_ENTRIES_MAX = 22;

export const isDirectory = (log: number): boolean => log >= DIRECTORY_LOG;
export const depthOf = (meta: number): number => meta & DEPTH_MASK;
export const usedOf = (meta: number): number => meta >> DEPTH_BITS;
export const metaOf = (depth: number, used: number): number => (used << DEPTH_BITS) | depth;

/** The entry of a tag in a directory of 2^`logEntries` of them, at least 2. */
export const entryOf = ({ segment }: RowLayout, tag: number, logEntries: number): number =>
  (tag << segment.commonBits) >>> (32 - logEntries);

/** The first of the 2^(logEntries - depth) entries that an entry's segment has. */
export const firstEntry = (entry: number, logEntries: number, depth: number): number =>
  entry & -(1 << (logEntries - depth));

/**
 * Source text: declares the first cell `base` and the slots - 1 `mask` of where rows with a hash or tag are. Expects `i32`; `root`
 * is the cell of the root of a table that has an extent.
 */
export const locateCode = ({ segment }: RowLayout, hash: string): string => `
let base = i32[root + ${ROOT_ADDRESS}] * 2, mask = i32[root + ${ROOT_LOG_ROWS}];
if (mask < ${DIRECTORY_LOG}) mask = (1 << mask) - 1;
else {
base = i32[base + ((${hash} << ${segment.commonBits}) >>> (${DIRECTORY_LOG} + 32 - mask)) * ${ENTRY_CELLS}] * 2;
mask = ${(1 << segment.logSlots) - 1};
}`;

/** Source text: runs `body` for the rows from cell `first` to cell `end` of each extent of a table that has one. */
export const eachExtentCode = ({ segment, cells }: RowLayout, body: string): string => `
const log = i32[root + ${ROOT_LOG_ROWS}], isDirectory = log >= ${DIRECTORY_LOG};
const entries = isDirectory ? 1 << (log - ${DIRECTORY_LOG}) : 1;
for (let entry = 0; entry < entries; ) {
let first = i32[root + ${ROOT_ADDRESS}] * 2, end = first;
if (isDirectory) {
const at = first + entry * ${ENTRY_CELLS};
first = i32[at] * 2;
end = first + ${cells << segment.logSlots};
entry += 1 << (log - ${DIRECTORY_LOG} - (i32[at + ${ENTRY_META}] & ${DEPTH_MASK}));
} else {
end += (1 << log) * ${cells};
entry = 1;
}
${body}
}`;

/** The number of slots that a table goes by: each row has one, and not each has a row. 0 without an extent. */
export function slotsOf({ segment }: RowLayout, i32: Int32Array, root: number): number {
  if (i32[root + ROOT_ADDRESS] === 0) return 0;
  const log = i32[root + ROOT_LOG_ROWS];
  return isDirectory(log) ? 2 ** (log - DIRECTORY_LOG + segment.logSlots) : 1 << log;
}

/** The first row at or after a slot and before another, or -1. */
export function nextRow(layout: RowLayout, i32: Int32Array, root: number, slot: number, end: number): number {
  const address = i32[root + ROOT_ADDRESS];
  if (address === 0) return -1;
  const log = i32[root + ROOT_LOG_ROWS];
  if (!isDirectory(log)) return rowBetween(layout, i32, address * 2, slot, Math.min(end, 1 << log));
  const { logSlots } = layout.segment;
  const logEntries = log - DIRECTORY_LOG;
  for (let at = slot; at < end; ) {
    const entry = at >>> logSlots;
    if (entry >= 1 << logEntries) return -1;
    const cell = address * 2 + entry * ENTRY_CELLS;
    const depth = depthOf(i32[cell + ENTRY_META]);
    const first = firstEntry(entry, logEntries, depth);
    if (first === entry) {
      const from = entry << logSlots;
      const until = Math.min(end - from, 1 << logSlots);
      const row = rowBetween(layout, i32, i32[cell] * 2, at - from, until);
      if (row >= 0) return row;
    }
    at = (first + (1 << (logEntries - depth))) << logSlots;
  }
  return -1;
}

function rowBetween({ cells }: RowLayout, i32: Int32Array, base: number, from: number, to: number): number {
  for (let p = base + from * cells; p < base + to * cells; p += cells) if (i32[p + ROW_TAG] >>> 1 !== 0) return p;
  return -1;
}

/** The slot of a row. */
export function slotOfRow(layout: RowLayout, i32: Int32Array, root: number, row: number): number {
  const address = i32[root + ROOT_ADDRESS];
  const log = i32[root + ROOT_LOG_ROWS];
  if (!isDirectory(log)) return (row - address * 2) / layout.cells;
  const cell = firstCell(layout, i32, root, i32[row + ROW_TAG]);
  const entry = (cell - address * 2) / ENTRY_CELLS;
  return (entry << layout.segment.logSlots) + (row - i32[cell] * 2) / layout.cells;
}

/** The cell of the first entry that the segment of a tag has, in a table with a directory. */
export function firstCell(layout: RowLayout, i32: Int32Array, root: number, tag: number): number {
  const cell = i32[root + ROOT_ADDRESS] * 2;
  const logEntries = i32[root + ROOT_LOG_ROWS] - DIRECTORY_LOG;
  const entry = entryOf(layout, tag, logEntries);
  const depth = depthOf(i32[cell + entry * ENTRY_CELLS + ENTRY_META]);
  return cell + firstEntry(entry, logEntries, depth) * ENTRY_CELLS;
}

/** The address of the extent in which a slot is: a table is as it was, as far as its slots go, while that and its root's address are. */
export function extentOfSlot({ segment }: RowLayout, i32: Int32Array, root: number, slot: number): number {
  const address = i32[root + ROOT_ADDRESS];
  if (!isDirectory(i32[root + ROOT_LOG_ROWS])) return address;
  return i32[address * 2 + (slot >>> segment.logSlots) * ENTRY_CELLS];
}

/** Calls `visit` with each extent of rows of a table that has one: its address and its slots in use. */
export function eachExtent(i32: Int32Array, root: number, visit: (address: number, used: number) => void): void {
  const address = i32[root + ROOT_ADDRESS];
  const log = i32[root + ROOT_LOG_ROWS];
  if (!isDirectory(log)) {
    visit(address, i32[root + ROOT_USED]);
    return;
  }
  const logEntries = log - DIRECTORY_LOG;
  for (let entry = 0; entry < 1 << logEntries; ) {
    const cell = address * 2 + entry * ENTRY_CELLS;
    const meta = i32[cell + ENTRY_META];
    entry += 1 << (logEntries - depthOf(meta));
    visit(i32[cell], usedOf(meta));
  }
}
