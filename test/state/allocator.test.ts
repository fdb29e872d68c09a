// Goal: extents never overlap, what a transaction frees is not reused before its commit, and nothing leaks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sizeClassOf, sizeOfClass } from '../../src/state/memory/allocator.ts';
import { allocateArenas, STATE_BYTES_MAX, STATE_BYTES_MIN } from '../../src/state/memory/arena.ts';
import { allocateTransaction, Transaction } from '../../src/state/transaction/transaction.ts';
import { runs } from '../kit/arbitraries.ts';
import { FOUR_ARENAS_BYTES } from '../kit/store.ts';

test('size classes are monotonic, hold what they are for, and waste at most a quarter', () => {
  let last = 0;
  for (let words = 1; words < 100_000; words++) {
    const sizeClass = sizeClassOf(words);
    const size = sizeOfClass(sizeClass);
    assert.ok(sizeClass >= last && size >= words, `${words} words`);
    assert.ok(words <= 4 || size <= words * 1.25, `${words} words take ${size}`);
    assert.equal(sizeClassOf(size), sizeClass);
    last = sizeClass;
  }
});

interface Extent {
  arena: number;
  address: number;
  words: number;
  /** What its words hold. */
  mark: number;
}

const step = fc.record({
  arena: fc.nat({ max: 3 }),
  words: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 1, arbitrary: fc.constantFrom(1000, 1024, 1025, 3000, 8192, 9000) },
  ),
  pick: fc.nat(),
  frees: fc.boolean(),
});
const transactions = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 60 }),
    end: fc.constantFrom('commit', 'commit', 'rollback', 'rollback twice', 'crash'),
  }),
  { maxLength: 12 },
);

test('extents are zeroed, never overlap, keep their contents, and those freed in a transaction wait for its commit', () => {
  fc.assert(
    fc.property(transactions, (list) => {
      const memory = allocateTransaction(allocateArenas(FOUR_ARENAS_BYTES));
      let transaction = new Transaction('test', memory);
      let committed = 0;
      let live: Extent[] = [];
      let mark = 0;
      const check = (extents: readonly Extent[]): void => {
        for (const { arena, address, words, mark } of extents) {
          const { f64 } = transaction.arenas[arena];
          for (let i = 0; i < words; i++) assert.equal(f64[address + i], mark);
        }
      };
      for (const { steps, end } of list) {
        const before = [...live];
        const freed: Extent[] = [];
        transaction.begin(committed + 1);
        for (const { arena: id, words, pick, frees } of steps) {
          const arena = transaction.arenas[id];
          if (frees && live.length > 0) {
            const [extent] = live.splice(pick % live.length, 1);
            freed.push(extent);
            transaction.allocator.free(transaction.arenas[extent.arena], extent.address, extent.words);
            continue;
          }
          const address = transaction.allocator.allocate(arena, words);
          assert.ok(address > 0);
          for (const other of [...live, ...freed]) {
            if (other.arena !== id) continue;
            const size = sizeOfClass(sizeClassOf(other.words));
            assert.ok(
              address + words <= other.address || other.address + size <= address,
              'no overlap with what is live or freed just now',
            );
          }
          for (let i = 0; i < words; i++) assert.ok(Object.is(arena.f64[address + i], 0), 'zeroed');
          mark++;
          arena.f64.fill(mark, address, address + words);
          live.push({ arena: id, address, words, mark });
        }
        check(live);
        if (end === 'commit') {
          committed++;
          continue;
        }
        if (end === 'crash') transaction = new Transaction('test', memory);
        transaction.rollback(committed);
        if (end === 'rollback twice') transaction.rollback(committed);
        live = before;
        check(live);
      }
    }),
    runs(300),
  );
});

/** Runs `cycle` in transactions and returns the bytes that all arenas hold after the first tenth and at the end. */
function growth(
  cycles: number,
  isCommitted: (i: number) => boolean,
  cycle: (transaction: Transaction, i: number) => void,
): [number, number] {
  const transaction = new Transaction('test', allocateTransaction(allocateArenas(FOUR_ARENAS_BYTES)));
  const used = (): number => transaction.arenas.reduce((sum, arena) => sum + arena.usedBytes, 0);
  let committed = 0;
  let early = 0;
  for (let i = 0; i < cycles; i++) {
    transaction.begin(committed + 1);
    cycle(transaction, i);
    if (isCommitted(i)) committed++;
    else transaction.rollback(committed);
    if (i === cycles / 10) early = used();
  }
  return [early, used()];
}

const sizes = (i: number): number => [3, 9, 40, 700, 1500, 9000][i % 6];

test('rolled-back allocations of every size leak nothing', () => {
  const [early, late] = growth(
    10_000,
    () => false,
    (transaction, i) => {
      for (let k = 0; k < 6; k++) transaction.allocator.allocate(transaction.arenas[k % 4], sizes(i + k));
    },
  );
  assert.equal(late, early);
});

test('extents that are replaced in every transaction are reused, committed or not', () => {
  const held = new Map<string, number>();
  const replace = (transaction: Transaction, i: number, keeps: boolean): void => {
    for (let k = 0; k < 6; k++) {
      const words = sizes(k);
      const arena = transaction.arenas[(i + k) % 4];
      const slot = `${arena.id}/${words}`;
      const old = held.get(slot);
      if (old !== undefined) transaction.allocator.free(arena, old, words);
      const address = transaction.allocator.allocate(arena, words);
      if (keeps) held.set(slot, address);
    }
  };
  const commits = (i: number): boolean => i % 3 !== 1;
  const [early, late] = growth(10_000, commits, (transaction, i) => replace(transaction, i, commits(i)));
  assert.equal(late, early);
});

test('many extents freed and allocated at once reach a bound', () => {
  let held: number[] = [];
  const [early, late] = growth(
    2000,
    () => true,
    (transaction, i) => {
      const [arena] = transaction.arenas;
      const fresh: number[] = [];
      const isFreedFirst = i % 2 === 0;
      if (isFreedFirst) for (const address of held) transaction.allocator.free(arena, address, 6);
      for (let k = 0; k < 50; k++) fresh.push(transaction.allocator.allocate(arena, 6));
      if (!isFreedFirst) for (const address of held) transaction.allocator.free(arena, address, 6);
      held = fresh;
    },
  );
  assert.equal(late, early);
});

test('a rollback that is repeated leaves the free lists whole', () => {
  // An extent taken, written and freed in one transaction has an image in the undo log and joins a free list at rollback.
  const memory = allocateTransaction(allocateArenas(FOUR_ARENAS_BYTES));
  const transaction = new Transaction('test', memory);
  transaction.begin(1);
  const [arena] = transaction.arenas;
  const words = 2000;
  const address = transaction.allocator.allocate(arena, words);
  arena.i32[address << 1] = 12345;
  transaction.allocator.free(arena, address, words);
  transaction.rollback(0);
  const adopter = new Transaction('test', memory);
  adopter.rollback(0);
  adopter.begin(1);
  const seen = new Set<number>();
  for (let i = 0; i < 5; i++) {
    const next = adopter.allocator.allocate(adopter.arenas[0], words);
    assert.ok(next + words <= adopter.arenas[0].usedBytes / 8, 'an address within the arena');
    for (const other of seen) assert.ok(Math.abs(next - other) >= words);
    seen.add(next);
  }
});

test('an arena at its limit is STATE_FULL with operator and option', () => {
  const transaction = new Transaction('count', allocateTransaction(allocateArenas(STATE_BYTES_MIN)));
  transaction.begin(1);
  assert.throws(
    () => {
      for (;;) transaction.allocator.allocate(transaction.arenas[0], 500);
    },
    { code: 'STATE_FULL', message: /operator 'count'.*raise 'stateBytes'/ },
  );
});

test('stateBytes out of range is refused', () => {
  for (const bytes of [0, STATE_BYTES_MIN - 1, STATE_BYTES_MAX + 1, Number.NaN]) {
    assert.throws(() => allocateArenas(bytes), { code: 'BAD_OPTION', message: /stateBytes/ });
  }
});
