// How tables grow and shrink: in one step while they are small, segment by segment from then on.
// Promises: an insertion moves the rows of at most a few segments. What is moved is copied into extents that the transaction has
// taken: the old extent keeps the targets of undo images. A step that finds no memory leaves the table as it was.
// Relies on: the cells of the root are saved; whoever holds rows looks at the transaction's moves.

import {
  DIRECTORY_LOG,
  ROOT_ADDRESS,
  ROOT_LIVE,
  ROOT_LOG_ROWS,
  ROOT_USED,
  ROW_TAG,
  type RowLayout,
  TAG_EMPTY,
} from '../rows/row-layout.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { type Arena, groupOfRoot } from './arena.ts';
import {
  DEPTH_BITS,
  depthOf,
  ENTRY_CELLS,
  ENTRY_META,
  eachExtent,
  entryOf,
  firstCell,
  firstEntry,
  isDirectory,
  LOAD_MAX,
  LOG_ENTRIES_MAX,
  metaOf,
  usedOf,
} from './directory.ts';

const LOG_ROWS_FIRST = 4;
/** The same for a table under one key: there may be many of them, with few rows each. */
const LOG_SUB_ROWS_FIRST = 2;
/** Slots have numbers, which are positive Int32. */
const LOG_SLOTS_MAX = 30;
/** A directory has at most so many entries a segment. It needs two or four; more tell of keys whose hashes are much alike. */
const ENTRIES_PER_SEGMENT_MAX = 16;
/** A table with so many times the room that its rows need gives some of it back. */
const SPARE_MAX = 8;
/** A directory made for a known number of rows has its segments filled to this share of what they take. */
const RESERVED_SHARE = 0.93;

export interface Growth {
  /** Makes a slot free for a row with a tag, as an insertion needs it: room that is not needed is given back, too. */
  makeRoom(arena: Arena, root: number, tag: number): void;
  /**
   * A free slot for a new row with a tag, which counts from now on; the caller writes the row. Only for a table that had no extent
   * before the open transaction.
   */
  place(arena: Arena, root: number, tag: number): number;
  /** Counts slots that have come into use where rows with a tag are. */
  count(arena: Arena, root: number, tag: number, slots: number): void;
  /** Gives a table without an extent free slots for `rows` rows. */
  reserve(arena: Arena, root: number, rows: number): void;
  /** Frees the extents of a table that has one, and empties its root. */
  free(arena: Arena, root: number): void;
}

export function growth(layout: RowLayout, transaction: Transaction): Growth {
  const { cells, segment } = layout;
  const { logSlots, commonBits } = segment;
  const { allocator, undo } = transaction;
  const slots = 1 << logSlots;
  /** Slots of a segment that may be in use. */
  const usedMax = Math.floor(slots * LOAD_MAX);
  const extentWords = (logRows: number): number => ((1 << logRows) * cells) / 2;
  const directoryWords = (logEntries: number): number => ((1 << logEntries) * ENTRY_CELLS) / 2;
  const segmentWords = extentWords(logSlots);
  const firstLog = (root: number): number => (groupOfRoot(root) === undefined ? LOG_SUB_ROWS_FIRST : LOG_ROWS_FIRST);

  function moved(root: number): void {
    transaction.moves++;
    const group = groupOfRoot(root);
    if (group === undefined) return;
    transaction.rowMoves++;
    transaction.groupMoves[group]++;
  }

  /** Copies a row to where the search for it ends. */
  function copyRow(i32: Int32Array, p: number, to: number, mask: number): void {
    let slot = i32[p + ROW_TAG] & mask;
    while (i32[to + slot * cells + ROW_TAG] !== TAG_EMPTY) slot = (slot + 1) & mask;
    const q = to + slot * cells;
    for (let i = 0; i < cells; i++) i32[q + i] = i32[p + i];
  }

  function copyRows(i32: Int32Array, from: number, rows: number, to: number, mask: number): void {
    for (let p = from; p < from + rows * cells; p += cells) if (i32[p + ROW_TAG] >>> 1 !== 0) copyRow(i32, p, to, mask);
  }

  function room(arena: Arena, root: number, tag: number): void {
    const { i32 } = arena;
    const address = i32[root + ROOT_ADDRESS];
    const logRows = i32[root + ROOT_LOG_ROWS];
    if (isDirectory(logRows)) {
      roomInSegment(arena, root, tag);
      return;
    }
    if (address !== 0 && i32[root + ROOT_USED] + 1 <= (1 << logRows) * LOAD_MAX) return;
    const live = i32[root + ROOT_LIVE];
    const grown = address === 0 ? firstLog(root) : live * 2 > (1 << logRows) * LOAD_MAX ? logRows + 1 : logRows;
    if (logRows === logSlots && grown > logSlots) {
      divide(arena, root);
      roomInSegment(arena, root, tag);
    } else resize(arena, root, grown);
  }

  /** Copies a table, of segments or not, into one extent: a larger one, or one of the same size without deleted rows. */
  function resize(arena: Arena, root: number, logRows: number): void {
    const target = allocator.allocate(arena, extentWords(logRows));
    const { i32 } = arena;
    const live = i32[root + ROOT_LIVE];
    if (i32[root + ROOT_ADDRESS] !== 0) {
      const log = i32[root + ROOT_LOG_ROWS];
      const rows = isDirectory(log) ? slots : 1 << log;
      eachExtent(i32, root, (from) => copyRows(i32, from * 2, rows, target * 2, (1 << logRows) - 1));
      free(arena, root);
    }
    setRoot(arena.i32, root, target, logRows, live, live);
    moved(root);
  }

  function setRoot(i32: Int32Array, root: number, address: number, log: number, live: number, used: number): void {
    i32[root + ROOT_ADDRESS] = address;
    i32[root + ROOT_LOG_ROWS] = log;
    i32[root + ROOT_LIVE] = live;
    i32[root + ROOT_USED] = used;
  }

  /** Makes a table of one extent, as large as a segment, one of segments. No row moves. */
  function divide(arena: Arena, root: number): void {
    const directory = allocator.allocate(arena, directoryWords(1));
    const { i32 } = arena;
    const meta = metaOf(0, i32[root + ROOT_USED]);
    fillEntries(i32, directory * 2, 2, i32[root + ROOT_ADDRESS], meta);
    setRoot(i32, root, directory, DIRECTORY_LOG + 1, i32[root + ROOT_LIVE], 1);
  }

  function fillEntries(i32: Int32Array, cell: number, entries: number, address: number, meta: number): void {
    for (let at = cell; at < cell + entries * ENTRY_CELLS; at += ENTRY_CELLS) {
      i32[at] = address;
      i32[at + ENTRY_META] = meta;
    }
  }

  function roomInSegment(arena: Arena, root: number, tag: number): void {
    while (isDirectory(arena.i32[root + ROOT_LOG_ROWS])) {
      const { i32 } = arena;
      const cell = firstCell(layout, i32, root, tag);
      const meta = i32[cell + ENTRY_META];
      if (usedOf(meta) + 1 <= usedMax) return;
      const logEntries = i32[root + ROOT_LOG_ROWS] - DIRECTORY_LOG;
      if (liveIn(i32, i32[cell] * 2) * 2 <= usedMax) rebuild(arena, root, cell, logEntries);
      else if (depthOf(meta) < logEntries) split(arena, root, cell, logEntries);
      else if (mayDouble(i32, root, logEntries)) resizeDirectory(arena, root, logEntries, logEntries + 1);
      else {
        let log = logSlots + 1;
        while ((1 << log) * LOAD_MAX < 2 * i32[root + ROOT_LIVE]) log++;
        resize(arena, root, log);
      }
    }
  }

  const mayDouble = (i32: Int32Array, root: number, logEntries: number): boolean =>
    logEntries < Math.min(LOG_ENTRIES_MAX, LOG_SLOTS_MAX - logSlots) &&
    2 << logEntries <= ENTRIES_PER_SEGMENT_MAX * i32[root + ROOT_USED];

  function liveIn(i32: Int32Array, base: number): number {
    let live = 0;
    for (let p = base; p < base + slots * cells; p += cells) if (i32[p + ROW_TAG] >>> 1 !== 0) live++;
    return live;
  }

  /** Copies a segment without its deleted rows. */
  function rebuild(arena: Arena, root: number, cell: number, logEntries: number): void {
    const target = allocator.allocate(arena, segmentWords);
    const { i32 } = arena;
    const from = i32[cell];
    const depth = depthOf(i32[cell + ENTRY_META]);
    copyRows(i32, from * 2, slots, target * 2, slots - 1);
    setEntries(arena, cell, 1 << (logEntries - depth), target, metaOf(depth, liveIn(i32, target * 2)));
    allocator.free(arena, from, segmentWords);
    moved(root);
  }

  function setEntries(arena: Arena, cell: number, entries: number, address: number, meta: number): void {
    undo.save(arena.id, arena.i32, cell, entries * ENTRY_CELLS);
    fillEntries(arena.i32, cell, entries, address, meta);
  }

  /** Copies a segment that has several entries into two, by the next bit of the hash. */
  function split(arena: Arena, root: number, cell: number, logEntries: number): void {
    const low = allocator.allocate(arena, segmentWords);
    const high = allocator.allocate(arena, segmentWords);
    const { i32 } = arena;
    const from = i32[cell];
    const depth = depthOf(i32[cell + ENTRY_META]);
    const shift = 31 - depth;
    let live = 0;
    let above = 0;
    for (let p = from * 2; p < (from + segmentWords) * 2; p += cells) {
      const tag = i32[p + ROW_TAG];
      if (tag >>> 1 === 0) continue;
      const bit = ((tag << commonBits) >>> shift) & 1;
      copyRow(i32, p, (bit === 1 ? high : low) * 2, slots - 1);
      live++;
      above += bit;
    }
    const half = 1 << (logEntries - depth - 1);
    setEntries(arena, cell, half, low, metaOf(depth + 1, live - above));
    setEntries(arena, cell + half * ENTRY_CELLS, half, high, metaOf(depth + 1, above));
    i32[root + ROOT_USED] += 1;
    allocator.free(arena, from, segmentWords);
    moved(root);
  }

  /** Doubles a directory, or halves it: then no segment has a single entry. */
  function resizeDirectory(arena: Arena, root: number, logEntries: number, resized: number): void {
    const target = allocator.allocate(arena, directoryWords(resized));
    const { i32 } = arena;
    const from = i32[root + ROOT_ADDRESS];
    for (let entry = 0; entry < 1 << resized; entry++) {
      const old = from * 2 + (resized > logEntries ? entry >>> 1 : entry << 1) * ENTRY_CELLS;
      i32[target * 2 + entry * ENTRY_CELLS] = i32[old];
      i32[target * 2 + entry * ENTRY_CELLS + ENTRY_META] = i32[old + ENTRY_META];
    }
    i32[root + ROOT_ADDRESS] = target;
    i32[root + ROOT_LOG_ROWS] = DIRECTORY_LOG + resized;
    allocator.free(arena, from, directoryWords(logEntries));
  }

  /** Puts the segment of a tag and its neighbour together, if both are nearly empty. */
  function merge(arena: Arena, root: number, tag: number): void {
    const before = arena.i32;
    const logEntries = before[root + ROOT_LOG_ROWS] - DIRECTORY_LOG;
    const directory = before[root + ROOT_ADDRESS] * 2;
    const entry = entryOf(layout, tag, logEntries);
    const depth = depthOf(before[directory + entry * ENTRY_CELLS + ENTRY_META]);
    if (depth === 0) {
      undivide(arena, root);
      return;
    }
    const cell = directory + firstEntry(entry, logEntries, depth - 1) * ENTRY_CELLS;
    const half = 1 << (logEntries - depth);
    const other = cell + half * ENTRY_CELLS;
    if (depthOf(before[cell + ENTRY_META]) !== depth || depthOf(before[other + ENTRY_META]) !== depth) return;
    if ((usedOf(before[cell + ENTRY_META]) + usedOf(before[other + ENTRY_META])) * 2 > usedMax) return;
    const target = allocator.allocate(arena, segmentWords);
    const { i32 } = arena;
    const merged = [i32[cell], i32[other]];
    for (const from of merged) copyRows(i32, from * 2, slots, target * 2, slots - 1);
    setEntries(arena, cell, half * 2, target, metaOf(depth - 1, liveIn(i32, target * 2)));
    for (const from of merged) allocator.free(arena, from, segmentWords);
    i32[root + ROOT_USED] -= 1;
    moved(root);
    if (mayHalve(i32, root, logEntries)) resizeDirectory(arena, root, logEntries, logEntries - 1);
  }

  function mayHalve(i32: Int32Array, root: number, logEntries: number): boolean {
    if (logEntries === 1 || 1 << logEntries < ENTRIES_PER_SEGMENT_MAX * i32[root + ROOT_USED]) return false;
    const cell = i32[root + ROOT_ADDRESS] * 2;
    for (let entry = 0; entry < 1 << logEntries; entry++) {
      if (depthOf(i32[cell + entry * ENTRY_CELLS + ENTRY_META]) === logEntries) return false;
    }
    return true;
  }

  /** Makes a table of a single segment one of one extent. */
  function undivide(arena: Arena, root: number): void {
    const { i32 } = arena;
    const directory = i32[root + ROOT_ADDRESS];
    const logEntries = i32[root + ROOT_LOG_ROWS] - DIRECTORY_LOG;
    const used = usedOf(i32[directory * 2 + ENTRY_META]);
    setRoot(i32, root, i32[directory * 2], logSlots, i32[root + ROOT_LIVE], used);
    allocator.free(arena, directory, directoryWords(logEntries));
    moved(root);
  }

  function free(arena: Arena, root: number): void {
    const { i32 } = arena;
    const address = i32[root + ROOT_ADDRESS];
    const log = i32[root + ROOT_LOG_ROWS];
    if (isDirectory(log)) {
      eachExtent(i32, root, (from) => allocator.free(arena, from, segmentWords));
      allocator.free(arena, address, directoryWords(log - DIRECTORY_LOG));
    } else allocator.free(arena, address, extentWords(log));
    i32.fill(0, root, root + 4);
  }

  function count(arena: Arena, root: number, tag: number, used: number): void {
    const { i32 } = arena;
    if (!isDirectory(i32[root + ROOT_LOG_ROWS])) {
      i32[root + ROOT_USED] += used;
      return;
    }
    const cell = firstCell(layout, i32, root, tag) + ENTRY_META;
    undo.save(arena.id, i32, cell, 1);
    i32[cell] += used << DEPTH_BITS;
  }

  return {
    makeRoom(arena, root, tag) {
      const { i32 } = arena;
      const isSparse =
        isDirectory(i32[root + ROOT_LOG_ROWS]) && i32[root + ROOT_LIVE] * SPARE_MAX < i32[root + ROOT_USED] * usedMax;
      if (isSparse) merge(arena, root, tag);
      room(arena, root, tag);
    },
    place(arena, root, tag) {
      room(arena, root, tag);
      const { i32 } = arena;
      const log = i32[root + ROOT_LOG_ROWS];
      const isDivided = isDirectory(log);
      const cell = isDivided ? firstCell(layout, i32, root, tag) : root + ROOT_ADDRESS;
      const base = i32[cell] * 2;
      const mask = isDivided ? slots - 1 : (1 << log) - 1;
      let slot = tag & mask;
      while (i32[base + slot * cells + ROW_TAG] !== TAG_EMPTY) slot = (slot + 1) & mask;
      i32[root + ROOT_LIVE] += 1;
      // All extents are of this transaction: nothing of them is to be saved.
      if (isDivided) i32[cell + ENTRY_META] += 1 << DEPTH_BITS;
      else i32[root + ROOT_USED] += 1;
      return base + slot * cells;
    },
    count,
    reserve(arena, root, rows) {
      if (rows <= usedMax) {
        let logRows = firstLog(root);
        while ((1 << logRows) * LOAD_MAX < rows) logRows++;
        setRoot(arena.i32, root, allocator.allocate(arena, extentWords(logRows)), logRows, 0, 0);
      } else {
        const least = rows / (usedMax * RESERVED_SHARE);
        const logEntries = Math.min(
          Math.max(1, Math.ceil(Math.log2(least))),
          LOG_SLOTS_MAX - logSlots,
          LOG_ENTRIES_MAX,
        );
        const directory = allocator.allocate(arena, directoryWords(logEntries));
        for (let entry = 0; entry < 1 << logEntries; entry++) {
          const address = allocator.allocate(arena, segmentWords);
          fillEntries(arena.i32, directory * 2 + entry * ENTRY_CELLS, 1, address, metaOf(logEntries, 0));
        }
        setRoot(arena.i32, root, directory, DIRECTORY_LOG + logEntries, 0, 1 << logEntries);
      }
      moved(root);
    },
    free,
  };
}
