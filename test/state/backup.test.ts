// Goal: what a store gives back is the state at the last backup, whatever happened between two of them; a backup holds what
// has changed and little else; a lost or foreign backup is noticed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import { t } from '../../src/mailbox/schema.ts';
import { type Backup, BackupWriter, memoryBackup } from '../../src/state/images/backup.ts';
import { type Checkpoint, discardGroups, restore } from '../../src/state/images/checkpoint.ts';
import { buffersOf } from '../../src/state/images/group-images.ts';
import { GROUP_ROOT, GROUP_STAMP, groupHeader } from '../../src/state/memory/arena.ts';
import { ROOT_LIVE, table } from '../../src/state/rows/row-layout.ts';
import { runs } from '../kit/arbitraries.ts';
import { arenaBytes, type Batch, batchesOf, imageOf, ModelledStore, marksOf, SHAPES } from '../kit/modelled-store.ts';
import { ALL_GROUPS, type AnyTable, FOUR_ARENAS_BYTES, keysOfGroup, Store, type StoreShape } from '../kit/store.ts';

const take = (writer: BackupWriter, store: Store): Backup => writer.take(marksOf(store.committed), store.committed);

/** As a message that takes its buffers along. */
const send = (backup: Backup): Backup => structuredClone(backup, { transfer: buffersOf(backup) });

const rowsOf = ({ groups }: Pick<Backup, 'groups'>): number => groups.reduce((sum, { rows }) => sum + rows, 0);

function restored(shape: StoreShape, image: Checkpoint | undefined, stateBytes = FOUR_ARENAS_BYTES): Store {
  assert.ok(image !== undefined);
  const store = new Store(shape, undefined, 0, stateBytes);
  store.begin();
  restore(store.state, image);
  store.commit();
  return store;
}

/** Runs scheduled tasks when it is told to. */
class Tasks {
  private readonly tasks: (() => void)[] = [];
  readonly later = (task: () => void): void => {
    this.tasks.push(task);
  };
  run(count: number): void {
    for (let i = 0; i < count; i++) this.tasks.shift()?.();
  }
  runAll(): void {
    while (this.tasks.length > 0) this.run(1);
  }
}

type Event = Batch | { readonly take: 'sent' | 'lost'; readonly tasks: number } | { readonly recovers: true };

const eventsOf = (shape: StoreShape): fc.Arbitrary<Event[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: batchesOf(shape, 1, 20) },
        {
          weight: 4,
          arbitrary: fc.record({
            take: fc.constantFrom<'sent' | 'lost'>('sent', 'sent', 'sent', 'sent', 'lost'),
            tasks: fc.nat({ max: 3 }),
          }),
        },
        { weight: 1, arbitrary: fc.constant<Event>({ recovers: true }) },
      ),
      { maxLength: 25 },
    )
    .map((list) => list.flat());

for (const [name, { shape, keys }] of Object.entries(SHAPES)) {
  test(`${name}: a store gives back the state at the last backup that it got`, () => {
    fc.assert(
      fc.property(keys, eventsOf(shape), arenaBytes, arenaBytes, (pool, events, from, to) => {
        const modelled = new ModelledStore(shape, pool, from);
        const tasks = new Tasks();
        const backups = memoryBackup(tasks.later);
        let writer = new BackupWriter(modelled.store.state, ALL_GROUPS);
        let adopted = modelled.store;
        backups.write('a/0', send(take(writer, modelled.store)));
        let expected = { contents: modelled.expected(), sequence: 0 };
        for (const event of events) {
          if ('steps' in event) modelled.run(event);
          // A crash made the store an adopter's: so does a recovery. Its writer knows nothing of the store.
          if ('recovers' in event || modelled.store !== adopted) {
            if ('recovers' in event) modelled.store = modelled.store.adopt();
            adopted = modelled.store;
            writer = new BackupWriter(modelled.store.state, ALL_GROUPS);
          }
          if (!('take' in event)) continue;
          const backup = send(take(writer, modelled.store));
          if (event.take === 'lost') {
            writer.restart();
            continue;
          }
          backups.write('a/0', backup);
          tasks.run(event.tasks);
          expected = { contents: modelled.expected(), sequence: modelled.store.committed };
        }
        const image = backups.read('a/0');
        assert.deepStrictEqual(restored(shape, image, to).contents(), expected.contents);
        assert.equal(image?.sequence, expected.sequence);
        assert.deepStrictEqual(image?.marks, marksOf(expected.sequence));
        tasks.runAll();
        assert.deepStrictEqual(restored(shape, backups.read('a/0')).contents(), expected.contents);
      }),
      runs(40),
    );
  });
}

const counts: StoreShape = { key: { id: t.u32() }, state: { count: t.u32() } };

function filled(size: number): Store {
  const store = new Store(counts);
  store.begin();
  for (let id = 0; id < size; id++) store.at(id).count = id;
  store.commit();
  return store;
}

function change(store: Store, ids: readonly number[]): void {
  store.begin();
  for (const id of ids) store.at(id).count = (store.at(id).count as number) + 1;
  store.commit();
}

test('the first backup is full, later ones hold the rows that were touched, and nothing if none was', () => {
  const store = filled(5000);
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  const first = take(writer, store);
  assert.equal(first.full, true);
  assert.equal(rowsOf(first), 5000);
  assert.deepStrictEqual(
    first.groups.map(({ group, whole }) => [group, whole]),
    ALL_GROUPS.map((group) => [group, true]),
  );
  const idle = take(writer, store);
  assert.deepStrictEqual([idle.full, idle.groups, idle.after], [false, [], first.sequence]);
  const ids = [3, 70, 700, 4999];
  change(store, ids);
  change(store, ids.slice(1));
  const second = take(writer, store);
  assert.equal(second.full, false);
  assert.equal(rowsOf(second), ids.length);
  assert.deepStrictEqual(
    second.groups.map(({ group }) => group),
    [...new Set(ids.map((id) => store.group([id])))].sort((a, b) => a - b),
  );
  assert.ok(second.groups.every(({ whole }) => !whole));
  assert.equal(rowsOf(take(writer, store)), 0);
});

test('what was rolled back is not shipped, and new rows are', () => {
  const store = filled(1000);
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  take(writer, store);
  store.begin();
  for (let id = 0; id < 2000; id++) store.at(id).count = 7;
  store.rollback();
  assert.deepStrictEqual(take(writer, store).groups, []);
  change(store, [1500, 5]);
  assert.equal(rowsOf(take(writer, store)), 2);
  // A table that grows moves its rows, and ships none for that.
  const grown = keysOfGroup(8, 200);
  change(store, grown);
  assert.equal(rowsOf(take(writer, store)), 200);
});

test('a removed row makes its group ship as a whole, once, and no other', () => {
  const store = filled(5000);
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  take(writer, store);
  store.begin();
  assert.ok(store.remove(17));
  store.at(18).count = 1;
  store.commit();
  const { groups } = take(writer, store);
  assert.deepStrictEqual(
    groups.filter(({ whole }) => whole).map(({ group }) => group),
    [store.group([17])],
  );
  assert.equal(groups.find(({ whole }) => !whole)?.rows, 1);
  assert.ok(rowsOf({ groups }) < 100);
  assert.deepStrictEqual(take(writer, store).groups, []);
});

test('rows of tables that are deleted or cleared ship the row of their key only', () => {
  const tables = { parts: table({ part: t.string() }, { count: t.u32() }) };
  const shape: StoreShape = { key: { id: t.u32() }, state: {}, tables };
  const store = new Store(shape);
  store.begin();
  const ids = keysOfGroup(4, 30);
  for (const id of ids) {
    for (const part of ['a', 'b', 'a part with a long name']) (store.at(id).parts as AnyTable).upsert(part).count = id;
  }
  store.commit();
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  backups.write('a', take(writer, store));
  store.begin();
  (store.at(ids[3]).parts as AnyTable).delete('b');
  (store.at(ids[4]).parts as AnyTable).clear();
  store.commit();
  const backup = take(writer, store);
  assert.deepStrictEqual(
    backup.groups.map(({ group, whole, rows }) => [group, whole, rows]),
    [[4, false, 2]],
  );
  backups.write('a', backup);
  assert.deepStrictEqual(restored(shape, backups.read('a')).contents(), store.contents());
});

test('stamps are told apart over the whole range of their counter, also where it changes its sign and where it ends', () => {
  const [old, id] = keysOfGroup(200, 2);
  for (const start of [1, 2, 2 ** 31 - 4, -(2 ** 31), -1000, -6, -3, -2, -1]) {
    const store = new Store(counts);
    const backups = memoryBackup();
    // A row that is touched never again: its stamp stays far behind.
    change(store, [old, id]);
    store.setStampCounter(200, start);
    const writer = new BackupWriter(store.state, ALL_GROUPS);
    backups.write('a', take(writer, store));
    const counterOf = (): number => store.transaction.arenaOf(200).i32[groupHeader(200) + GROUP_STAMP];
    for (let round = 0; round < 10; round++) {
      const before = counterOf();
      for (let i = 0; i <= round; i++) change(store, [id]);
      const backup = take(writer, store);
      const wraps = before < 0 && counterOf() > 0;
      const [{ whole, rows }] = backup.groups;
      assert.deepStrictEqual([whole, rows], wraps ? [true, 2] : [false, 1], `${start}, round ${round}`);
      backups.write('a', backup);
      assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
    }
  }
});

test('a backup before the first commit restores to nothing (t = 0)', () => {
  const store = new Store(counts);
  const backups = memoryBackup();
  assert.equal(backups.read('a'), undefined);
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  backups.write('a', take(writer, store));
  const image = backups.read('a');
  assert.deepStrictEqual(image, {
    format: store.state.images.format,
    sequence: 0,
    marks: marksOf(0),
    groups: ALL_GROUPS.map((group) => ({ group, rows: 0, image: new Uint8Array(0) })),
  });
  assert.equal(restored(counts, image).contents().size, 0);
  change(store, [1]);
  backups.write('a', take(writer, store));
  assert.equal(restored(counts, backups.read('a')).contents().size, 1);
});

test('marks are copied: an entry does not change with the record that it was made from', () => {
  const store = filled(10);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  const marks = marksOf(1);
  const first = writer.take(marks, 1);
  marks.cursors.inputs[0].position = 77;
  assert.deepStrictEqual(first.marks, marksOf(1));
  backups.write('a', first);
  first.marks.cursors.inputs[0].position = 78;
  const read = backups.read('a');
  assert.deepStrictEqual(read?.marks, marksOf(1));
  (read as Checkpoint).marks.cursors.inputs[0].position = 79;
  assert.deepStrictEqual(backups.read('a')?.marks, marksOf(1));
  assert.equal(writer.take(marks, 1).marks.cursors.inputs[0].position, 77);
});

test('what a store gave back may be transferred, and what it took is its own', () => {
  const store = filled(1000);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  backups.write('a', take(writer, store));
  change(store, [1, 2, 3]);
  backups.write('a', take(writer, store));
  for (let i = 0; i < 3; i++) {
    const image = backups.read('a') as Checkpoint;
    const received = structuredClone(image, { transfer: buffersOf(image) });
    assert.deepStrictEqual(restored(counts, received).contents(), store.contents());
  }
});

test('a backup within a transaction is refused, and the one after it misses nothing', () => {
  const store = filled(100);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  backups.write('a', take(writer, store));
  change(store, [1, 2]);
  store.begin();
  store.at(3).count = 500;
  assert.throws(() => take(writer, store), { code: 'INVARIANT', message: /a transaction is open/ });
  store.rollback();
  backups.write('a', take(writer, store));
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
});

test('a backup that failed half way is followed by a full one', () => {
  const store = filled(2000);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  backups.write('a', take(writer, store));
  change(store, [1, 2, 3, 4]);
  store.begin();
  for (const id of keysOfGroup(250, 2)) store.remove(id);
  store.commit();
  const live = groupHeader(250) + GROUP_ROOT + ROOT_LIVE;
  store.transaction.arenaOf(250).i32[live] += 1;
  assert.throws(() => take(writer, store), { code: 'INVARIANT', message: /has \d+ rows and counts \d+/ });
  store.transaction.arenaOf(250).i32[live] -= 1;
  const backup = take(writer, store);
  assert.equal(backup.full, true);
  backups.write('a', backup);
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
});

test('a restored replica, and one whose damaged image was discarded, ship what they hold', () => {
  const store = filled(1000);
  const image = imageOf(store);
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  const backups = memoryBackup();
  backups.write('a', take(writer, store));
  for (const discards of [false, true]) {
    change(store, [1, 2, 3, 2000, 3000]);
    backups.write('a', take(writer, store));
    if (discards) discardGroups(store.state, ALL_GROUPS);
    store.begin();
    restore(store.state, image);
    store.commit();
    backups.write('a', take(writer, store));
    assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
  }
});

test('rows that are restored to an empty replica are in the next backup', () => {
  const image = imageOf(filled(1000));
  const store = new Store(counts);
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  take(writer, store);
  store.begin();
  restore(store.state, image);
  store.commit();
  assert.equal(rowsOf(take(writer, store)), 1000);
});

test('a store takes increments in their order only, and a full backup at any time', () => {
  const store = filled(100);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  const full = take(writer, store);
  const increments = [1, 2, 3].map((id) => {
    change(store, [id]);
    return take(writer, store);
  });
  assert.throws(() => backups.write('a', increments[0]), {
    code: 'BAD_BACKUP',
    message: /increment of the backup of "a" follows commit 1, and the store holds none/,
  });
  backups.write('a', full);
  backups.write('a', increments[0]);
  assert.throws(() => backups.write('a', increments[2]), { code: 'BAD_BACKUP', message: /holds commit 2/ });
  assert.throws(() => backups.write('a', increments[0]), { code: 'BAD_BACKUP' });
  backups.write('a', increments[1]);
  backups.write('a', increments[2]);
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
  writer.restart();
  change(store, [50]);
  const again = take(writer, store);
  assert.equal(again.full, true);
  backups.write('a', again);
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
});

test('an increment of another layout, or without a group that it should have, changes nothing in the store', () => {
  const store = filled(500);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  backups.write('a', take(writer, store));
  const before = store.contents();
  change(store, [1, 2, 3]);
  const backup = take(writer, store);
  const format = { ...backup.format, fingerprint: `${backup.format.fingerprint} of tomorrow` };
  assert.throws(() => backups.write('a', { ...backup, format }), { code: 'BAD_BACKUP', message: /of tomorrow/ });
  const full = { ...backup, full: true };
  assert.throws(() => backups.write('a', full), { code: 'BAD_BACKUP', message: /key group 0 is missing/ });
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), before);
  backups.write('a', backup);
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), store.contents());
});

test('actors are kept apart and forgotten one by one', () => {
  const backups = memoryBackup();
  const stores = [filled(10), filled(20)];
  stores.forEach((store, i) => {
    backups.write(`a/${i}`, take(new BackupWriter(store.state, ALL_GROUPS), store));
  });
  backups.remove('a/0');
  backups.remove('never written');
  assert.equal(backups.read('a/0'), undefined);
  assert.deepStrictEqual(restored(counts, backups.read('a/1')).contents(), stores[1].contents());
});

test('a writer and its store follow a change of owned groups', () => {
  const store = filled(3000);
  const backups = memoryBackup();
  const halves = [ALL_GROUPS.slice(0, 128), ALL_GROUPS.slice(128)];
  const writer = new BackupWriter(store.state, halves[0]);
  backups.write('a', take(writer, store));
  change(store, [1, 2, 3]);
  const owned = [...ALL_GROUPS.slice(64, 128), 200, 255];
  writer.own(owned);
  const backup = take(writer, store);
  assert.equal(backup.full, false);
  assert.deepStrictEqual(
    backup.groups.filter(({ whole }) => whole).map(({ group }) => group),
    [200, 255],
  );
  backups.write('a', backup);
  assert.deepStrictEqual(backups.read('a'), {
    ...imageOf(store, undefined, owned),
    groups: backups.read('a')?.groups,
  });
  const kept = new Set(owned);
  const before = store.contents();
  assert.deepStrictEqual(
    restored(counts, backups.read('a')).contents(),
    new Map([...before].filter(([name]) => kept.has(store.group(JSON.parse(name).map(Number))))),
  );
  // A group that comes back is new to the store.
  writer.own(ALL_GROUPS);
  backups.write('a', take(writer, store));
  assert.deepStrictEqual(restored(counts, backups.read('a')).contents(), before);
});

test('increments that outweigh their base are put together between other events, and the store stays small', async () => {
  const wide: StoreShape = { key: { id: t.u32() }, state: { count: t.u32(), text: t.string() } };
  const store = new Store(wide);
  const set = (round: number, ids: readonly number[]): void => {
    store.begin();
    for (const id of ids) store.at(id).text = `${round} `.padEnd(120);
    store.commit();
  };
  const ids = Array.from({ length: 20_000 }, (_, id) => id);
  set(0, ids);
  const tasks = new Tasks();
  const stores = [memoryBackup(), memoryBackup(tasks.later)];
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  const write = (): void => {
    const backup = take(writer, store);
    for (const each of stores) each.write('a', backup);
  };
  write();
  const baseBytes = stores[0].bytes;
  for (let round = 1; round <= 20; round++) {
    set(round, ids);
    write();
    // One group at each turn of the event loop.
    for (let turn = 0; turn < KEY_GROUPS + 1; turn++) await new Promise(setImmediate);
    assert.ok(stores[0].bytes < baseBytes * 2.5, `round ${round}: ${baseBytes} bytes became ${stores[0].bytes}`);
  }
  assert.ok(stores[1].bytes > baseBytes * 20, 'nothing is put together within write()');
  tasks.runAll();
  assert.ok(stores[1].bytes < baseBytes * 2.5, `${baseBytes} bytes became ${stores[1].bytes}`);
  for (const each of stores) assert.deepStrictEqual(restored(wide, each.read('a')).contents(), store.contents());
  // Small increments cost what holding them costs, too.
  for (let round = 0; round < 3000; round++) {
    set(round, [round % 7]);
    write();
  }
  tasks.runAll();
  assert.ok(stores[1].bytes < baseBytes * 2.5);
  assert.deepStrictEqual(restored(wide, stores[1].read('a')).contents(), store.contents());
});

test('a damaged image in a store is an error of read(), not of the event loop', async () => {
  const wide: StoreShape = { key: { word: t.string() }, state: { text: t.string() } };
  const store = new Store(wide);
  const backups = memoryBackup();
  const writer = new BackupWriter(store.state, ALL_GROUPS);
  const setAll = (text: string): void => {
    store.begin();
    for (let i = 0; i < KEY_GROUPS * 4; i++) store.at(`word ${i}`).text = text.repeat(2000);
    store.commit();
  };
  setAll('a');
  backups.write('a', take(writer, store));
  setAll('b');
  const backup = take(writer, store);
  for (const { image } of backup.groups) new Int32Array(image.buffer, image.byteOffset, 2).fill(-5);
  backups.write('a', backup);
  setAll('c');
  backups.write('a', take(writer, store));
  for (let i = 0; i < 2 * KEY_GROUPS; i++) await new Promise(setImmediate);
  assert.throws(() => backups.read('a'), { code: 'BAD_BACKUP', message: /is damaged/ });
  writer.restart();
  backups.write('a', take(writer, store));
  assert.deepStrictEqual(restored(wide, backups.read('a')).contents(), store.contents());
});
