// The integrity check of a replica's live image: is what shared memory says of its key groups consistent?
// Promises: it reads only, returns on any contents whatsoever, and names the first rule that is broken. 'roots' looks at the
// roots of the groups and at their directories alone, an entry for each 32 KiB of rows; 'rows' looks at every row and value cell.
// Relies on: no transaction is open on the groups, and what a dead owner left open is rolled back. It cannot see that a
// field holds another value than was written: only what leads a look-up astray, or out of the arena.

import type { CellReader } from '../../mailbox/columns/codec.ts';
import { combine32, keyGroupOf } from '../../mailbox/hash.ts';
import { type Arena, FIRST_FREE_WORD, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import {
  depthOf,
  ENTRY_CELLS,
  ENTRY_META,
  eachExtent,
  firstCell,
  isDirectory,
  LOAD_MAX,
  LOG_ENTRIES_MAX,
  usedOf,
} from '../memory/directory.ts';
import { LOG_ROWS_DISCARDED } from '../memory/table.ts';
import { INLINE_BYTES, valueStart } from '../memory/values.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
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
import { ascendingGroups } from './checkpoint.ts';

/** No table has more slots: a shift by a damaged number must not come round. */
const LOG_ROWS_MAX = 29;

/**
 * Checks the key groups of a replica.
 * @param depth 'roots' takes a fraction of a millisecond; 'rows' a tenth of a microsecond and more for each row
 * @returns the first broken rule; undefined if there is none
 */
export function checkState(state: KeyedState, groups: Iterable<number>, depth: 'roots' | 'rows'): string | undefined {
  const { transaction, table } = state;
  const { layout } = table;
  for (const arena of transaction.arenas) {
    arena.refresh();
    const problem = topProblem(arena);
    if (problem !== undefined) return `arena ${arena.id}: ${problem}`;
  }
  const roots = ascendingGroups(groups).map((group) => ({
    group,
    arena: transaction.arenaOf(group),
    root: groupHeader(group) + GROUP_ROOT,
  }));
  for (const { group, arena, root } of roots) {
    const problem = rootProblem(layout, arena, root);
    if (problem !== undefined) return `key group ${group}: ${problem}`;
  }
  const overlap = overlapProblem(layout, roots);
  if (overlap !== undefined || depth === 'roots') return overlap;
  for (const { group, arena, root } of roots) {
    const problem = rowsProblem(layout, arena, root, group);
    if (problem !== undefined) return `key group ${group}: ${problem}`;
  }
  return undefined;
}

const usedWordsOf = (arena: Arena): number => arena.usedBytes / 8;

function topProblem(arena: Arena): string | undefined {
  const words = usedWordsOf(arena);
  if (words >= FIRST_FREE_WORD && words <= arena.f64.length) return undefined;
  return `${words} words are in use of ${arena.f64.length}, the first ${FIRST_FREE_WORD} of which always are`;
}

const slotsOf = ({ segment }: RowLayout, log: number): number => 2 ** (isDirectory(log) ? segment.logSlots : log);
const extentWords = ({ cells }: RowLayout, slots: number): number => (slots * cells) / 2;
const directoryWords = (logEntries: number): number => (2 ** logEntries * ENTRY_CELLS) / 2;

const isInUse = (arena: Arena, address: number, words: number): boolean =>
  address >= FIRST_FREE_WORD && address + words <= usedWordsOf(arena);

function rootProblem(layout: RowLayout, arena: Arena, root: number): string | undefined {
  const { i32 } = arena;
  const address = i32[root + ROOT_ADDRESS];
  const logRows = i32[root + ROOT_LOG_ROWS];
  const live = i32[root + ROOT_LIVE];
  const used = i32[root + ROOT_USED];
  if (address === 0) {
    if (logRows === LOG_ROWS_DISCARDED) return 'its rows were discarded, and are not restored yet';
    if (logRows === 0 && live === 0 && used === 0) return undefined;
    return `a table without an extent counts 2^${logRows} slots, ${live} rows and ${used} slots in use`;
  }
  if (isDirectory(logRows)) return directoryProblem(layout, arena, root);
  if (!(logRows > 0 && logRows <= LOG_ROWS_MAX)) return `a table has 2^${logRows} slots`;
  const slots = slotsOf(layout, logRows);
  if (!isInUse(arena, address, extentWords(layout, slots))) {
    return `a table of ${slots} slots at word ${address} is not within the ${usedWordsOf(arena)} words in use`;
  }
  if (live >= 0 && live <= used && used <= slots * LOAD_MAX) return undefined;
  return `a table of ${slots} slots counts ${live} rows and ${used} slots in use`;
}

/** Checks the root of a table of segments, and its directory. */
function directoryProblem(layout: RowLayout, arena: Arena, root: number): string | undefined {
  const { i32 } = arena;
  const address = i32[root + ROOT_ADDRESS];
  const logEntries = i32[root + ROOT_LOG_ROWS] - DIRECTORY_LOG;
  const live = i32[root + ROOT_LIVE];
  const segments = i32[root + ROOT_USED];
  if (!(logEntries > 0 && logEntries <= LOG_ENTRIES_MAX)) return `a table has a directory of 2^${logEntries} entries`;
  if (!isInUse(arena, address, directoryWords(logEntries))) {
    return `a directory of 2^${logEntries} entries at word ${address} is not within the ${usedWordsOf(arena)} words in use`;
  }
  const slots = slotsOf(layout, DIRECTORY_LOG);
  let found = 0;
  let used = 0;
  for (let entry = 0; entry < 1 << logEntries; found++) {
    const cell = address * 2 + entry * ENTRY_CELLS;
    const segment = i32[cell];
    const depth = depthOf(i32[cell + ENTRY_META]);
    const inUse = usedOf(i32[cell + ENTRY_META]);
    if (!isInUse(arena, segment, extentWords(layout, slots))) {
      return `entry ${entry} of a directory: a segment at word ${segment} is not within the ${usedWordsOf(arena)} words in use`;
    }
    if (!(inUse >= 0 && inUse <= slots * LOAD_MAX)) {
      return `entry ${entry} of a directory: a segment of ${slots} slots counts ${inUse} in use`;
    }
    const next = entry + 2 ** (logEntries - depth);
    if (depth > logEntries || entry % (next - entry) !== 0) return `entry ${entry} of a directory has depth ${depth}`;
    for (let other = entry + 1; other < next; other++) {
      const at = address * 2 + other * ENTRY_CELLS;
      if (i32[at] !== segment || depthOf(i32[at + ENTRY_META]) !== depth) {
        return `entries ${entry} and ${other} of a directory are not of one segment`;
      }
    }
    used += inUse;
    entry = next;
  }
  if (found !== segments) return `a table counts ${segments} segments, but has ${found}`;
  if (live >= 0 && live <= used) return undefined;
  return `a table of ${segments} segments counts ${live} rows and ${used} slots in use`;
}

interface GroupRoot {
  readonly group: number;
  readonly arena: Arena;
  readonly root: number;
}

/** Looks at directories, and at tables that have none: their segments are looked at one by one. */
function overlapProblem(layout: RowLayout, roots: readonly GroupRoot[]): string | undefined {
  const extents = roots
    .map(({ group, arena, root }) => {
      const from = arena.i32[root + ROOT_ADDRESS];
      const log = arena.i32[root + ROOT_LOG_ROWS];
      const words = isDirectory(log) ? directoryWords(log - DIRECTORY_LOG) : extentWords(layout, slotsOf(layout, log));
      return { group, arena: arena.id, from, to: from + words };
    })
    .filter(({ from }) => from !== 0)
    .sort((a, b) => a.arena - b.arena || a.from - b.from);
  const found = extents.findIndex(({ arena, to }, i) => extents[i + 1]?.arena === arena && extents[i + 1].from < to);
  return found < 0
    ? undefined
    : `key groups ${extents[found].group} and ${extents[found + 1].group}: their tables overlap`;
}

/** Checks the rows of a table whose root is sound. `group` is undefined for a table under one key. */
function rowsProblem(layout: RowLayout, arena: Arena, root: number, group: number | undefined): string | undefined {
  const { i32 } = arena;
  if (i32[root + ROOT_ADDRESS] === 0) return undefined;
  const log = i32[root + ROOT_LOG_ROWS];
  const extents: { readonly address: number; readonly counted: number }[] = [];
  eachExtent(i32, root, (address, counted) => extents.push({ address, counted }));
  let live = 0;
  for (const { address, counted } of extents) {
    let used = 0;
    const first = address * 2;
    for (let row = first; row < first + slotsOf(layout, log) * layout.cells; row += layout.cells) {
      if (i32[row + ROW_TAG] !== TAG_EMPTY) used++;
      if (i32[row + ROW_TAG] >>> 1 !== 0) live++;
    }
    if (used !== counted) {
      const what = isDirectory(log) ? 'a segment' : 'a table';
      return `${what} counts ${counted} slots in use, but has ${used}`;
    }
  }
  if (live !== i32[root + ROOT_LIVE]) {
    return `a table counts ${i32[root + ROOT_LIVE]} rows, but has ${live}`;
  }
  for (const { address } of extents) {
    const first = address * 2;
    for (let row = first; row < first + slotsOf(layout, log) * layout.cells; row += layout.cells) {
      if (i32[row + ROW_TAG] >>> 1 === 0) continue;
      const problem = rowProblem(layout, arena, root, address, row, group);
      if (problem !== undefined) return `the row in slot ${(row - first) / layout.cells}: ${problem}`;
    }
  }
  return undefined;
}

function rowProblem(
  layout: RowLayout,
  arena: Arena,
  root: number,
  extent: number,
  row: number,
  group: number | undefined,
): string | undefined {
  const { keys, fields, tables } = layout;
  for (const { name, codec, cell } of keys) {
    if (codec.cell.isExternal && !isWithin(arena, row + cell))
      return `its key '${name}' is not within the words in use`;
  }
  for (const { name, codec, cell } of fields) {
    if (codec.cell.isExternal && !isWithin(arena, row + cell)) {
      return `its field '${name}' is not within the words in use`;
    }
  }
  const tag = arena.i32[row + ROW_TAG];
  const hash = hashOf(layout, arena, row);
  if (tag !== (hash >>> 1 === 0 ? hash | 2 : hash)) return 'its tag is not the hash of its key';
  if (group !== undefined && keyGroupOf(tag) !== group) return `its key belongs to key group ${keyGroupOf(tag)}`;
  if (extentOf(layout, arena, root, tag) !== extent) return 'a look-up of its key goes to another segment';
  const lost = probeProblem(layout, arena, root, extent, row);
  if (lost !== undefined) return lost;
  for (const { name, cell, layout: sub } of tables) {
    const problem = rootProblem(sub, arena, row + cell) ?? rowsProblem(sub, arena, row + cell, undefined);
    if (problem !== undefined) return `table '${name}': ${problem}`;
  }
  return undefined;
}

/** True if the bytes of a value lie in the cell, or in words that are in use. */
function isWithin(arena: Arena, cell: number): boolean {
  const bytes = arena.i32[cell] >>> 1;
  const start = valueStart(arena, cell);
  return bytes <= INLINE_BYTES || (start >= FIRST_FREE_WORD * 8 && start + bytes <= arena.usedBytes);
}

const cellsOf = (arena: Arena): CellReader => ({
  i32: arena.i32,
  u8: arena.u8,
  f64: arena.f64,
  textStart: (cell) => valueStart(arena, cell),
});

function hashOf({ keys }: RowLayout, arena: Arena, row: number): number {
  const cells = cellsOf(arena);
  const hashes = keys.map(({ key, cell }) => key.hashOfCells(cells, row + cell));
  return hashes.length === 0 ? 0 : hashes.reduce(combine32);
}

/** The address of the extent in which the rows with a tag are. */
const extentOf = (layout: RowLayout, { i32 }: Arena, root: number, tag: number): number =>
  i32[isDirectory(i32[root + ROOT_LOG_ROWS]) ? firstCell(layout, i32, root, tag) : root + ROOT_ADDRESS];

/** Follows the way of a look-up from the place where it begins to the row. */
function probeProblem(layout: RowLayout, arena: Arena, root: number, extent: number, row: number): string | undefined {
  const { i32 } = arena;
  const first = extent * 2;
  const mask = slotsOf(layout, i32[root + ROOT_LOG_ROWS]) - 1;
  const tag = i32[row + ROW_TAG];
  for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
    const other = first + slot * layout.cells;
    if (other === row) return undefined;
    if (i32[other + ROW_TAG] === TAG_EMPTY) return 'a look-up of its key ends before it';
    if (i32[other + ROW_TAG] === tag && isSameKey(layout, arena, row, other)) return 'another row has the same key';
  }
}

function isSameKey({ keys }: RowLayout, arena: Arena, row: number, other: number): boolean {
  const cells = cellsOf(arena);
  return keys.every(({ key, cell }) => key.areSame(cells, row + cell, other + cell));
}
