// Goal: a table that grows or shrinks segment by segment is a table like any other at each step: for look-ups, iteration, undo,
// adoption, another owner and the integrity check; and no step moves more rows than a few segments hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mix32 } from '../../src/mailbox/hash.ts';
import { t } from '../../src/mailbox/schema.ts';
import { checkState } from '../../src/state/images/integrity.ts';
import { Allocator } from '../../src/state/memory/allocator.ts';
import { GROUP_ROOT, groupHeader, STATE_BYTES_DEFAULT } from '../../src/state/memory/arena.ts';
import { isDirectory } from '../../src/state/memory/directory.ts';
import { DIRECTORY_LOG, ROOT_LIVE, ROOT_LOG_ROWS, ROOT_USED, table } from '../../src/state/rows/row-layout.ts';
import { UndoLog } from '../../src/state/transaction/undo-log.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { runs } from '../kit/arbitraries.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { ALL_GROUPS, type AnyTable, keysOfGroup, nameOf, type Row, Store } from '../kit/store.ts';

const GROUP = 7;
const ROOT = groupHeader(GROUP) + GROUP_ROOT;
/** 16 slots a segment: 11 rows. */
const LOG_SLOTS = 4;
const SLOTS = 1 << LOG_SLOTS;
const shape = { key: { id: t.u32() }, state: { count: t.u32(), text: t.string() }, logSlots: LOG_SLOTS };
const keys = keysOfGroup(GROUP, 700);

const rootCell = (store: Store, cell: number): number => store.transaction.arenaOf(GROUP).i32[ROOT + cell];
const segmentsOf = (store: Store): number =>
  isDirectory(rootCell(store, ROOT_LOG_ROWS)) ? rootCell(store, ROOT_USED) : 1;
const entriesOf = (store: Store): number => 2 ** (rootCell(store, ROOT_LOG_ROWS) - DIRECTORY_LOG);

function insert(store: Store, from: number, to: number, list: readonly number[] = keys): void {
  for (let i = from; i < to; i++) {
    const row = store.at(list[i]);
    row.count = i;
    row.text = `the text of row ${i}`;
  }
}

function requireSound(store: Store): void {
  assert.equal(checkState(store.state, ALL_GROUPS, 'roots'), undefined);
  assert.equal(checkState(store.state, ALL_GROUPS, 'rows'), undefined);
}

const ranges = fc.array(
  fc.record({
    act: fc.constantFrom('insert', 'insert', 'insert', 'remove'),
    from: fc.nat({ max: keys.length - 1 }),
    length: fc.nat({ max: 200 }),
  }),
  { maxLength: 5 },
);
const transactions = fc.array(
  fc.record({ ranges, end: fc.constantFrom('commit', 'commit', 'rollback', 'crash', 'give') }),
  { maxLength: 10 },
);

/** A replica of the same operator with an undo log and free lists of its own. */
function replicaOf(store: Store): Store {
  const { arenas } = store.memory;
  const memory = { arenas, undo: UndoLog.allocate(STATE_BYTES_DEFAULT), allocator: Allocator.allocate() };
  return new Store(shape, memory);
}

test('rows follow a Map while tables grow and shrink, whoever dies or takes over in between', () => {
  let seen = 0;
  fc.assert(
    fc.property(transactions, (list) => {
      let store = new Store(shape);
      let other = replicaOf(store);
      let model = new Map<number, number>();
      for (const { ranges: steps, end } of list) {
        const before = new Map(model);
        store.begin();
        for (const { act, from, length } of steps) {
          for (let i = from; i < Math.min(from + length, keys.length); i++) {
            if (act === 'remove') assert.equal(store.remove(keys[i]), model.delete(keys[i]));
            else {
              const row = store.at(keys[i]);
              assert.equal(row.count, model.get(keys[i]) ?? 0);
              row.count = i + 1;
              model.set(keys[i], i + 1);
            }
          }
        }
        seen = Math.max(seen, segmentsOf(store));
        if (end === 'commit' || end === 'give') store.commit();
        else {
          if (end === 'crash') store = store.adopt();
          store.rollback();
          model = before;
        }
        if (end === 'give') {
          [store, other] = [other, store];
          store.transaction.gain(GROUP);
        }
        for (const arena of store.transaction.arenas) arena.refresh();
        requireSound(store);
        assert.equal(rootCell(store, ROOT_LIVE), model.size);
        for (const [key, count] of model) assert.ok(store.find(key) >= 0, `key ${key} of ${count}`);
        const counts = [...store.contents()].map(([name, { count }]) => [name, count]);
        assert.deepEqual(new Map(counts as never), new Map([...model].map(([key, count]) => [nameOf([key]), count])));
      }
    }),
    runs(80),
  );
  assert.ok(seen > 20, `${seen} segments at most`);
});

test('an insertion moves the rows of few segments, however large the table is', () => {
  const store = new Store(shape);
  store.begin();
  let most = 0;
  let at: number[] = [];
  for (let i = 0; i < keys.length; i++) {
    insert(store, i, i + 1);
    const now = keys.slice(0, i + 1).map((key) => store.find(key));
    most = Math.max(most, at.filter((row, k) => row !== now[k]).length);
    at = now;
  }
  assert.ok(segmentsOf(store) > 40);
  assert.ok(most > 0 && most <= 3 * SLOTS, `${most} rows moved at once`);
});

test('a table that grows holds no memory of its earlier sizes', () => {
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32(), sum: t.f64() } }, undefined, 0, 2 ** 30);
  const rowBytes = store.layout.cells * 4;
  for (let from = 0; from < 400_000; from += 4000) {
    store.begin();
    for (let id = from; id < from + 4000; id++) store.at(id).count = id;
    store.commit();
  }
  const slots = ALL_GROUPS.map((group) => {
    const { i32 } = store.transaction.arenaOf(group);
    const root = groupHeader(group) + GROUP_ROOT;
    return i32[root + ROOT_USED] << store.layout.segment.logSlots;
  });
  const needed = slots.reduce((sum, each) => sum + each, 0) * rowBytes;
  // What each table had before it was as large as a segment: 16, 32, … slots.
  const outgrown = (ALL_GROUPS.length * rowBytes) << store.layout.segment.logSlots;
  assert.ok(store.usedBytes() < needed * 1.05 + outgrown, `${store.usedBytes()} bytes for ${needed}`);
});

test('a table whose rows have gone gives its segments back as others come, and they are used again', () => {
  const store = new Store(shape);
  const commit = (act: () => void): void => {
    store.begin();
    act();
    store.commit();
    requireSound(store);
  };
  commit(() => insert(store, 0, 600));
  const segments = segmentsOf(store);
  assert.ok(segments >= 55);
  commit(() => {
    for (let i = 0; i < 600; i++) store.remove(keys[i]);
  });
  assert.equal(segmentsOf(store), segments, 'removals move no row');
  for (let i = 0; i < 10; i++) {
    commit(() => insert(store, 600, 700));
    commit(() => {
      for (let k = 600; k < 700; k++) store.remove(keys[k]);
    });
  }
  assert.ok(segmentsOf(store) < segments / 2, `${segmentsOf(store)} of ${segments} segments are left`);
  const used = store.usedBytes();
  for (let i = 0; i < 3; i++) {
    commit(() => insert(store, 0, 600));
    commit(() => {
      for (let k = 0; k < 600; k++) store.remove(keys[k]);
    });
  }
  assert.ok(store.usedBytes() <= used * 1.25);
});

/** Keys of one group whose hashes have the next 12 bits in common, too: a directory cannot tell them apart. */
const alike = ((): number[] => {
  const found: number[] = [];
  for (let key = 0; found.length < 60; key++) if (mix32(key) >>> 12 === 0x07abc) found.push(key);
  return found;
})();

test('keys whose hashes are much alike are in one extent, and no directory grows for them', () => {
  const store = new Store(shape);
  store.begin();
  insert(store, 0, 300);
  store.commit();
  assert.ok(isDirectory(rootCell(store, ROOT_LOG_ROWS)));
  const before = store.contents();
  store.begin();
  insert(store, 0, 60, alike);
  assert.equal(isDirectory(rootCell(store, ROOT_LOG_ROWS)), false);
  requireSound(store);
  store.rollback();
  requireSound(store);
  assert.deepEqual(store.contents(), before);
  store.begin();
  insert(store, 0, 60, alike);
  store.commit();
  assert.equal(store.contents().size, 360);
  store.begin();
  insert(store, 300, 700);
  store.commit();
  requireSound(store);
  assert.equal(store.contents().size, 760);
});

test('hashes that are mixed need few entries of a directory a segment', () => {
  const store = new Store(shape);
  store.begin();
  for (let i = 0; i < keys.length; i++) {
    insert(store, i, i + 1);
    if (isDirectory(rootCell(store, ROOT_LOG_ROWS))) assert.ok(entriesOf(store) <= 16 * segmentsOf(store));
  }
  assert.ok(isDirectory(rootCell(store, ROOT_LOG_ROWS)));
});

test('rows are gone through in parts: each once, from any slot on, in a later transaction or in slices', () => {
  const store = new Store(shape);
  store.begin();
  insert(store, 0, 500);
  store.commit();
  for (const limit of [1, 3, 50]) {
    const seen: unknown[] = [];
    for (let slot = 0; slot >= 0; ) {
      store.begin();
      let left = limit;
      slot = store.state.forEachRow(GROUP, slot, (key, arena, row) => {
        const found = store.state.table.slotOf(arena, ROOT, row);
        assert.equal(store.state.table.next(arena, ROOT, found), row);
        seen.push(key[0]);
        return --left > 0;
      });
      store.commit();
    }
    assert.deepEqual(new Set(seen), new Set(keys.slice(0, 500)));
    assert.equal(seen.length, 500);
  }
});

const subShape = {
  key: { id: t.u32() },
  state: { total: t.u32() },
  tables: { parts: table({ part: t.u32() }, { n: t.u32() }) },
  logSlots: LOG_SLOTS,
};

test('the rows of a table of segments under a key are each in one slice', () => {
  const store = new Store(subShape);
  store.begin();
  const parts = store.at(1).parts as AnyTable;
  for (let part = 0; part < 300; part++) parts.upsert(part).n = part;
  for (const count of [1, 2, 7, 60, 1000]) {
    const seen: unknown[] = [];
    for (let part = 0; part < count; part++) for (const row of parts.slice(part, count)) seen.push(row.part);
    assert.equal(seen.length, 300);
    assert.equal(new Set(seen).size, 300);
  }
});

test('a table that grows while it is gone through has each row once, or says that it has changed', () => {
  let changed = 0;
  let whole = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 300 }),
      fc.nat({ max: 300 }),
      fc.integer({ min: 1, max: 400 }),
      (rows, when, more) => {
        const store = new Store(subShape);
        store.begin();
        const parts = store.at(1).parts as AnyTable;
        for (let part = 0; part < rows; part++) parts.upsert(part);
        const seen: number[] = [];
        try {
          for (const row of parts) {
            seen.push(row.part as number);
            if (seen.length === when) for (let part = 0; part < more; part++) parts.upsert(10_000 + part);
            if (seen.length % 3 === 0) parts.delete(row.part);
          }
          whole++;
          const old = seen.filter((part) => part < 10_000);
          assert.equal(old.length, rows);
          assert.equal(new Set(seen).size, seen.length);
        } catch (error) {
          if ((error as { code?: string }).code !== 'TABLE_CHANGED') throw error;
          changed++;
        }
      },
    ),
    runs(200),
  );
  assert.ok(changed > 10 && whole > 10, `${changed} changed, ${whole} whole`);
});

test('tables of segments under keys follow a Map of Maps', () => {
  const step = fc.record({
    key: fc.nat({ max: 2 }),
    from: fc.nat({ max: 300 }),
    length: fc.nat({ max: 120 }),
    act: fc.constantFrom('upsert', 'upsert', 'upsert', 'delete', 'clear'),
  });
  const list = fc.array(
    fc.record({
      steps: fc.array(step, { maxLength: 6 }),
      end: fc.constantFrom('commit', 'commit', 'rollback', 'crash'),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(list, (all) => {
      let store = new Store(subShape);
      let model = new Map<number, Map<number, number>>();
      for (const { steps, end } of all) {
        const before = new Map([...model].map(([key, rows]) => [key, new Map(rows)]));
        store.begin();
        for (const { key, from, length, act } of steps) {
          const parts = store.at(key).parts as AnyTable;
          const known = model.get(key) ?? new Map<number, number>();
          model.set(key, known);
          if (act === 'clear' && length % 4 === 0) {
            parts.clear();
            known.clear();
          }
          for (let part = from; part < from + length; part++) {
            if (act === 'upsert') {
              parts.upsert(part).n = length;
              known.set(part, length);
            } else if (act === 'delete') assert.equal(parts.delete(part), known.delete(part));
          }
          assert.equal(parts.size, known.size);
        }
        if (end === 'commit') store.commit();
        else {
          if (end === 'crash') store = store.adopt();
          store.rollback();
          model = before;
        }
        requireSound(store);
        const plain = new Map<string, Map<string, Row>>();
        for (const [key, rows] of model) {
          plain.set(nameOf([key]), new Map([...rows].map(([part, n]) => [nameOf([part]), { n }])));
        }
        const found = new Map([...store.contents()].map(([name, { parts }]) => [name, parts]));
        assert.deepEqual(found, plain);
      }
    }),
    runs(80),
  );
});

/** What is done in the transaction that dies, after so many rows were committed, and what it must have done when it lives. */
const STEPS: Readonly<
  Record<
    string,
    { rows: number; removed?: number; stride: number; act(store: Store): void; hasDone(store: Store): boolean }
  >
> = {
  'is divided and split': {
    rows: 11,
    stride: 1,
    act: (store) => insert(store, 11, 12),
    hasDone: (store) => segmentsOf(store) === 2,
  },
  'splits segments and doubles its directory': {
    rows: 60,
    stride: 7,
    act: (store) => insert(store, 60, 75),
    hasDone: (store) => segmentsOf(store) > 7,
  },
  'merges segments and halves its directory': {
    rows: 150,
    stride: 3,
    removed: 149,
    act: (store) => insert(store, 300, 306),
    hasDone: (store) => segmentsOf(store) < 17,
  },
  'becomes one extent again': {
    rows: 30,
    stride: 29,
    act: (store) => insert(store, 0, 14, alike),
    hasDone: (store) => !isDirectory(rootCell(store, ROOT_LOG_ROWS)),
  },
};

for (const [name, { rows, removed = 0, stride: usual, act, hasDone }] of Object.entries(STEPS)) {
  test(`a crash at any store while a table ${name}: an adopter sees the last commit, and goes on`, async (context) => {
    const memory = new CrashingMemory();
    await memory.within(() => {
      const first = new Store(shape, undefined, 0, STATE_BYTES_DEFAULT);
      first.begin();
      insert(first, 0, rows);
      first.commit();
      if (removed > 0) {
        first.begin();
        for (let i = 0; i < removed; i++) first.remove(keys[i]);
        first.commit();
      }
      const before = first.contents();
      const segments = segmentsOf(first);
      memory.record();
      let crashes = 0;
      const stride = shortOrLong(usual, 1);
      for (let point = 0; ; point += stride) {
        const dying = first.adopt();
        memory.crashAt = memory.points + point;
        const hasDied =
          memory.work(() => {
            dying.begin();
            act(dying);
            return undefined;
          }) === CRASH;
        if (!hasDied) {
          memory.crashAt = Number.POSITIVE_INFINITY;
          assert.ok(hasDone(dying), `${segmentsOf(dying)} segments`);
          break;
        }
        crashes++;
        const adopter = first.adopt();
        memory.work(() => {
          adopter.rollback();
          assert.deepEqual(adopter.contents(), before);
          assert.equal(segmentsOf(adopter), segments);
          requireSound(adopter);
          adopter.begin();
          act(adopter);
          adopter.commit();
          assert.ok(hasDone(adopter));
          requireSound(adopter);
        });
        memory.revert();
      }
      assert.ok(crashes > 30, `${crashes} crashes`);
      context.diagnostic(`${crashes} crashes`);
    });
  });
}

test('damage to a directory is found', () => {
  const damages: readonly [string, 'roots' | 'rows', (i32: Int32Array, entry: number) => void, RegExp][] = [
    [
      'a directory nowhere',
      'roots',
      (i32) => (i32[ROOT] = 2 ** 29),
      /a directory of 2\^\d+ entries at word \d+ is not within/,
    ],
    ['no entries', 'roots', (i32) => (i32[ROOT + ROOT_LOG_ROWS] = DIRECTORY_LOG), /a directory of 2\^0 entries/],
    ['too many entries', 'roots', (i32) => (i32[ROOT + ROOT_LOG_ROWS] = 62), /a directory of 2\^30 entries/],
    [
      'a segment nowhere',
      'roots',
      (i32, entry) => (i32[entry] = 2 ** 29),
      /entry 0 of a directory: a segment at word \d+/,
    ],
    ['a depth beyond', 'roots', (i32, entry) => (i32[entry + 1] |= 31), /entry 0 of a directory has depth 31/],
    [
      'entries of two segments',
      'roots',
      (i32, entry) => (i32[entry + 1] &= -32),
      /entries 0 and 1 of a directory are not of one/,
    ],
    ['a full segment', 'roots', (i32, entry) => (i32[entry + 1] |= 16 << 5), /a segment of 16 slots counts \d+ in use/],
    ['a lost segment', 'roots', (i32) => (i32[ROOT + ROOT_USED] -= 1), /a table counts \d+ segments, but has \d+/],
    [
      'more rows than slots in use',
      'roots',
      (i32) => (i32[ROOT + ROOT_LIVE] = 2 ** 20),
      /counts 1048576 rows and \d+ slots/,
    ],
    [
      'a count of slots',
      'rows',
      (i32, entry) => (i32[entry + 1] += i32[entry + 1] >> 5 === 11 ? -32 : 32),
      /a segment counts \d+ slots/,
    ],
    ['a count of rows', 'rows', (i32) => (i32[ROOT + ROOT_LIVE] -= 1), /a table counts \d+ rows, but has/],
  ];
  for (const [what, depth, breakIt, message] of damages) {
    const store = new Store(shape, undefined, 0, STATE_BYTES_DEFAULT);
    store.begin();
    insert(store, 0, 500);
    store.commit();
    requireSound(store);
    const { i32 } = store.transaction.arenas[0];
    breakIt(i32, i32[ROOT] * 2);
    assert.match(checkState(store.state, ALL_GROUPS, 'rows') ?? 'nothing', message, what);
    const roots = checkState(store.state, ALL_GROUPS, 'roots');
    if (depth === 'roots') assert.match(roots ?? 'nothing', message, what);
    else assert.equal(roots, undefined, what);
  }
});

test("two segments in each other's place are found", () => {
  const store = new Store(shape, undefined, 0, STATE_BYTES_DEFAULT);
  store.begin();
  insert(store, 0, 500);
  store.commit();
  const { i32 } = store.transaction.arenas[0];
  const directory = i32[ROOT] * 2;
  const entries = entriesOf(store);
  const first = i32.slice(directory, directory + entries);
  i32.copyWithin(directory, directory + entries, directory + entries * 2);
  i32.set(first, directory + entries);
  assert.match(
    checkState(store.state, ALL_GROUPS, 'rows') ?? 'nothing',
    /a look-up of its key goes to another segment/,
  );
});
