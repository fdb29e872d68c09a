// Goal: the JS string of a text key is cached and never that of another row.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashString } from '../../src/mailbox/hash.ts';
import { t } from '../../src/mailbox/schema.ts';
import { checkState } from '../../src/state/images/integrity.ts';
import { GROUP_ROOT, groupHeader } from '../../src/state/memory/arena.ts';
import { ROOT_USED } from '../../src/state/rows/row-layout.ts';
import { anyString, runs } from '../kit/arbitraries.ts';
import { ALL_GROUPS, imageOf, keysOfGroup, Store } from '../kit/store.ts';

const shape = { key: { word: t.string() }, state: { count: t.u32() } };
const textOf = (store: Store, word: string): string =>
  store.state.keyText(0, store.group([word]), hashString(word), store.find(word));

test('the text of a key is right after growth, deletes, reused slots, commits and rollbacks', () => {
  const steps = fc.array(
    fc.record({ pick: fc.nat(), act: fc.constantFrom('insert', 'insert', 'insert', 'remove', 'commit', 'rollback') }),
    { maxLength: 150 },
  );
  fc.assert(
    fc.property(fc.array(anyString, { minLength: 1, maxLength: 40 }), steps, (words, list) => {
      const store = new Store(shape);
      store.begin();
      for (const { pick, act } of list) {
        const word = words[pick % words.length];
        if (act === 'insert') {
          store.at(word);
          assert.equal(textOf(store, word), word);
        } else if (act === 'remove') store.remove(word);
        else {
          if (act === 'commit') store.commit();
          else store.rollback();
          store.begin();
        }
        for (const each of words) if (store.find(each) >= 0) assert.equal(textOf(store, each), each);
      }
    }),
    runs(100),
  );
});

test('words whose hashes are equal keep their own rows and texts', () => {
  const pairs = [
    ['19642-1819211418', '66090-3720239370'],
    ['11239-360679863', '147148-1997526796'],
    ['143458-3949970882', '160225-2128287121'],
  ];
  const store = new Store(shape);
  store.begin();
  for (const [first, second] of pairs) {
    assert.equal(hashString(first), hashString(second));
    store.at(first).count = 1;
    assert.equal(textOf(store, first), first);
    store.at(second).count = 2;
    assert.notEqual(store.find(first), store.find(second));
    assert.equal(textOf(store, second), second);
    assert.equal(textOf(store, first), first);
    assert.equal(store.at(first).count, 1);
    // In a small table the other takes the slot of the removed one: the same row, the same hash, another text.
    const small = new Store(shape);
    small.begin();
    small.at(first);
    const row = small.find(first);
    assert.equal(textOf(small, first), first);
    small.remove(first);
    small.at(second);
    assert.equal(small.find(second), row);
    assert.equal(textOf(small, second), second);
  }
});

test('a visit of a group stops where it is told to and goes on behind it', () => {
  const ids = keysOfGroup(77, 100);
  const store = new Store({ key: { id: t.u32() }, state: {} });
  store.begin();
  for (const id of ids) store.at(id);
  const seen: number[] = [];
  let slot = 0;
  for (let steps = 0; slot >= 0; steps++) {
    let left = 1 + (steps % 7);
    slot = store.state.forEachRow(77, slot, ([id]) => {
      seen.push(id as number);
      return --left > 0;
    });
  }
  seen.sort((a, b) => a - b);
  assert.deepEqual(seen, ids);
});

test('a repeated key gives the same string, made once', () => {
  const store = new Store(shape);
  store.begin();
  store.at('Ωmega');
  const read = store.transaction.arenas.map((arena) => arena.text);
  let slices = 0;
  for (const text of read) {
    const slice = text.ucs2Slice.bind(text);
    text.ucs2Slice = (start, end) => {
      slices++;
      return slice(start, end);
    };
  }
  for (let i = 0; i < 10; i++) assert.equal(textOf(store, 'Ωmega'), 'Ωmega');
  assert.equal(slices, 1);
});

test('every key group holds rows, 0 and 255 included', () => {
  const store = new Store({ key: { id: t.u32() }, state: {} });
  store.begin();
  for (let id = 0; id < 5000; id++) store.at(id);
  const counts = ALL_GROUPS.map((group) => {
    let count = 0;
    store.state.forEachRow(group, 0, () => ++count > 0);
    return count;
  });
  assert.equal(counts.length, 256);
  assert.ok(counts.every((count) => count > 0));
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    5000,
  );
});

test('a state object that is kept and used before its arena has a row again changes nothing', () => {
  const fields = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, t.u32()]));
  const store = new Store({ key: { id: t.u32() }, state: fields });
  const [near] = keysOfGroup(0, 1);
  const [far] = keysOfGroup(255, 1);
  store.begin();
  const kept = store.at(near);
  store.commit();
  store.begin();
  store.at(far);
  const before = imageOf(store);
  for (let i = 0; i < 60; i++) kept[`f${i}`] = 7;
  assert.deepStrictEqual(imageOf(store), before);
});

test('slots of removed rows are empty again once searches need not pass over them, and so are all when no row is left', () => {
  const steps = fc.array(fc.tuple(fc.nat(63), fc.boolean()), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (list) => {
      const store = new Store({ key: { id: t.u32() }, state: { count: t.u32() } });
      const ids = keysOfGroup(7, 64);
      const root = groupHeader(7) + GROUP_ROOT;
      const used = (): number => store.state.transaction.arenaOf(7).i32[root + ROOT_USED];
      store.begin();
      for (const [pick, isRemoval] of list) {
        if (isRemoval) store.remove(ids[pick]);
        else store.at(ids[pick]);
      }
      store.commit();
      const live = ids.filter((id) => store.find(id) >= 0);
      store.begin();
      for (const id of ids) store.remove(id);
      assert.equal(used(), 0);
      store.rollback();
      assert.deepEqual(
        ids.filter((id) => store.find(id) >= 0),
        live,
      );
      assert.equal(checkState(store.state, ALL_GROUPS, 'rows'), undefined);
    }),
    runs(100),
  );
});
