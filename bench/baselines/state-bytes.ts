// A process that holds a row {count, sum} of each of so many keys: `node --expose-gc state-bytes.js millrace string 3000000`. It ends
// with one line, the bytes by which its resident set has grown. A process of its own, since what another contender has left
// would count as well.

import {
  allocateArenas,
  allocateTransaction,
  GROUP_ROOT,
  groupHeader,
  keyedAccess,
  keyedState,
  keyGroupFinder,
  mix32,
  rowLayout,
  Schema,
  Transaction,
  t,
} from '../micro/internals.ts';

/** Rows of one transaction. */
const BATCH = 4096;
const STATE_BYTES = 2 ** 32 - 2 ** 16;

type Key = number | string;

/** Spread over 32 bits; a text has 16 characters. */
const KEYS: Readonly<Record<string, (index: number) => Key>> = {
  number: (index) => mix32(index) >>> 0,
  string: (index) => `key-${String(index).padStart(12, '0')}`,
};

/** Keyed state outside of any job. Returns what reads it back. */
function ours(keyOf: (index: number) => Key, count: number): (index: number) => number {
  const transaction = new Transaction('bytes', allocateTransaction(allocateArenas(STATE_BYTES)));
  const key = typeof keyOf(0) === 'number' ? t.u32() : t.string();
  const layout = rowLayout('bytes', Schema.of({ key }, 'key').fields, { count: t.u32(), sum: t.f64() }, {});
  const { table } = keyedState('bytes', layout, transaction);
  const access = keyedAccess('bytes', table);
  const groupOf = keyGroupFinder('bytes', layout.keys);
  const [countCell, sumCell] = layout.fields.map(({ cell }) => cell);
  for (let from = 0, number = 1; from < count; from += BATCH, number++) {
    transaction.begin(number);
    for (let i = from; i < Math.min(count, from + BATCH); i++) {
      const group = groupOf([keyOf(i)]);
      const arena = transaction.arenaOf(group);
      const stamp = transaction.stamps[group] || transaction.openGroup(group);
      const row = access.upsert(arena, groupHeader(group) + GROUP_ROOT, stamp, keyOf(i));
      arena.i32[row + countCell] = i;
      arena.f64[(row + sumCell) >> 1] = i;
    }
  }
  return (index) => {
    const group = groupOf([keyOf(index)]);
    const arena = transaction.arenaOf(group);
    return arena.i32[access.find(arena, groupHeader(group) + GROUP_ROOT, keyOf(index)) + countCell];
  };
}

function theirs(keyOf: (index: number) => Key, count: number): (index: number) => number {
  const rows = new Map<Key, { count: number; sum: number }>();
  for (let i = 0; i < count; i++) rows.set(keyOf(i), { count: i, sum: i + 0.5 });
  return (index) => rows.get(keyOf(index))?.count ?? -1;
}

const [, , kind, keyKind, keys] = process.argv;
const count = Number(keys);
const keyOf = KEYS[keyKind];
const make = kind === 'Map' ? theirs : ours;
// What code takes is not what keys take.
make(keyOf, 1000);
globalThis.gc?.();
const before = process.memoryUsage.rss();
const read = make(keyOf, count);
globalThis.gc?.();
const bytes = process.memoryUsage.rss() - before;
for (let i = 0; i < count; i++) if (read(i) !== i) throw new Error(`the row of key ${i} is not what was written`);
console.log(bytes);
