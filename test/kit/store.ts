// Goal: keyed state as the runtime uses it, in one thread, with explicit transactions, crashes and adoptions; and the same
// contents as plain values, to compare with a model.

import type { MillraceError } from '../../src/errors.ts';
import { reuseScripts } from '../../src/mailbox/codegen.ts';
import { combine32, KEY_GROUPS, keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
import { Schema, type Shape } from '../../src/mailbox/schema.ts';
import { allocateArenas, GROUP_ROOT, GROUP_STAMP, groupHeader } from '../../src/state/memory/arena.ts';
import { type KeyedState, keyedState } from '../../src/state/rows/keyed-state.ts';
import { type RowLayout, rowLayout, type TableDefinition } from '../../src/state/rows/row-layout.ts';
import { type KeyedAccess, keyedAccess } from '../../src/state/rows/state-table.ts';
import { allocateTransaction, Transaction, type TransactionMemory } from '../../src/state/transaction/transaction.ts';
import { hashOfKey } from './sample-fields.ts';

// Many stores have one layout: compiling took half of the time of those that use it.
reuseScripts();

export const ALL_GROUPS = Array.from({ length: KEY_GROUPS }, (_, group) => group);

/** So much that it takes several arenas; address space, not memory. */
export const FOUR_ARENAS_BYTES = 2 ** 33;

export type Row = Record<string, unknown>;
/** A sub-keyed table without its types. */
export interface AnyTable extends Iterable<Row> {
  get(...key: unknown[]): Row | undefined;
  upsert(...key: unknown[]): Row;
  has(...key: unknown[]): boolean;
  delete(...key: unknown[]): boolean;
  clear(): void;
  slice(part: number, parts: number): Iterable<Row>;
  readonly size: number;
}

export interface StoreShape {
  key: Shape;
  state: Shape;
  tables?: Readonly<Record<string, TableDefinition>>;
  /** log2 of the slots of a segment: with few, small tables have a directory. */
  logSlots?: number;
}

export class Store {
  readonly memory: TransactionMemory;
  readonly transaction: Transaction;
  readonly state: KeyedState;
  readonly layout: RowLayout;
  committed: number;
  private readonly shape: StoreShape;
  private readonly access: KeyedAccess;

  constructor(shape: StoreShape, memory?: TransactionMemory, committed = 0, stateBytes = FOUR_ARENAS_BYTES) {
    this.shape = shape;
    this.committed = committed;
    this.memory = memory ?? allocateTransaction(allocateArenas(stateBytes));
    this.transaction = new Transaction('test', this.memory);
    const { key, state, tables, logSlots } = shape;
    this.layout = rowLayout("operator 'test'", Schema.of(key, 'key').fields, state, tables ?? {}, { logSlots });
    this.state = keyedState('test', this.layout, this.transaction);
    this.access = keyedAccess('test', this.state.table);
  }

  /** What another thread makes of the shared memory when this one has died. */
  adopt(): Store {
    return new Store(this.shape, this.memory, this.committed);
  }

  begin(): void {
    this.transaction.begin((this.committed + 1) | 0);
  }

  commit(): void {
    this.state.expire();
    this.committed = (this.committed + 1) | 0;
  }

  rollback(): void {
    this.state.expire();
    this.transaction.rollback(this.committed);
  }

  hash(key: readonly unknown[]): number {
    const [first, second] = this.layout.keys.map(({ codec }, i) => hashOfKey(codec.label, key[i]));
    return second === undefined ? first : combine32(first, second);
  }

  group(key: readonly unknown[]): number {
    return keyGroupOf(this.hash(key));
  }

  /** The state object at a key's row, as a closure gets it. */
  at(...key: unknown[]): Row {
    const { transaction, state } = this;
    const group = this.group(key);
    const stamp = this.open(group);
    const arena = transaction.arenaOf(group);
    state.resume();
    const view = state.views[transaction.arenaOf(group).id];
    view.row = this.access.upsert(arena, groupHeader(group) + GROUP_ROOT, stamp, ...key);
    transaction.stamp = stamp;
    return view as unknown as Row;
  }

  open(group: number): number {
    return this.transaction.stamps[group] || this.transaction.openGroup(group);
  }

  find(...key: unknown[]): number {
    const group = this.group(key);
    return this.access.find(this.transaction.arenaOf(group), groupHeader(group) + GROUP_ROOT, ...key);
  }

  remove(...key: unknown[]): boolean {
    const row = this.find(...key);
    if (row < 0) return false;
    const group = this.group(key);
    this.transaction.stamp = this.open(group);
    this.state.remove(group, row);
    return true;
  }

  /** Everything, as plain values: a map of keys to fields and tables. */
  contents(): Map<string, Row> {
    const all = new Map<string, Row>();
    const tables = Object.entries(this.shape.tables ?? {});
    for (const arena of this.transaction.arenas) arena.refresh();
    this.state.resume();
    for (const group of ALL_GROUPS) {
      this.state.forEachRow(group, 0, (key, arena, row) => {
        if (this.group(key) !== group) throw new Error(`key ${String(key)} in group ${group}`);
        const view = this.state.views[arena.id];
        view.row = row;
        const from = view as unknown as Row;
        const values: Row = Object.fromEntries(Object.keys(this.shape.state).map((name) => [name, from[name]]));
        for (const [name, { key: subKey, row: subRow }] of tables) {
          const table = from[name] as AnyTable;
          const rows = [...table].map((each): [string, Row] => [
            nameOf(Object.keys(subKey).map((field) => each[field])),
            Object.fromEntries(Object.keys(subRow).map((field) => [field, each[field]])),
          ]);
          if (rows.length !== table.size) throw new Error(`${rows.length} rows, size ${table.size}`);
          values[name] = new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
        }
        if (all.has(nameOf(key))) throw new Error(`key ${String(key)} twice`);
        all.set(nameOf(key), values);
        return true;
      });
    }
    this.state.expire();
    return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Bytes that the allocators have taken from all arenas. */
  usedBytes(): number {
    return this.transaction.arenas.reduce((sum, arena) => sum + arena.usedBytes, 0);
  }

  setStampCounter(group: number, value: number): void {
    this.transaction.arenaOf(group).i32[groupHeader(group) + GROUP_STAMP] = value;
  }
}

/** One string per key, equal exactly if the keys are: NaN is one value, and -0 is 0. */
export const nameOf = (key: readonly unknown[]): string =>
  JSON.stringify(
    key.map((each) => {
      if (typeof each === 'string' || each === null || each instanceof Date) return each;
      return String(each === 0 ? 0 : each);
    }),
  );

/** The first `count` u32 keys of a key group. */
export function keysOfGroup(group: number, count: number): number[] {
  const keys: number[] = [];
  for (let key = 0; keys.length < count; key++) if (keyGroupOf(mix32(key)) === group) keys.push(key);
  return keys;
}

export const codeIs =
  (code: string) =>
  (error: unknown): boolean =>
    (error as MillraceError).code === code;

/** The cells of all arenas, for comparing whole images; without the stamp counters, which only ever grow. */
export function imageOf(store: Store): Int32Array[] {
  return store.transaction.arenas.map((arena) => {
    const cells = arena.i32.slice();
    for (const group of ALL_GROUPS)
      if (store.transaction.arenaOf(group) === arena) cells[groupHeader(group) + GROUP_STAMP] = 0;
    return cells;
  });
}
