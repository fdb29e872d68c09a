// What users see of a sub-keyed table: get, upsert, has, delete, clear, size, and iteration over the rows of one key.
// Promises: a row reference stays right when the table grows (it finds its row again), and throws once its row is deleted
// or the state object has left its key.
// Relies on: the parent row is saved to the undo log before a closure gets it.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { combine32, hashDouble, hashString, keyHashCode, mix32 } from '../../mailbox/hash.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';
import type { Arena } from '../memory/arena.ts';
import type { Table } from '../memory/table.ts';
import { readText } from '../memory/values.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { generateRowClass, type RowView } from './row-class.ts';
import { ROOT_ADDRESS, ROOT_LIVE, type RowLayout } from './row-layout.ts';

/** The values of a table's key fields, in the order of their declaration. */
type KeyValues<Key extends Shape> = readonly TupleOf<Key>[keyof Key][];

/** The rows of one table under one key of the operator. Valid within the closure that got the state. */
export interface StateTable<Key extends Shape, Row extends Shape>
  extends Iterable<TupleOf<Row> & Readonly<TupleOf<Key>>> {
  /** The row of a key, or undefined. */
  get(...key: KeyValues<Key>): (TupleOf<Row> & Readonly<TupleOf<Key>>) | undefined;
  /** The row of a key, inserted with zero, empty, false or null fields if it is missing. */
  upsert(...key: KeyValues<Key>): TupleOf<Row> & Readonly<TupleOf<Key>>;
  /** True if there is a row of a key. */
  has(...key: KeyValues<Key>): boolean;
  /** Removes a row. Returns false if there was none. */
  delete(...key: KeyValues<Key>): boolean;
  /** Removes all rows. */
  clear(): void;
  /**
   * The rows of part `part` (0 to `parts` - 1) of `parts`, in no order: to go through a large table a little at a time, such as
   * for rows that are out of date. Each row is in one part, and stays there until the table grows.
   * @throws MillraceError `BAD_VALUE` unless both are integers and 0 <= part < parts
   */
  slice(part: number, parts: number): Iterable<TupleOf<Row> & Readonly<TupleOf<Key>>>;
  /** The number of rows. */
  readonly size: number;
}

/** Makes the StateTable of one table for the row that `parent` points at. */
export type StateTableFactory = (parent: RowView, rootCell: number) => StateTable<Shape, Shape>;

/** A table's operations with keys given as values. */
export interface KeyedAccess {
  find(arena: Arena, root: number, ...key: readonly unknown[]): number;
  upsert(arena: Arena, root: number, stamp: number, ...key: readonly unknown[]): number;
}

/** Generates find and upsert that take key values, validate them and hash them as the encoder does. */
export function keyedAccess(operator: string, table: Table): KeyedAccess {
  const { keys } = table.layout;
  const parameters = keys.map((_, i) => `v${i}`).join(', ');
  const prepare = keys.map(({ key, codec }, i) =>
    `if (${codec.invalid(`v${i}`, i)}) badKey(${i}, v${i}); ${key.prepare(`v${i}`, i)}`.trimEnd(),
  );
  const hash = keyHashCode(keys.map(({ key }, i) => key.hashOfValue(`v${i}`, i)));
  const stored = keys.map(({ key }, i) => key.ofValue(`v${i}`, i));
  const body = `return {
find(arena, root, ${parameters}) { ${prepare.join(' ')} return find(arena, root, ${hash}, ${stored.join(', ')}); },
upsert(arena, root, stamp, ${parameters}) { ${prepare.join(' ')} return upsert(arena, root, ${hash}, stamp, ${stored.join(', ')}); },
};`;
  const constants = {
    find: table.find,
    upsert: table.upsert,
    mix32,
    hashDouble,
    hashString,
    combine32,
    ...constantsOf(keys, operator),
    ...Object.assign({}, ...keys.map(({ key }, i) => key.constants(i))),
    badKey: (i: number, value: unknown) => {
      const { name, codec } = keys[i];
      throw errors.badValue(operator, name, value, codec.label, codec.rule);
    },
  };
  return generate(`${operator}/access`, constants, body);
}

/** The values of a row's key fields. */
export function keyValuesReader(name: string, layout: RowLayout): (arena: Arena, row: number) => unknown[] {
  const { keys } = layout;
  const values = keys.map(({ cell, codec }, i) => codec.cell.read(`p + ${cell}`, i)).join(', ');
  return generate(`${name}/keys`, { ...constantsOf(keys, name), readText }, `return (arena, p) => [${values}];`);
}

interface RowReference {
  readonly '@table': { readonly parent: RowView; readonly root: number };
  readonly '@key': readonly unknown[];
  '@row': number;
  /** Of the key and the transaction that were in work then. */
  '@parentRow': number;
  '@stamp': number;
  /** The transaction's `moves` when the row was found. */
  '@moves': number;
}

/** The row of the key that was in work tells whether it still is; so does the stamp, if the next key is of another arena. */
const CONSTRUCT_REFERENCE = `constructor(table, row, key) {
this['@table'] = table; this['@key'] = key; this['@row'] = row; this['@moves'] = transaction.moves;
this['@parentRow'] = table.parent.row; this['@stamp'] = transaction.stamp;
}`;
const LOCATE_REFERENCE = `
const parent = this['@table'].parent;
if (parent.row !== this['@parentRow'] || this['@stamp'] !== transaction.stamp) stale();
if (this['@moves'] !== transaction.moves) relocate(this);
const p = this['@row'];`;

/** Makes the factory of StateTables with one layout. */
export function stateTableFactory(operator: string, table: Table, transaction: Transaction): StateTableFactory {
  const { layout } = table;
  const access = keyedAccess(operator, table);
  const valuesOf = keyValuesReader(operator, layout);
  const RowClass = generateRowClass<[Rows, number, readonly unknown[]], RowReference>(operator, layout, transaction, {
    construct: CONSTRUCT_REFERENCE,
    arena: "this['@table'].parent.arena",
    locate: LOCATE_REFERENCE,
    save: 'touch(arena, p, transaction.stamp);',
    keys: layout.keys,
    constants: { relocate, touch: table.touch },
  });

  class Rows implements StateTable<Shape, Shape> {
    readonly parent: RowView;
    private readonly rootCell: number;
    private moved: RowReference | undefined;

    constructor(parent: RowView, rootCell: number) {
      this.parent = parent;
      this.rootCell = rootCell;
    }

    get root(): number {
      const { row } = this.parent;
      if (row < 0) throw errors.staleState(operator);
      return row + this.rootCell;
    }

    get size(): number {
      return this.parent.arena.i32[this.root + ROOT_LIVE];
    }

    get(...key: unknown[]): TupleOf<Shape> | undefined {
      const row = access.find(this.parent.arena, this.root, ...key);
      return row < 0 ? undefined : this.reference(row, key);
    }

    upsert(...key: unknown[]): TupleOf<Shape> {
      const row = access.upsert(this.parent.arena, this.root, transaction.stamp, ...key);
      return this.reference(row, key);
    }

    has(...key: unknown[]): boolean {
      return access.find(this.parent.arena, this.root, ...key) >= 0;
    }

    delete(...key: unknown[]): boolean {
      const row = access.find(this.parent.arena, this.root, ...key);
      if (row < 0) return false;
      table.remove(this.parent.arena, this.root, row, transaction.stamp);
      return true;
    }

    clear(): void {
      table.clear(this.parent.arena, this.root);
    }

    [Symbol.iterator](): Generator<TupleOf<Shape>> {
      return this.slice(0, 1);
    }

    slice(part: number, parts: number): Generator<TupleOf<Shape>> {
      if (!Number.isInteger(parts) || !Number.isInteger(part) || part < 0 || part >= parts)
        throw errors.badSlice(operator, part, parts);
      return this.rowsOf(part, parts);
    }

    private *rowsOf(part: number, parts: number): Generator<TupleOf<Shape>> {
      const { arena } = this.parent;
      const extent = arena.i32[this.root + ROOT_ADDRESS];
      const slots = table.slots(arena, this.root);
      const end = Math.floor(((part + 1) * slots) / parts);
      let row = table.next(arena, this.root, Math.floor((part * slots) / parts), end);
      while (row >= 0) {
        const slot = table.slotOf(arena, this.root, row);
        const segment = table.extentAt(arena, this.root, slot);
        yield this.reference(row, valuesOf(arena, row));
        if (arena.i32[this.root + ROOT_ADDRESS] !== extent || table.extentAt(arena, this.root, slot) !== segment) {
          throw errors.tableChanged(operator);
        }
        row = table.next(arena, this.root, slot + 1, end);
      }
    }

    /**
     * The first row, as an object that {@link nextRow} moves: for operators of our own, which go through few rows often. The table must
     * not change meanwhile.
     */
    firstRow(): TupleOf<Shape> | undefined {
      return this.rowFrom(0);
    }

    nextRow(): TupleOf<Shape> | undefined {
      const row = this.moved?.['@row'] as number;
      return this.rowFrom(table.slotOf(this.parent.arena, this.root, row) + 1);
    }

    private rowFrom(slot: number): TupleOf<Shape> | undefined {
      const row = table.next(this.parent.arena, this.root, slot);
      if (row < 0) return undefined;
      this.moved ??= new RowClass(this, row, []);
      const { moved } = this;
      moved['@row'] = row;
      moved['@moves'] = transaction.moves;
      moved['@parentRow'] = this.parent.row;
      moved['@stamp'] = transaction.stamp;
      return moved as unknown as TupleOf<Shape>;
    }

    private reference(row: number, key: readonly unknown[]): TupleOf<Shape> {
      return new RowClass(this, row, key) as unknown as TupleOf<Shape>;
    }
  }

  /** Points a reference at its row again after rows have moved. */
  function relocate(reference: RowReference): void {
    const { parent, root } = reference['@table'];
    const row = access.find(parent.arena, root, ...reference['@key']);
    if (row < 0) throw errors.staleState(operator);
    reference['@row'] = row;
    reference['@moves'] = transaction.moves;
  }

  return (parent, rootCell) => new Rows(parent, rootCell);
}
