// Open-addressing tables of rows: one per key group for keyed state, one per key for sub-keyed tables. Generated per layout.
// Promises: find, insert and remove touch nothing that the undo log has not saved. growth.ts says how a table grows,
// directory.ts how a large one is divided.
// Relies on: the cells of the root are saved before insert or remove (the group is open, or the parent row is touched).

import { generate } from '../../mailbox/codegen.ts';
import {
  DIRECTORY_LOG,
  externalCells,
  ROOT_ADDRESS,
  ROOT_LIVE,
  ROOT_LOG_ROWS,
  ROOT_USED,
  ROW_STAMP,
  ROW_TAG,
  type RowLayout,
  TAG_DELETED,
  TAG_EMPTY,
} from '../rows/row-layout.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { saveRowCode } from '../transaction/undo-log.ts';
import { type Arena, GROUP_REMOVALS, GROUP_ROOT, groupOfRoot } from './arena.ts';
import { extentOfSlot, firstCell, isDirectory, locateCode, nextRow, slotOfRow, slotsOf } from './directory.ts';
import { type Growth, growth } from './growth.ts';
import { clearValue, INLINE_BYTES, reserveValue } from './values.ts';

/**
 * Stands for the log2 of the slots in the root of a key group whose rows were discarded and not yet restored. With address
 * 0 the table is empty to all who use it; the integrity check tells it from one that is empty by right.
 */
export const LOG_ROWS_DISCARDED = -1;

/** The last rows that a table has noted as inserted. */
interface Insertions {
  /** Since whoever looks at them has set it to 0; the arrays hold so many, and begin again then. */
  count: number;
  readonly rows: Int32Array;
  readonly hashes: Int32Array;
}

export const INSERTIONS_MAX = 256;

/** Key arguments: what the codecs of the key's fields make of values, or read from frames; for text bytes, start, end and whether UTF-16. */
export type KeyArguments = readonly (number | boolean | Uint8Array)[];

/** A table's operations. `root` is the cell of the table's root in `arena`; a row is the index of its first cell. */
export interface Table {
  readonly layout: RowLayout;
  /** What {@link upsert} has inserted. Tables of one key, which are in a row, note nothing. */
  readonly insertions: Insertions;
  /** The tables whose roots stand in this table's rows. */
  readonly tables: readonly { readonly name: string; readonly cell: number; readonly table: Table }[];
  /** The row of a key, or -1. */
  find(arena: Arena, root: number, hash: number, ...key: KeyArguments): number;
  /** Reads the slot where the search for a hash begins, only to bring it into the cache. */
  firstProbe(arena: Arena, root: number, hash: number): number;
  /** The row of a key, inserted if missing and saved to the undo log in either case. */
  upsert(arena: Arena, root: number, hash: number, stamp: number, ...key: KeyArguments): number;
  /** Saves a row that the open transaction has not saved yet. */
  touch(arena: Arena, row: number, stamp: number): void;
  /** Removes a row and frees all that belongs to it. */
  remove(arena: Arena, root: number, row: number, stamp: number): void;
  /** Removes all rows and frees the table's extent. */
  clear(arena: Arena, root: number): void;
  /** See {@link Growth}. */
  readonly reserve: Growth['reserve'];
  /** See {@link Growth}. */
  readonly place: Growth['place'];
  /** The first row at or after slot `slot` and before `end` (by default, of all), or -1. Use {@link slotOf} to go on. */
  next(arena: Arena, root: number, slot: number, end?: number): number;
  /** The first row with a tag in the order of the search for it, or the first after row `after`; -1 if there is none. */
  tagged(arena: Arena, root: number, tag: number, after?: number): number;
  /** The slot of a row. */
  slotOf(arena: Arena, root: number, row: number): number;
  /** How many slots there are: each row has one, and is in one part of any division of them. */
  slots(arena: Arena, root: number): number;
  /** The address of the extent in which a slot is. While that and the root's address are the same, so are the rows' slots. */
  extentAt(arena: Arena, root: number, slot: number): number;
}

/** Compares the text in a cell, whose meta is known to be equal, with bytes. */
function sameText(arena: Arena, cell: number, bytes: Uint8Array, start: number, end: number): boolean {
  const { u8 } = arena;
  const length = end - start;
  const at = length <= INLINE_BYTES ? (cell + 1) * 4 : (arena.i32[cell + 3] >>> 0) * 8;
  for (let i = 0; i < length; i++) if (u8[at + i] !== bytes[start + i]) return false;
  return true;
}

const noInsertions = (): Insertions => ({
  count: 0,
  rows: new Int32Array(INSERTIONS_MAX),
  hashes: new Int32Array(INSERTIONS_MAX),
});

const NOTHING_INSERTED = noInsertions();

const NOTE_CODE = `const n = insertions.count & ${INSERTIONS_MAX - 1};
insertions.rows[n] = p;
insertions.hashes[n] = hash;
insertions.count = n + 1;`;

/** Generates the operations of tables with one row layout, for one replica. */
export function generateTable(name: string, layout: RowLayout, transaction: Transaction, isInRow = false): Table {
  const { keys, cells } = layout;
  const insertions = isInRow ? NOTHING_INSERTED : noInsertions();
  const parameters = keys.map(({ key }, i) => key.parameters(i)).join(', ');
  const canonical = keys.map(({ key }, i) => key.canonical(i)).join('\n');
  const equal = keys.map(({ key, cell }, i) => key.equal(cell, i)).join(' && ') || 'true';
  const probe = (found: string, missing: string): string => `
const i32 = arena.i32;
const tag = (hash >>> 1) === 0 ? hash | 2 : hash;
${canonical}
if (i32[root + ${ROOT_ADDRESS}] !== 0) {
${locateCode(layout, 'tag')}
for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
const p = base + slot * ${cells};
const t = i32[p + ${ROW_TAG}];
if (t === tag && ${equal}) { ${found} }
if (t === ${TAG_EMPTY}) break;
} }
${missing}`;

  const body = `
function firstProbe(arena, root, hash) {
const i32 = arena.i32;
${locateCode(layout, 'hash')}
return i32[base + (hash & mask) * ${cells} + ${ROW_TAG}];
}
function find(arena, root, hash, ${parameters}) {
${probe('return p;', 'return -1;')}
}
function upsert(arena, root, hash, stamp, ${parameters}) {
${probe(
  'if (i32[p] !== stamp) save(arena, p, stamp); return p;',
  `return insert(arena, root, hash, stamp, ${parameters});`,
)}
}
function save(arena, p, stamp) {
const i32 = arena.i32, id = arena.id;
${saveRowCode(cells)}
i32[p + ${ROW_STAMP}] = stamp;
}
function insert(arena, root, hash, stamp, ${parameters}) {
const tag = (hash >>> 1) === 0 ? hash | 2 : hash;
makeRoom(arena, root, tag);
const i32 = arena.i32;
${canonical}
${locateCode(layout, 'tag')}
let slot = tag & mask;
while ((i32[base + slot * ${cells} + ${ROW_TAG}] >>> 1) !== 0) slot = (slot + 1) & mask;
const p = base + slot * ${cells};
save(arena, p, stamp);
${keys.map(({ key, cell }, i) => key.store(cell, i)).join('\n')}
i32[root + ${ROOT_LIVE}] += 1;
if (i32[p + ${ROW_TAG}] === ${TAG_EMPTY}) {
if (i32[root + ${ROOT_LOG_ROWS}] < ${DIRECTORY_LOG}) i32[root + ${ROOT_USED}] += 1;
else countUsed(arena, root, tag, 1);
}
arena.i32[p + ${ROW_TAG}] = tag;
${isInRow ? '' : NOTE_CODE}
return p;
}
return { find, upsert, save, firstProbe };`;

  const { allocator, undo } = transaction;
  const grown = growth(layout, transaction);
  const generated = generate<{
    find: Table['find'];
    firstProbe: Table['firstProbe'];
    upsert: Table['upsert'];
    save: (arena: Arena, row: number, stamp: number) => void;
  }>(
    `${name}/table`,
    {
      undo,
      insertions,
      ...Object.assign({}, ...keys.map(({ key }, i) => key.constants(i))),
      sameText,
      makeRoom: grown.makeRoom,
      countUsed: grown.count,
      storeText: (arena: Arena, cell: number, bytes: Uint8Array, start: number, end: number, wide: boolean) => {
        const at = reserveValue(allocator, arena, cell, end - start, wide);
        for (let i = start; i < end; i++) arena.u8[at + i - start] = bytes[i];
      },
    },
    body,
  );

  function moved(root: number): void {
    transaction.moves++;
    const group = groupOfRoot(root);
    if (group === undefined) return;
    transaction.rowMoves++;
    transaction.groupMoves[group]++;
  }

  /** Comes before the removal: after a rollback the group counts one too many, which costs its owner a longer backup. */
  function countRemoval(arena: Arena, root: number): void {
    if (groupOfRoot(root) !== undefined) arena.i32[root - GROUP_ROOT + GROUP_REMOVALS] += 1;
  }

  /**
   * Searches pass over deleted rows. Where one would end behind this row anyway, neither it nor deleted ones right before it are needed:
   * a table whose rows come and go, as those of windows do, is searched as fast as one that they have never left.
   */
  function emptySlots(arena: Arena, root: number, row: number, tag: number): void {
    const { i32 } = arena;
    locate(i32, root, tag);
    const slot = (row - base) / cells;
    if (i32[base + ((slot + 1) & mask) * cells + ROW_TAG] !== TAG_EMPTY) return;
    i32[row + ROW_TAG] = TAG_EMPTY;
    let emptied = 1;
    for (let before = (slot - 1) & mask; ; before = (before - 1) & mask) {
      const cell = base + before * cells + ROW_TAG;
      if (i32[cell] !== TAG_DELETED) break;
      undo.save(arena.id, i32, cell, 1);
      i32[cell] = TAG_EMPTY;
      emptied++;
    }
    grown.count(arena, root, tag, -emptied);
  }

  // Where rows with a tag are: the first cell, and the slots - 1.
  let base = 0;
  let mask = 0;
  function locate(i32: Int32Array, root: number, tag: number): void {
    const log = i32[root + ROOT_LOG_ROWS];
    base = i32[isDirectory(log) ? firstCell(layout, i32, root, tag) : root + ROOT_ADDRESS] * 2;
    mask = (1 << (isDirectory(log) ? layout.segment.logSlots : log)) - 1;
  }

  const textCells = externalCells([...keys, ...layout.fields]);
  const tables = layout.tables.map((each) => ({
    name: each.name,
    cell: each.cell,
    table: generateTable(`${name}/${each.name}`, each.layout, transaction, true),
  }));

  function freeContents(arena: Arena, row: number): void {
    for (const cell of textCells) clearValue(allocator, arena, row + cell);
    for (const { cell, table } of tables) table.clear(arena, row + cell);
  }

  function next(arena: Arena, root: number, slot: number, end = Number.POSITIVE_INFINITY): number {
    return nextRow(layout, arena.i32, root, slot, end);
  }

  function tagged(arena: Arena, root: number, tag: number, after = -1): number {
    const { i32 } = arena;
    if (i32[root + ROOT_ADDRESS] === 0) return -1;
    locate(i32, root, tag);
    let slot = after < 0 ? tag & mask : ((after - base) / cells + 1) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const p = base + slot * cells;
      const found = i32[p + ROW_TAG];
      if (found === tag) return p;
      if (found === TAG_EMPTY) return -1;
    }
  }

  function slotOf(arena: Arena, root: number, row: number): number {
    return slotOfRow(layout, arena.i32, root, row);
  }

  return {
    layout,
    insertions,
    tables,
    find: generated.find,
    firstProbe: generated.firstProbe,
    upsert: generated.upsert,
    touch(arena, row, stamp) {
      if (arena.i32[row + ROW_STAMP] !== stamp) generated.save(arena, row, stamp);
    },
    remove(arena, root, row, stamp) {
      if (arena.i32[row + ROW_STAMP] !== stamp) generated.save(arena, row, stamp);
      countRemoval(arena, root);
      const tag = arena.i32[row + ROW_TAG];
      freeContents(arena, row);
      arena.i32.fill(0, row + 2, row + cells);
      arena.i32[row + ROW_TAG] = TAG_DELETED;
      arena.i32[root + ROOT_LIVE] -= 1;
      emptySlots(arena, root, row, tag);
      moved(root);
    },
    clear(arena, root) {
      if (arena.i32[root + ROOT_ADDRESS] === 0) return;
      countRemoval(arena, root);
      for (let row = next(arena, root, 0); row >= 0; row = next(arena, root, slotOf(arena, root, row) + 1)) {
        // The rows' cells are not changed, only what they point to is freed: the extent keeps their images.
        freeExtentsOf(arena, row);
      }
      grown.free(arena, root);
      moved(root);
    },
    reserve: grown.reserve,
    place: grown.place,
    next,
    tagged,
    slotOf,
    slots: (arena, root) => slotsOf(layout, arena.i32, root),
    extentAt: (arena, root, slot) => extentOfSlot(layout, arena.i32, root, slot),
  };

  function freeExtentsOf(arena: Arena, row: number): void {
    if (textCells.length === 0 && tables.length === 0) return;
    generated.save(arena, row, 0);
    freeContents(arena, row);
  }
}
