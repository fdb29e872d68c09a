// Goal: a transaction happens wholly or not at all, whoever rolls it back, however often, and from wherever a crash left it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { t } from '../../src/mailbox/schema.ts';
import { Allocator } from '../../src/state/memory/allocator.ts';
import { GROUP_ROOT, GROUP_STAMP, groupHeader } from '../../src/state/memory/arena.ts';
import { ROOT_LIVE, ROOT_LOG_ROWS, ROOT_USED, table } from '../../src/state/rows/row-layout.ts';
import { anyString, runs } from '../kit/arbitraries.ts';
import { type AnyTable, imageOf, keysOfGroup, nameOf, type Row, Store } from '../kit/store.ts';

const shape = {
  key: { word: t.string() },
  state: { count: t.u32(), sum: t.f64(), text: t.string(), blob: t.bytes(), extra: t.json() },
  tables: { parts: table({ part: t.string() }, { text: t.string(), count: t.u32() }) },
};

/** Something of everything, told by a seed. */
function change(store: Store, seed: number): void {
  const row = store.at(`word ${seed % 11}${'-long'.repeat(seed % 4)}`);
  row.count = (row.count as number) + 1;
  row.sum = seed / 3;
  row.text = `${seed} `.repeat(seed % 17);
  row.blob = new Uint8Array(seed % 41).fill(seed);
  row.extra = { seed, list: new Array(seed % 9).fill('ж') };
  const parts = row.parts as AnyTable;
  for (let k = 0; k < seed % 6; k++) parts.upsert(`part ${seed % 5}/${k}`).text = 'x'.repeat((seed * k) % 50);
  if (seed % 5 === 0) parts.delete(`part ${seed % 4}/0`);
  if (seed % 13 === 0) parts.clear();
  if (seed % 7 === 0) store.remove(`word ${(seed * 3) % 11}`);
}

const seeds = fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 25 });

test('a rollback restores every cell that is in use, and the next transaction can do the same again', () => {
  fc.assert(
    fc.property(seeds, seeds, (first, second) => {
      const store = new Store(shape);
      store.begin();
      for (const seed of first) change(store, seed);
      store.commit();
      const before = store.contents();
      const twice = [0, 1].map(() => {
        store.begin();
        for (const seed of second) change(store, seed);
        const after = store.contents();
        store.rollback();
        assert.deepStrictEqual(store.contents(), before);
        return after;
      });
      assert.deepStrictEqual(twice[0], twice[1]);
    }),
    runs(100),
  );
});

test('rolling back twice changes nothing', () => {
  fc.assert(
    fc.property(seeds, seeds, fc.boolean(), (first, second, adopts) => {
      let store = new Store(shape);
      store.begin();
      for (const seed of first) change(store, seed);
      store.commit();
      const before = store.contents();
      store.begin();
      for (const seed of second) change(store, seed);
      store.rollback();
      const image = imageOf(store);
      const allocator = store.transaction.allocator.i32.slice();
      if (adopts) store = store.adopt();
      store.rollback();
      assert.deepStrictEqual(imageOf(store), image);
      assert.deepStrictEqual(store.transaction.allocator.i32, allocator);
      assert.deepStrictEqual(store.contents(), before);
    }),
    runs(60),
  );
});

test('a crash in the middle of a rollback is healed by the next one', () => {
  fc.assert(
    fc.property(seeds, seeds, fc.double({ min: 0, max: 1, noNaN: true }), (first, second, share) => {
      const store = new Store(shape);
      store.begin();
      for (const seed of first) change(store, seed);
      store.commit();
      const before = store.contents();
      store.begin();
      for (const seed of second) change(store, seed);
      restoreSome(store, share);
      const adopter = store.adopt();
      adopter.rollback();
      assert.deepStrictEqual(adopter.contents(), before);
      adopter.begin();
      for (const seed of second) change(adopter, seed);
      adopter.commit();
      adopter.begin();
      for (const seed of first) change(adopter, seed);
      adopter.commit();
      adopter.contents();
    }),
    runs(100),
  );
});

/** Restores a share of the undo log's entries, last to first, as a rollback that dies does. */
function restoreSome(store: Store, share: number): void {
  const { arenas, allocator, undo } = store.transaction;
  const spaces = [...arenas, allocator];
  const log = undo.i32;
  const entries: { at: number; length: number }[] = [];
  for (let at = undo.end; at > 32; at -= entries[entries.length - 1].length + 2) {
    entries.push({ at, length: log[at - 1] & 0xfffffff });
  }
  for (const { at, length } of entries.slice(0, Math.floor(entries.length * share))) {
    const to = spaces[log[at - 1] >>> 28].i32;
    for (let i = 0; i < length; i++) to[log[at - 2] + i] = log[at - 2 - length + i];
  }
  assert.equal(Allocator.space, arenas.length);
}

test('a crash after any entry of the undo log is rolled back: an adopter sees the last commit', () => {
  // The log says when a store happens; stopping the count of entries is stopping before the stores behind it.
  fc.assert(
    fc.property(seeds, seeds, fc.nat(), (first, second, stop) => {
      const store = new Store(shape);
      store.begin();
      for (const seed of first) change(store, seed);
      store.commit();
      const before = store.contents();
      store.begin();
      const { undo } = store.transaction;
      const limit = stop % 400;
      let saves = 0;
      const ensure = undo.ensure.bind(undo);
      undo.ensure = (cells) => {
        if (saves++ === limit) throw new Error('crash');
        ensure(cells);
      };
      try {
        for (const seed of second) change(store, seed);
      } catch (error) {
        assert.equal((error as Error).message, 'crash');
      }
      const adopter = store.adopt();
      adopter.rollback();
      assert.deepStrictEqual(adopter.contents(), before);
      adopter.begin();
      for (const seed of second) change(adopter, seed);
      adopter.commit();
      adopter.contents();
    }),
    runs(150),
  );
});

test('a crash before the first commit rolls back to nothing (t = 0)', () => {
  const store = new Store(shape);
  store.begin();
  for (let seed = 0; seed < 50; seed++) change(store, seed);
  const adopter = store.adopt();
  assert.equal(adopter.committed, 0);
  adopter.rollback();
  assert.equal(adopter.contents().size, 0);
  // And a rollback before anything was begun does nothing.
  const fresh = new Store(shape);
  fresh.rollback();
  assert.equal(fresh.contents().size, 0);
});

test('a log of a transaction that has been committed is not rolled back', () => {
  const store = new Store(shape);
  store.begin();
  change(store, 5);
  store.commit();
  const committed = store.contents();
  store.adopt().rollback();
  assert.deepStrictEqual(store.contents(), committed);
});

test('an adopter that was made before the log and the arenas grew rolls back all of it', () => {
  const store = new Store({ key: { id: t.u32() }, state: { text: t.string() } });
  store.begin();
  store.at(1).text = 'committed';
  store.commit();
  const spare = store.adopt();
  store.begin();
  for (let i = 0; i < 20_000; i++) store.at(i).text = `a text that takes an extent of its own ${i}`;
  assert.ok(store.transaction.undo.i32.byteLength > spare.transaction.undo.i32.byteLength);
  spare.rollback();
  assert.deepStrictEqual([...spare.contents()], [[nameOf([1]), { text: 'committed' }]]);
  // Its own transactions grow the log that is longer than it knew.
  const other = spare.adopt();
  other.begin();
  for (let i = 0; i < 20_000; i++) other.at(i).text = `text ${i}`;
  other.commit();
  assert.equal(other.contents().size, 20_000);
});

test('the log of an earlier owner may be longer than this thread has seen', () => {
  const early = new Store({ key: { id: t.u32() }, state: { text: t.string() } });
  const later = early.adopt();
  later.begin();
  for (let i = 0; i < 30_000; i++) later.at(i).text = 'committed by another thread';
  later.commit();
  early.committed = later.committed;
  early.begin();
  for (let i = 0; i < 5_000; i++) early.at(i).text = 'changed';
  early.rollback();
  assert.ok([...early.contents().values()].every(({ text }) => text === 'committed by another thread'));
});

test('transaction numbers and commits pass the edges of int32', () => {
  for (const committed of [2 ** 31 - 2, -2]) {
    const first = new Store(shape);
    const store = new Store(shape, first.memory, committed);
    const words = new Set<string>();
    for (let i = 0; i < 5; i++) {
      store.begin();
      store.at('counted').count = (store.at('counted').count as number) + 1;
      store.commit();
      store.begin();
      change(store, i + 100);
      const adopter = store.adopt();
      adopter.rollback();
      assert.deepEqual([...adopter.contents().keys()], [nameOf(['counted'])]);
      words.add(String(adopter.contents().get(nameOf(['counted']))?.count));
    }
    assert.deepEqual([...words], ['1', '2', '3', '4', '5']);
  }
});

test('stamps wrap: no row keeps a stamp that a later transaction of its group would take for its own', () => {
  const [first, second] = keysOfGroup(200, 2);
  const tables = { parts: table({ part: t.u32() }, { count: t.u32() }) };
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32() }, tables });
  const write = (value: number): void => {
    for (const key of [first, second]) {
      const row = store.at(key);
      row.count = value;
      (row.parts as AnyTable).upsert(9).count = value;
    }
  };
  // Rows get the stamps 1 and 2, which the wrapped counter gives again.
  for (const value of [1, 2]) {
    store.begin();
    write(value);
    store.commit();
  }
  const before = store.contents();
  store.setStampCounter(200, -1);
  for (let round = 0; round < 4; round++) {
    store.begin();
    write(100 + round);
    store.rollback();
    assert.deepStrictEqual(store.contents(), before, `round ${round} after the wrap`);
  }
  const header = groupHeader(200) + GROUP_STAMP;
  assert.equal(store.transaction.arenas[3].i32[header], 4);
});

test('a row is saved at its first touch in each transaction, also after another replica has owned its group', () => {
  const [key] = keysOfGroup(3, 1);
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32() } });
  store.begin();
  store.at(key).count = 1;
  store.commit();
  // The other replica: its own undo log and allocator over the same arenas, at the same transaction number.
  const other = new Store(
    { key: { id: t.u32() }, state: { count: t.u32() } },
    { ...new Store(shape).memory, arenas: store.memory.arenas },
    0,
  );
  other.begin();
  other.at(key).count = 2;
  other.rollback();
  assert.equal(other.contents().get(nameOf([key]))?.count, 1);
  other.begin();
  other.at(key).count = 3;
  other.commit();
  store.begin();
  store.at(key).count = 4;
  store.rollback();
  assert.equal(store.contents().get(nameOf([key]))?.count, 3);
});

test('ten thousand update and delete cycles, committed or rolled back, hold no more memory than the first', () => {
  const store = new Store(shape);
  const cycle = (i: number): void => {
    store.begin();
    const name = `word ${i % 20}`;
    const row = store.at(name);
    row.text = 'x'.repeat(20 + (i % 100));
    row.blob = new Uint8Array(i % 300);
    row.extra = { i };
    const parts = row.parts as AnyTable;
    for (let k = 0; k < 8; k++) parts.upsert(`a part with a long name ${k}`).text = 'y'.repeat(30);
    if (i % 3 === 0) parts.clear();
    if (i % 2 === 0) store.remove(`word ${(i + 7) % 20}`);
    if (i % 5 < 2) store.rollback();
    else store.commit();
  };
  for (let i = 0; i < 2000; i++) cycle(i);
  const used = store.usedBytes();
  for (let i = 2000; i < 12_000; i++) cycle(i);
  assert.ok(store.usedBytes() <= used * 1.05, `${used} bytes became ${store.usedBytes()}`);
});

test('ten thousand rolled-back insertions hold no memory at all', () => {
  const store = new Store(shape);
  const insert = (i: number): void => {
    store.begin();
    for (let k = 0; k < 5; k++) (store.at(`word ${i}/${k}`) as Row).text = 'z'.repeat(100);
    store.rollback();
  };
  for (let i = 0; i < 100; i++) insert(i);
  const used = store.usedBytes();
  for (let i = 100; i < 10_000; i++) insert(i);
  assert.equal(store.usedBytes(), used);
});

test('keys inserted and deleted in ever new places rehash their tombstones and do not grow the table', () => {
  const keys = keysOfGroup(9, 3000);
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32() } });
  for (let i = 0; i < keys.length; i++) {
    store.begin();
    store.at(keys[i]).count = i;
    if (i >= 10) assert.ok(store.remove(keys[i - 10]));
    store.commit();
    if (i === 300) assert.ok(store.usedBytes() > 0);
  }
  assert.deepEqual(
    [...store.contents().values()].map(({ count }) => count).sort(),
    keys
      .slice(-10)
      .map((_, i) => keys.length - 10 + i)
      .sort(),
  );
  const root = groupHeader(9) + GROUP_ROOT;
  const { i32 } = store.transaction.arenas[0];
  const rows = i32[root + ROOT_LOG_ROWS];
  assert.equal(i32[root + ROOT_LIVE], 10);
  assert.ok(i32[root + ROOT_USED] < 2 ** rows, 'tombstones are counted, and forgotten by a rehash');
  assert.ok(rows <= 6, `a table for 10 rows has 2^${rows} slots`);
});

test('state that is full is an error which leaves rows and counts as they were, for those who catch it', () => {
  const store = new Store(
    { key: { id: t.u32() }, state: { text: t.string(), other: t.string() } },
    undefined,
    0,
    1 << 20,
  );
  store.begin();
  const [key, ...more] = keysOfGroup(1, 5000);
  const row = store.at(key);
  row.text = 'a text of more than twelve bytes';
  assert.throws(
    () => {
      row.other = 'x'.repeat(1 << 20);
    },
    { code: 'STATE_FULL' },
  );
  assert.equal(row.other, '');
  assert.throws(
    () => {
      row.text = 'x'.repeat(1 << 20);
    },
    { code: 'STATE_FULL' },
  );
  assert.equal(row.text, 'a text of more than twelve bytes');
  let inserted = 1;
  assert.throws(
    () => {
      for (const id of more) {
        store.at(id).text = 'y'.repeat(1000);
        inserted++;
      }
    },
    { code: 'STATE_FULL' },
  );
  const contents = store.contents();
  // The last row was inserted, its text was not set.
  assert.ok(contents.size === inserted || contents.size === inserted + 1);
  store.rollback();
  assert.equal(store.contents().size, 0);
});

test('an insertion whose key finds no memory leaves no row and no count', () => {
  const tables = { parts: table({ part: t.string() }, { count: t.u32() }) };
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32() }, tables }, undefined, 0, 1 << 20);
  store.begin();
  const parts = store.at(5).parts as AnyTable;
  parts.upsert('small').count = 1;
  const long = 'k'.repeat(1 << 20);
  for (let i = 0; i < 100; i++) assert.throws(() => parts.upsert(long), { code: 'STATE_FULL' });
  assert.equal(parts.size, 1);
  assert.equal(parts.has(long), false);
  parts.upsert('another').count = 2;
  assert.deepEqual([...parts].map(({ part }) => part).sort(), ['another', 'small']);
});

test('any texts as keys survive a crash and its rollback', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyString, { minLength: 2, maxLength: 60 }), (words) => {
      const store = new Store({ key: { word: t.string() }, state: { count: t.u32() } });
      const half = words.length >> 1;
      store.begin();
      for (const word of words.slice(0, half)) store.at(word).count = 1;
      store.commit();
      store.begin();
      for (const word of words) store.at(word).count = 2;
      const adopter = store.adopt();
      adopter.rollback();
      assert.equal(adopter.contents().size, half);
      for (const word of words.slice(half)) assert.equal(adopter.find(word), -1);
    }),
    runs(100),
  );
});
