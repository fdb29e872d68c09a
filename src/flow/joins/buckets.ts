// Tuples of one stream under their key, in buckets of time: those near a time are found without a look at the others, and those that
// are out of date go bucket by bucket.
// Promises: rows of a bucket are numbered in the order in which they came. What is kept is keyed state, so it is part of the
// transaction, and is moved, restored and taken up like any.

import { type Shape, t } from '../../mailbox/schema.ts';
import { type TableDefinition, table } from '../../state/rows/row-layout.ts';
import type { StateTable } from '../../state/rows/state-table.ts';
import type { KeptFields, Tuple } from '../timed/kept-fields.ts';

/** The row of a tuple. */
export interface KeptRow extends Tuple {
  readonly $bucket: number;
  readonly $nth: number;
  /** Its event time. */
  $at: number;
  /** True once it needs no mate any more: it has met one, or it has been told of without one. */
  $isSettled: boolean;
}

/** What is known of a bucket. */
export interface Bucket {
  readonly $bucket: number;
  $count: number;
  /** No tuple that is not settled is earlier; Infinity if all are settled. */
  $first: number;
}

export type Rows<Row> = Pick<StateTable<Shape, Shape>, 'size' | 'clear'> &
  Iterable<Row> & {
    get(...key: number[]): Row | undefined;
    upsert(...key: number[]): Row;
    delete(...key: number[]): boolean;
  };

/** The state of a key, by the names of its tables. */
export type Kept = Readonly<Record<string, Rows<never>>>;

export class Buckets {
  /** What the operator declares. */
  readonly tables: Readonly<Record<string, TableDefinition>>;
  private readonly name: string;
  private readonly fields: KeptFields;

  /** @param name of its tables */
  constructor(name: string, fields: KeptFields) {
    this.name = name;
    this.fields = fields;
    this.tables = {
      [`$${name}`]: table({ $bucket: t.f64(), $nth: t.u32() }, { $at: t.f64(), $isSettled: t.bool(), ...fields.row }),
      [`$${name}Buckets`]: table({ $bucket: t.f64() }, { $count: t.u32(), $first: t.f64() }),
    };
  }

  private rowsOf(state: Kept): Rows<KeptRow> {
    return state[`$${this.name}`];
  }

  /** The buckets that there are. They must not be dropped meanwhile. */
  of(state: Kept): Rows<Bucket> {
    return state[`$${this.name}Buckets`];
  }

  add(state: Kept, at: number, atMs: number, tuple: Tuple, isSettled: boolean): void {
    const buckets = this.of(state);
    const isNew = buckets.get(at) === undefined;
    const bucket = buckets.upsert(at);
    const row = this.rowsOf(state).upsert(at, bucket.$count);
    bucket.$count += 1;
    row.$at = atMs;
    row.$isSettled = isSettled;
    this.fields.store(row, tuple);
    if (isNew) bucket.$first = Number.POSITIVE_INFINITY;
    if (!isSettled && atMs < bucket.$first) bucket.$first = atMs;
  }

  get(state: Kept, at: number, nth: number): KeptRow | undefined {
    return this.rowsOf(state).get(at, nth);
  }

  /** Calls `visit` with each row of a bucket. It may change the row. */
  each(state: Kept, at: number, visit: (row: KeptRow) => void): void {
    const count = this.of(state).get(at)?.$count ?? 0;
    const rows = this.rowsOf(state);
    for (let nth = 0; nth < count; nth++) {
      const row = rows.get(at, nth);
      if (row !== undefined) visit(row);
    }
  }

  /** Forgets a bucket. */
  drop(state: Kept, at: number): void {
    const buckets = this.of(state);
    const count = buckets.get(at)?.$count ?? 0;
    if (buckets.size === 1) {
      this.rowsOf(state).clear();
      buckets.clear();
      return;
    }
    const rows = this.rowsOf(state);
    for (let nth = 0; nth < count; nth++) rows.delete(at, nth);
    buckets.delete(at);
  }
}
