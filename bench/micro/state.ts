// Subjects `look-up` and `touch`: the row of a key is found; and found, saved to the undo log at its first touch in a
// transaction, and changed. Beside them: a Map of objects. Keys are ids that are spread over 32 bits.

import {
  allocateArenas,
  allocateTransaction,
  GROUP_ROOT,
  groupHeader,
  type KeyedState,
  keyedState,
  keyGroupOf,
  mix32,
  rowLayout,
  Schema,
  Transaction,
  t,
} from './internals.ts';
import type { Subject } from './subject.ts';

/** Look-ups of one call, and touches of one transaction: about what a commit under load covers. */
const BATCH = 4096;
const STATE_BYTES = 2 ** 30;

const SIZES: readonly { readonly keys: number; readonly suffix: string }[] = [
  { keys: 1000, suffix: '1k' },
  { keys: 1_000_000, suffix: '1m' },
];

const idOf = (index: number): number => mix32(index) >>> 0;

/** Keys in an order without pattern, a batch after the other. */
class KeyOrder {
  readonly keys: Uint32Array;
  private at = 0;

  constructor(keys: number) {
    this.keys = Uint32Array.from(
      { length: Math.ceil(keys / BATCH) * BATCH },
      (_, i) => idOf(mix32(i + 1) >>> 0) % keys,
    );
    for (let i = 0; i < this.keys.length; i++) this.keys[i] = idOf(this.keys[i]);
  }

  /** Where the next batch begins. */
  next(): number {
    const from = this.at;
    this.at = from + BATCH < this.keys.length ? from + BATCH : 0;
    return from;
  }
}

/** Keyed state with a count for each of its keys, outside of any job. */
class Counts {
  readonly state: KeyedState;
  readonly transaction: Transaction;
  private readonly cell: number;
  private committed = 0;

  constructor(name: string, keys: number) {
    this.transaction = new Transaction(name, allocateTransaction(allocateArenas(STATE_BYTES)));
    const layout = rowLayout(`operator '${name}'`, Schema.of({ key: t.u32() }, 'key').fields, { count: t.u32() }, {});
    this.state = keyedState(name, layout, this.transaction);
    this.cell = layout.fields[0].cell;
    const all = Uint32Array.from({ length: keys }, (_, index) => idOf(index));
    for (let from = 0; from < keys; from += BATCH) this.touch(all, from, Math.min(keys, from + BATCH));
  }

  /** One transaction that adds 1 to the count of each key. */
  touch(keys: Uint32Array, from: number, to: number): void {
    const { transaction, cell } = this;
    const { table } = this.state;
    transaction.begin(this.committed + 1);
    for (let i = from; i < to; i++) {
      const hash = mix32(keys[i]);
      const group = keyGroupOf(hash);
      const arena = transaction.arenaOf(group);
      const stamp = transaction.stamps[group] || transaction.openGroup(group);
      const row = table.upsert(arena, groupHeader(group) + GROUP_ROOT, hash, stamp, keys[i]);
      arena.i32[row + cell] += 1;
    }
    this.committed += 1;
  }

  /** Adds up the counts of keys. */
  sum(keys: Uint32Array, from: number, to: number): number {
    const { transaction, cell } = this;
    const { table } = this.state;
    let sum = 0;
    for (let i = from; i < to; i++) {
      const hash = mix32(keys[i]);
      const group = keyGroupOf(hash);
      const arena = transaction.arenaOf(group);
      sum += arena.i32[table.find(arena, groupHeader(group) + GROUP_ROOT, hash, keys[i]) + cell];
    }
    return sum;
  }
}

function mapOf(keys: number): Map<number, { count: number }> {
  const rows = new Map<number, { count: number }>();
  for (let index = 0; index < keys; index++) rows.set(idOf(index), { count: 1 });
  return rows;
}

const rowOf = (rows: ReadonlyMap<number, { count: number }>, key: number): { count: number } => {
  const row = rows.get(key);
  if (row === undefined) throw new Error(`the Map has no row of key ${key}`);
  return row;
};

function lookUpOf({ keys, suffix }: (typeof SIZES)[number]): Subject {
  const [counts, rows, order] = [new Counts(`look-up-${suffix}`, keys), mapOf(keys), new KeyOrder(keys)];
  return {
    name: `look-up-${suffix}`,
    unit: 'ns',
    ours: {
      operations: BATCH,
      run: () => {
        const from = order.next();
        return counts.sum(order.keys, from, from + BATCH);
      },
    },
    baselines: {
      Map: {
        operations: BATCH,
        run: () => {
          const from = order.next();
          let sum = 0;
          for (let i = from; i < from + BATCH; i++) sum += rowOf(rows, order.keys[i]).count;
          return sum;
        },
      },
    },
  };
}

function touchOf({ keys, suffix }: (typeof SIZES)[number]): Subject {
  const [counts, rows, order] = [new Counts(`touch-${suffix}`, keys), mapOf(keys), new KeyOrder(keys)];
  return {
    name: `touch-${suffix}`,
    unit: 'ns',
    ours: {
      operations: BATCH,
      run: () => {
        const from = order.next();
        counts.touch(order.keys, from, from + BATCH);
      },
    },
    baselines: {
      Map: {
        operations: BATCH,
        run: () => {
          const from = order.next();
          for (let i = from; i < from + BATCH; i++) rowOf(rows, order.keys[i]).count += 1;
        },
      },
    },
  };
}

/** Made when it is their turn: 1 M keys take a good part of a second. */
export const states: readonly (() => Subject)[] = [
  ...SIZES.map((size) => () => lookUpOf(size)),
  ...SIZES.map((size) => () => touchOf(size)),
];
