// Goal: what a store of backups gives back is the state at its commit, wherever it is restored, as a whole or in parts; a
// restore is a transaction; rows of another layout and bytes that are no rows are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import { t } from '../../src/mailbox/schema.ts';
import { type Checkpoint, discardGroups, restore } from '../../src/state/images/checkpoint.ts';
import { buffersOf } from '../../src/state/images/group-images.ts';
import { checkState } from '../../src/state/images/integrity.ts';
import { GROUP_ROOT, groupHeader, STATE_BYTES_DEFAULT } from '../../src/state/memory/arena.ts';
import { ROOT_ADDRESS, table } from '../../src/state/rows/row-layout.ts';
import { commitCodec } from '../../src/state/transaction/commit-record.ts';
import { runs } from '../kit/arbitraries.ts';
import { arenaBytes, batchesOf, fullBackup, imageOf, ModelledStore, marksOf, SHAPES } from '../kit/modelled-store.ts';
import { ALL_GROUPS, type AnyTable, FOUR_ARENAS_BYTES, keysOfGroup, Store, type StoreShape } from '../kit/store.ts';

/** The part of a checkpoint that each of so many owners gets. */
const partsOf = (image: Checkpoint, ownerOf: (group: number) => number, parts: number): Checkpoint[] =>
  Array.from({ length: parts }, (_, part) => ({
    ...image,
    groups: image.groups.filter(({ group }) => ownerOf(group) === part),
  }));

/** Restores in one transaction, and checks that the image is sound. */
function restoreInto(store: Store, ...parts: Checkpoint[]): Store {
  store.begin();
  for (const part of parts) restore(store.state, part);
  store.commit();
  assert.equal(checkState(store.state, ALL_GROUPS, 'rows'), undefined);
  return store;
}

for (const [name, { shape, keys }] of Object.entries(SHAPES)) {
  test(`${name}: a checkpoint restores the state of its commit, elsewhere and in place`, () => {
    fc.assert(
      fc.property(
        keys,
        batchesOf(shape, 8, 30),
        fc.nat({ max: 8 }),
        arenaBytes,
        arenaBytes,
        (pool, list, at, from, to) => {
          const modelled = new ModelledStore(shape, pool, from);
          for (const batch of list.slice(0, at)) modelled.run(batch);
          const expected = modelled.expected();
          const image = structuredClone(imageOf(modelled.store));
          assert.equal(
            image.groups.reduce((sum, { rows }) => sum + rows, 0),
            expected.size,
          );
          for (const batch of list.slice(at)) modelled.run(batch);
          const later = modelled.expected();
          const fresh = restoreInto(new Store(shape, undefined, 0, to), image);
          assert.deepStrictEqual(fresh.contents(), expected);
          assert.deepStrictEqual(restoreInto(fresh, image).contents(), expected, 'restored over itself');

          const { store } = modelled;
          store.begin();
          restore(store.state, image);
          assert.deepStrictEqual(store.contents(), expected);
          store.rollback();
          assert.deepStrictEqual(store.contents(), later, 'a restore is undone like anything else');
          assert.deepStrictEqual(restoreInto(store.adopt(), image).contents(), expected);
        },
      ),
      runs(40),
    );
  });
}

const shape = {
  key: { word: t.string() },
  state: { count: t.u32(), text: t.string() },
  tables: { parts: table({ part: t.string() }, { count: t.u32() }) },
};

function filled(size: number, stateBytes = FOUR_ARENAS_BYTES): Store {
  const store = new Store(shape, undefined, 0, stateBytes);
  store.begin();
  for (let i = 0; i < size; i++) {
    const row = store.at(`word ${i}`);
    row.count = i;
    row.text = 'x'.repeat(i % 50);
    (row.parts as AnyTable).upsert(`part ${i % 3}`).count = i;
  }
  store.commit();
  return store;
}

test('a checkpoint of 20,000 rows fits together from 1 to 4 arenas and back', () => {
  const store = filled(20_000, STATE_BYTES_DEFAULT);
  const expected = store.contents();
  const four = restoreInto(new Store(shape), imageOf(store));
  assert.equal(four.transaction.arenas.length, 4);
  assert.deepStrictEqual(four.contents(), expected);
  const one = restoreInto(new Store(shape, undefined, 0, STATE_BYTES_DEFAULT), imageOf(four));
  assert.equal(one.transaction.arenas.length, 1);
  assert.deepStrictEqual(one.contents(), expected);
  // And it is a state to go on with.
  one.begin();
  for (let i = 0; i < 20_000; i++) one.at(`word ${i}`).count = i + 1;
  one.commit();
  assert.equal(one.contents().get('["word 7"]')?.count, 8);
  assert.equal(one.contents().size, 20_000);
});

test('values and rows of more than one buffer', () => {
  const wide: StoreShape = { key: { id: t.u32() }, state: { blob: t.bytes(), text: t.string() } };
  const store = new Store(wide);
  store.begin();
  for (let id = 0; id < 300; id++) store.at(id).blob = new Uint8Array(100_000 + id).fill(id);
  store.at(300).text = 'ж'.repeat(3_000_000);
  store.commit();
  const image = imageOf(store);
  for (const written of [fullBackup(store), image]) {
    assert.ok(buffersOf(written).length > 1);
    const sizes = buffersOf(written).reduce((sum, { byteLength }) => sum + byteLength, 0);
    const used = written.groups.reduce((sum, { image: { length } }) => sum + length, 0);
    assert.ok(sizes <= used * 2, `${sizes} bytes hold ${used}`);
  }
  const parts = partsOf(image, (group) => group % 3, 3);
  assert.deepStrictEqual(restoreInto(new Store(wide), ...parts).contents(), store.contents());
});

test('a checkpoint before the first commit is one of no rows (t = 0)', () => {
  const store = new Store(shape);
  const image = imageOf(store, commitCodec.empty({ inputs: 3, outputs: 1, counts: 2, finished: 0 }));
  assert.equal(image.sequence, 0);
  assert.equal(image.groups.length, KEY_GROUPS);
  assert.deepStrictEqual(image.marks, commitCodec.empty({ inputs: 3, outputs: 1, counts: 2, finished: 0 }));
  assert.equal(restoreInto(new Store(shape), image).contents().size, 0);
  assert.equal(restoreInto(filled(500), image).contents().size, 0, 'it empties what it is restored to');
  // Also by an adopter of a replica that died before its first commit.
  store.begin();
  store.at('never committed').count = 1;
  const adopter = store.adopt();
  adopter.rollback();
  assert.deepStrictEqual(imageOf(adopter, commitCodec.empty({ inputs: 3, outputs: 1, counts: 2, finished: 0 })), image);
});

test('marks are copied: what the actor writes into its record later is not in the checkpoint', () => {
  const store = filled(10);
  const marks = marksOf(1);
  const image = imageOf(store, marks);
  marks.progress.source.position = 99;
  marks.cursors.inputs[0].position = 99;
  assert.deepStrictEqual(image.marks, marksOf(1));
});

test('a checkpoint shares nothing with the state', () => {
  const store = filled(1000);
  const expected = store.contents();
  const image = imageOf(store);
  store.begin();
  for (let i = 0; i < 1000; i++) store.at(`word ${i}`).text = 'changed after the checkpoint';
  store.commit();
  const received = structuredClone(image, { transfer: buffersOf(image) });
  assert.ok(image.groups.every(({ image: { byteLength } }) => byteLength === 0));
  assert.deepStrictEqual(restoreInto(new Store(shape), received).contents(), expected);
});

test('a checkpoint within a transaction is refused', () => {
  const store = filled(10);
  store.begin();
  store.at('word 3').count = 77;
  assert.throws(() => imageOf(store), { code: 'INVARIANT', message: /a transaction is open/ });
  store.rollback();
  assert.deepStrictEqual(restoreInto(new Store(shape), imageOf(store)).contents(), store.contents());
});

test('groups that are none, or are given twice, are refused', () => {
  const store = filled(1);
  for (const groups of [[-1], [KEY_GROUPS], [1.5], [Number.NaN], [3, 4, 3]]) {
    assert.throws(() => imageOf(store, undefined, groups), { code: 'INVARIANT', message: /key group/ });
  }
});

test('only the groups of a checkpoint are replaced', () => {
  const store = filled(1000);
  const others = ALL_GROUPS.filter((group) => group % 2 === 1);
  const half = imageOf(store, undefined, others);
  store.begin();
  for (let i = 0; i < 1000; i++) store.at(`word ${i}`).count = 5_000;
  store.commit();
  restoreInto(store, half);
  for (const [name, { count }] of store.contents()) {
    const [word] = JSON.parse(name) as string[];
    assert.equal(count, store.group([word]) % 2 === 1 ? Number(word.slice(5)) : 5_000);
  }
});

test('state and routing agree on the owner of every row, however many owners a checkpoint is restored to', () => {
  const image = imageOf(filled(3000));
  for (let parts = 1; parts <= 8; parts++) {
    const ownerOf = (group: number): number => Math.floor((group * parts) / KEY_GROUPS);
    const seen = new Set<number>();
    let rows = 0;
    partsOf(image, ownerOf, parts).forEach((part, owner) => {
      const restored = restoreInto(new Store(shape), part);
      for (const name of restored.contents().keys()) {
        const group = restored.group(JSON.parse(name) as unknown[]);
        assert.equal(ownerOf(group), owner);
        seen.add(group);
        rows++;
      }
    });
    assert.equal(rows, 3000);
    assert.equal(seen.size, KEY_GROUPS, 'every key group is routed, the first and the last included');
  }
});

// What is no image of this layout.

test('rows of another layout are refused before anything is changed', () => {
  const image = imageOf(filled(50));
  const others: StoreShape[] = [
    { ...shape, key: { name: t.string() } },
    { ...shape, key: { word: t.dictionary() } },
    { ...shape, state: { count: t.i32(), text: t.string() } },
    { ...shape, state: { text: t.string(), count: t.u32() }, tables: {} },
    { ...shape, tables: { parts: table({ part: t.string() }, { count: t.f64() }) } },
    { ...shape, tables: { pieces: table({ part: t.string() }, { count: t.u32() }) } },
  ];
  for (const other of others) {
    const store = new Store(other);
    store.begin();
    assert.throws(() => restore(store.state, image), {
      code: 'BAD_BACKUP',
      message: /backup of "test" holds rows of the layout .*word: string.*is wanted/,
    });
    store.commit();
    assert.equal(store.contents().size, 0);
  }
});

test('whatever the bytes of an image are, a restore ends: in rows that are sound, or in an error and a rollback', () => {
  const store = filled(60);
  const before = store.contents();
  const image = imageOf(store);
  const filledGroups = image.groups.filter(({ rows }) => rows > 0);
  const damage = fc.record({
    pick: fc.nat(),
    at: fc.nat(),
    value: fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 2 ** 31 - 1, 25, 1000)),
    kind: fc.constantFrom('cell', 'cell', 'cut', 'rows', 'longer'),
  });
  fc.assert(
    fc.property(damage, ({ pick, at, value, kind }) => {
      const whole = filledGroups[pick % filledGroups.length];
      let { rows, image: bytes } = { ...whole, image: whole.image.slice() };
      if (kind === 'cell') new Int32Array(bytes.buffer)[at % (bytes.length >>> 2)] = value;
      else if (kind === 'cut') bytes = bytes.slice(0, at % bytes.length);
      else if (kind === 'rows') rows = value;
      else bytes = Uint8Array.from([...bytes, 0, 0, 0, 0]);
      const damaged = { ...image, groups: [{ group: whole.group, rows, image: bytes }] };
      store.begin();
      try {
        restore(store.state, damaged);
        // A value that was changed within its bounds is as good as any; a key is found to be elsewhere by the check.
        assert.ok(kind === 'cell' || (kind === 'rows' && rows === whole.rows), `${kind} of an image was not noticed`);
        checkState(store.state, ALL_GROUPS, 'rows');
      } catch (error) {
        assert.match((error as { code: string }).code, /^(BAD_BACKUP|STATE_FULL)$/);
      }
      store.rollback();
      assert.equal(checkState(store.state, ALL_GROUPS, 'rows'), undefined);
      assert.deepStrictEqual(store.contents(), before);
    }),
    runs(400),
  );
});

test('rows under the number of another key group are refused', () => {
  const image = imageOf(filled(500));
  const [first, second] = image.groups.filter(({ rows }) => rows > 0);
  const store = new Store(shape);
  store.begin();
  assert.throws(() => restore(store.state, { ...image, groups: [{ ...first, group: second.group }] }), {
    code: 'BAD_BACKUP',
  });
});

test('an image does not tell where its rows were', () => {
  const store = new Store(shape);
  // Other addresses, stamps and slots: what it has been through before.
  const moved = filled(300);
  moved.begin();
  for (let i = 0; i < 300; i++) moved.remove(`word ${i}`);
  moved.commit();
  for (const each of [store, moved]) {
    each.begin();
    const row = each.at('a word that takes an extent of its own');
    row.text = 'a text that takes one, too';
    (row.parts as AnyTable).upsert('a part with a long name').count = 5;
    each.commit();
  }
  assert.deepStrictEqual(imageOf(store, marksOf(0)).groups, imageOf(moved, marksOf(0)).groups);
});

test('an image that is not aligned in its buffer, as read from a file, is restored', () => {
  const store = filled(100);
  const image = imageOf(store);
  const groups = image.groups.map((each) => {
    const bytes = new Uint8Array(each.image.length + 3);
    bytes.set(each.image, 3);
    return { ...each, image: bytes.subarray(3) };
  });
  assert.deepStrictEqual(restoreInto(new Store(shape), { ...image, groups }).contents(), store.contents());
});

// A damaged live image.

/** Overwrites the tables and the allocator with what can only lead astray. */
function wreck(store: Store): void {
  const { transaction } = store;
  for (const group of ALL_GROUPS) {
    const { i32 } = transaction.arenaOf(group);
    i32[groupHeader(group) + GROUP_ROOT + ROOT_ADDRESS] = group % 2 === 0 ? 2 ** 30 : -group - 1;
  }
  transaction.allocator.i32.fill(-7);
}

test('a damaged image is discarded and restored, by whoever comes, wherever the one before has died', () => {
  const expected = filled(2000).contents();
  for (const dies of ['never', 'after the discard', 'in the restore'] as const) {
    let store = filled(2000);
    const image = imageOf(store);
    store.begin();
    store.at('word 5').count = 1_000_000;
    wreck(store);
    const recover = (): void => {
      assert.notEqual(checkState(store.state, ALL_GROUPS, 'roots'), undefined, dies);
      discardGroups(store.state, ALL_GROUPS);
      assert.match(checkState(store.state, ALL_GROUPS, 'roots') ?? '', /key group 0: .*discarded/);
    };
    recover();
    if (dies === 'in the restore') {
      store.begin();
      restore(store.state, image);
    }
    if (dies !== 'never') {
      store = store.adopt();
      store.rollback();
      recover();
    }
    restoreInto(store, image);
    assert.deepStrictEqual(store.contents(), expected, dies);
    store.begin();
    for (let i = 0; i < 2000; i++) store.at(`word ${i}`).text = 'y'.repeat(i % 70);
    store.rollback();
    assert.deepStrictEqual(store.contents(), expected, dies);
  }
});

test('a discard is not undone by the rollback of the transaction that was open', () => {
  const store = filled(100);
  store.begin();
  const group = store.group(['word 7']);
  store.at('word 7').count = 1;
  discardGroups(store.state, [group]);
  const adopter = store.adopt();
  adopter.rollback();
  assert.match(checkState(adopter.state, ALL_GROUPS, 'roots') ?? '', /discarded/);
  assert.equal(adopter.find('word 7'), -1);
});

test('groups that are discarded are empty to those who do not ask, and other groups keep their rows', () => {
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32() } });
  const [gone, kept] = [keysOfGroup(9, 20), keysOfGroup(10, 20)];
  store.begin();
  for (const id of [...gone, ...kept]) store.at(id).count = id;
  store.commit();
  discardGroups(store.state, [9]);
  for (const id of gone) assert.equal(store.find(id), -1);
  assert.equal(store.contents().size, 20);
  store.begin();
  for (const id of gone) store.at(id).count = 1;
  store.commit();
  assert.equal(store.contents().size, 40);
  assert.equal(checkState(store.state, ALL_GROUPS, 'rows'), undefined);
});
