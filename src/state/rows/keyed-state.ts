// The keyed state of one replica: one row for each key of the key groups that it owns.
// Promises: within a transaction, `row` positions the state object at a key's row, inserted if missing and saved to the
// undo log; the JS string of a repeated text key is made once.
// Relies on: the transaction is open; the caller checks ownership of the key's group.

import { errors } from '../../errors.ts';
import { generateRowImages, type RowImages } from '../images/row-image.ts';
import { type Arena, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import { generateTable, type Table } from '../memory/table.ts';
import { readText } from '../memory/values.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { generateRowClass, type RowView } from './row-class.ts';
import { ROW_STAMP, type RowLayout } from './row-layout.ts';
import { keyValuesReader, type StateTable, stateTableFactory } from './state-table.ts';

/** Strings of text keys that are kept, by hash: at first and at most, powers of two. */
const KEY_STRINGS_MIN = 1 << 9;
const KEY_STRINGS_MAX = 1 << 15;

/** The row of a state object that stands at none: so far below 0 that no cell of it is a cell of an arena. */
const NO_ROW = -(2 ** 30);

export interface KeyedState {
  readonly transaction: Transaction;
  readonly table: Table;
  /** Encoder and decoder of its rows. */
  readonly images: RowImages;
  /** The state object of each arena; point its `row` at a row before a closure gets it. */
  readonly views: readonly RowView[];
  /** The JS string of a row's text key: the k-th key, of group g, whose hash is `hash`. */
  keyText(k: number, group: number, hash: number, row: number): string;
  /**
   * Calls `visit` with the key values and row of each key of a group, from slot `fromSlot` on, while it returns true.
   * @returns the slot after the last one visited if `visit` returned false, else -1
   */
  forEachRow(
    group: number,
    fromSlot: number,
    visit: (key: readonly unknown[], arena: Arena, row: number) => boolean,
  ): number;
  /** Removes the row of a key: what a closure asked for by `remove()`. */
  remove(group: number, row: number): void;
  /** Makes the state objects usable: closures are about to run. */
  resume(): void;
  /** Makes any use of the state outside of a closure an error. */
  expire(): void;
}

/** Makes the keyed state of one replica over its operator's shared memory. */
export function keyedState(operator: string, layout: RowLayout, transaction: Transaction): KeyedState {
  const table = generateTable(operator, layout, transaction);
  const factories = table.tables.map(({ cell, table: sub }) => ({
    cell,
    make: stateTableFactory(operator, sub, transaction),
  }));
  const State = generateRowClass<[Arena, number], RowView>(operator, layout, transaction, {
    construct: "constructor(arena, row) { this.arena = arena; this.row = row; this['@tables'] = tablesOf(this); }",
    arena: 'this.arena',
    locate: 'const p = this.row;',
    save: '',
    keys: [],
    constants: {
      tablesOf: (view: RowView): StateTable<never, never>[] =>
        factories.map(({ cell, make }) => make(view, cell) as unknown as StateTable<never, never>),
    },
  });
  const expired = expiredArena(operator);
  const views = transaction.arenas.map((arena) => new State(arena, NO_ROW));
  const valuesOf = keyValuesReader(operator, layout);
  const keyTexts = layout.keys.map((key) => keyTextCache(key.cell, transaction));

  const forEachRow: KeyedState['forEachRow'] = (group, fromSlot, visit) => {
    const arena = transaction.arenaOf(group);
    const root = groupHeader(group) + GROUP_ROOT;
    let row = table.next(arena, root, fromSlot);
    while (row >= 0) {
      const slot = table.slotOf(arena, root, row);
      if (!visit(valuesOf(arena, row), arena, row)) return slot + 1;
      row = table.next(arena, root, slot + 1);
    }
    return -1;
  };

  transaction.clearStamps = (group) => {
    forEachRow(group, 0, (_, arena, row) => {
      arena.i32[row + ROW_STAMP] = 0;
      for (const { cell, table: sub } of table.tables) {
        let at = sub.next(arena, row + cell, 0);
        while (at >= 0) {
          arena.i32[at + ROW_STAMP] = 0;
          at = sub.next(arena, row + cell, sub.slotOf(arena, row + cell, at) + 1);
        }
      }
      return true;
    });
  };

  // Generated when they are needed first: most replicas start without.
  let images: RowImages | undefined;

  return {
    transaction,
    table,
    get images() {
      images ??= generateRowImages(operator, table, transaction);
      return images;
    },
    views,
    keyText: (k, group, hash, row) => keyTexts[k](group, hash, row),
    forEachRow,
    remove(group, row) {
      const arena = transaction.arenaOf(group);
      table.remove(arena, groupHeader(group) + GROUP_ROOT, row, transaction.stamps[group]);
    },
    resume() {
      for (let id = 0; id < views.length; id++) views[id].arena = transaction.arenas[id];
    },
    expire() {
      for (let id = 0; id < views.length; id++) {
        views[id].row = NO_ROW;
        views[id].arena = expired;
      }
    },
  };
}

/** Stands in for a state object's arena outside of closures, so that accessors need no check of their own. */
function expiredArena(operator: string): Arena {
  const stale = (): never => {
    throw errors.staleState(operator);
  };
  const properties = ['i32', 'u32', 'f64', 'u8', 'text'].map((name) => [name, { get: stale }] as const);
  return Object.create(null, Object.fromEntries(properties)) as Arena;
}

/**
 * A direct-mapped cache of text keys. An entry counts only while no row of its group has moved or been deleted.
 * It begins small and grows with what it misses: most replicas have few keys, and a recovering one has no time.
 */
function keyTextCache(cell: number, transaction: Transaction): (group: number, hash: number, row: number) => string {
  const { groupMoves } = transaction;
  let size = 0;
  let misses = 0;
  // One entry is {hash, row, moves of its group, unused}: a look-up reads one cache line.
  let entries: Int32Array;
  let texts: string[];
  const grow = (): void => {
    size = Math.min(KEY_STRINGS_MAX, Math.max(KEY_STRINGS_MIN, size * 8));
    misses = 0;
    entries = new Int32Array(size * 4).fill(-1);
    texts = new Array(size).fill('');
  };
  grow();
  return (group, hash, row) => {
    const index = hash & (size - 1);
    const at = index << 2;
    if (entries[at] === hash && entries[at + 1] === row && entries[at + 2] === groupMoves[group]) return texts[index];
    const text = readText(transaction.arenaOf(group), row + cell);
    entries[at] = hash;
    entries[at + 1] = row;
    entries[at + 2] = groupMoves[group];
    texts[index] = text;
    misses += 1;
    if (misses > size && size < KEY_STRINGS_MAX) grow();
    return text;
  };
}
