// The integrity check of a replica's live image: is what shared memory says of its key groups consistent?
// Promises: it reads only, returns on any contents whatsoever, and names the first rule that is broken. 'roots' looks at the
// roots of the groups alone and costs the same whatever the state's size; 'rows' looks at every row and value cell.
// Relies on: no transaction is open on the groups, and what a dead owner left open is rolled back. It cannot see that a
// field holds another value than was written: only what leads a look-up astray, or out of the arena.

import type { CellReader } from '../../mailbox/columns/codec.ts';
import { combine32, keyGroupOf } from '../../mailbox/hash.ts';
import { type Arena, FIRST_FREE_WORD, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import { LOAD_MAX, LOG_ROWS_DISCARDED } from '../memory/table.ts';
import { INLINE_BYTES, valueStart } from '../memory/values.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
import {
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

const slotsOf = ({ i32 }: Arena, root: number): number => 2 ** i32[root + ROOT_LOG_ROWS];
const extentWords = ({ cells }: RowLayout, slots: number): number => (slots * cells) / 2;

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
  if (!(logRows > 0 && logRows <= LOG_ROWS_MAX)) return `a table has 2^${logRows} slots`;
  const slots = slotsOf(arena, root);
  if (!(address >= FIRST_FREE_WORD && address + extentWords(layout, slots) <= usedWordsOf(arena))) {
    return `a table of ${slots} slots at word ${address} is not within the ${usedWordsOf(arena)} words in use`;
  }
  if (live >= 0 && live <= used && used <= slots * LOAD_MAX) return undefined;
  return `a table of ${slots} slots counts ${live} rows and ${used} slots in use`;
}

interface GroupRoot {
  readonly group: number;
  readonly arena: Arena;
  readonly root: number;
}

function overlapProblem(layout: RowLayout, roots: readonly GroupRoot[]): string | undefined {
  const extents = roots
    .map(({ group, arena, root }) => {
      const from = arena.i32[root + ROOT_ADDRESS];
      return { group, arena: arena.id, from, to: from + extentWords(layout, slotsOf(arena, root)) };
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
  const first = i32[root + ROOT_ADDRESS] * 2;
  if (first === 0) return undefined;
  const end = first + slotsOf(arena, root) * layout.cells;
  let live = 0;
  let used = 0;
  for (let row = first; row < end; row += layout.cells) {
    if (i32[row + ROW_TAG] !== TAG_EMPTY) used++;
    if (i32[row + ROW_TAG] >>> 1 !== 0) live++;
  }
  if (live !== i32[root + ROOT_LIVE] || used !== i32[root + ROOT_USED]) {
    return `a table counts ${i32[root + ROOT_LIVE]} rows and ${i32[root + ROOT_USED]} slots in use, but has ${live} and ${used}`;
  }
  for (let row = first; row < end; row += layout.cells) {
    if (i32[row + ROW_TAG] >>> 1 === 0) continue;
    const problem = rowProblem(layout, arena, root, row, group);
    if (problem !== undefined) return `the row in slot ${(row - first) / layout.cells}: ${problem}`;
  }
  return undefined;
}

function rowProblem(
  layout: RowLayout,
  arena: Arena,
  root: number,
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
  const lost = probeProblem(layout, arena, root, row);
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

/** Follows the way of a look-up from the place where it begins to the row. */
function probeProblem(layout: RowLayout, arena: Arena, root: number, row: number): string | undefined {
  const { i32 } = arena;
  const first = i32[root + ROOT_ADDRESS] * 2;
  const mask = slotsOf(arena, root) - 1;
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
