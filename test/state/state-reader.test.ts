// Goal: a reader of keyed state routes keys as frames do, and shows exactly what a Map model holds: from the owner's thread
// and from another view of the same memory, after growth, commits, rollbacks and crashes, with one and four arenas.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { MillraceError } from '../../src/errors.ts';
import type { KeyCodec } from '../../src/mailbox/columns/codec.ts';
import { codecOf } from '../../src/mailbox/columns/registry.ts';
import type { Decoder } from '../../src/mailbox/decoder.ts';
import { keyGroupOf } from '../../src/mailbox/hash.ts';
import { type Field, type Shape, t } from '../../src/mailbox/schema.ts';
import { GROUP_ROOT, groupHeader } from '../../src/state/memory/arena.ts';
import { generateTable, type KeyArguments } from '../../src/state/memory/table.ts';
import { table } from '../../src/state/rows/row-layout.ts';
import { keyGroupFinder, type StateReader, stateReader } from '../../src/state/rows/state-reader.ts';
import { Transaction } from '../../src/state/transaction/transaction.ts';
import {
  anyString,
  fieldOf,
  fieldTypes,
  keyTypes,
  runs,
  type SampleType,
  schemaOf,
  tuplesOf,
  valueArbitraries,
} from '../kit/arbitraries.ts';
import { FIRST_VALUES } from '../kit/sample-fields.ts';
import {
  ALL_GROUPS,
  type AnyTable,
  FOUR_ARENAS_BYTES,
  keysOfGroup,
  nameOf,
  type Row,
  Store,
  type StoreShape,
} from '../kit/store.ts';
import { Stream } from '../kit/stream.ts';

const ONE_ARENA_BYTES = 2 ** 30;
const ARENAS = { 1: ONE_ARENA_BYTES, 4: FOUR_ARENAS_BYTES };
/** A NaN whose bits are not those of Number.NaN. */
const OTHER_NAN = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0];

const newStore = (shape: StoreShape, stateBytes = FOUR_ARENAS_BYTES): Store =>
  new Store(shape, undefined, 0, stateBytes);

/** A reader as the owner makes it. */
const ownersReader = (store: Store): StateReader => stateReader('test', store.state.table, store.transaction);

/** A reader as the app's thread makes it: with its own views of the memory. */
function appsReader({ memory, layout }: Store): StateReader {
  const transaction = new Transaction('test', memory);
  return stateReader('test', generateTable('test', layout, transaction), transaction);
}

const allEntries = (reader: StateReader) =>
  ALL_GROUPS.flatMap((group) => reader.entries(group).map((entry) => ({ group, ...entry })));

/** Equal arrays for equal sets of objects: they come in no order. */
const inOrder = <Item>(items: readonly Item[], name: (item: Item) => string): Item[] =>
  [...items].sort((a, b) => (name(a) < name(b) ? -1 : 1));

const shapeOf = (types: readonly SampleType[], prefix: string): Shape =>
  Object.fromEntries(types.map((type, i) => [`${prefix}${i}`, fieldOf(type)]));

const keysWith = (types: readonly SampleType[]): fc.Arbitrary<unknown[]> =>
  fc.tuple(...types.map((type) => valueArbitraries[type]));

/** Sends tuples through a stream that is keyed by the given fields, and visits each in its frame. */
function throughFrames(
  types: readonly SampleType[],
  key: readonly number[],
  tuples: readonly Row[],
  visit: (decoder: Decoder<Row>, row: number) => void,
): void {
  // A dictionary of two entries: further strings go inline.
  const stream = new Stream(schemaOf(types), { keys: [key], dictionaryEntries: 2 });
  stream.emitAll(tuples);
  stream.commit();
  const [consumer] = stream.consumers;
  consumer.read(Number.POSITIVE_INFINITY, (row) => visit(consumer.decoder, row));
}

/** The key groups that the encoder's hash column gives to tuples. */
function groupsInFrames(types: readonly SampleType[], key: readonly number[], tuples: readonly Row[]): number[] {
  const groups: number[] = [];
  throughFrames(types, key, tuples, (decoder, row) => groups.push(keyGroupOf(decoder.hashAt(row))));
  return groups;
}

/** A tuple's key as the operator's program gives it to the table: numbers, and text as bytes. */
function keyArguments(
  decoder: Decoder<Row>,
  types: readonly SampleType[],
  key: readonly number[],
  row: number,
): KeyArguments {
  return key.flatMap((i) => {
    const codec = codecOf(fieldOf(types[i])).key as KeyCodec;
    const body = `${codec.seek('key')} return [${codec.ofReader('key')}];`;
    return new Function('key', 'i', body)(decoder.keyAt[i], row) as KeyArguments;
  });
}

/** The key fields of an operator keyed by the given fields of such a stream. */
const keyFields = (types: readonly SampleType[], key: readonly number[]): Shape =>
  Object.fromEntries(key.map((i) => [`a${i}`, fieldOf(types[i])]));

for (const first of keyTypes) {
  test(`the group of a key with ${first}, alone and with each type, is the one in frames`, () => {
    const pairs = keyTypes.map((second) => [first, second]);
    for (const types of [[first], ...pairs]) {
      // In the order of keyBy, which need not be the order in the tuple.
      const order = types.map((_, i) => types.length - 1 - i);
      const { groupOf } = ownersReader(new Store({ key: keyFields(types, order), state: {} }));
      fc.assert(
        fc.property(tuplesOf(types, 40), (tuples) => {
          const groups = tuples.map((tuple) => groupOf(order.map((i) => tuple[`a${i}`])));
          assert.deepEqual(groups, groupsInFrames(types, order, tuples));
        }),
        runs(20),
      );
    }
  });
}

test('rows that were stored from the bytes of frames are found by the values of their keys', () => {
  const types = fc.uniqueArray(fc.constantFrom(...keyTypes), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(
      types.chain((each) => fc.tuple(fc.constant(each), tuplesOf(each, 30))),
      ([types, tuples]) => {
        const order = types.map((_, i) => types.length - 1 - i);
        const store = newStore({ key: keyFields(types, order), state: { n: t.u32() } });
        const { transaction, state } = store;
        const latest = new Map<string, number>();
        const keyOf = (tuple: Row): unknown[] => order.map((i) => tuple[`a${i}`]);
        store.begin();
        state.resume();
        let n = 0;
        throughFrames(types, order, tuples, (decoder, row) => {
          const hash = decoder.hashAt(row);
          const group = keyGroupOf(hash);
          const arena = transaction.arenaOf(group);
          const root = groupHeader(group) + GROUP_ROOT;
          const at = state.table.upsert(
            arena,
            root,
            hash,
            store.open(group),
            ...keyArguments(decoder, types, order, row),
          );
          Object.assign(state.views[arena.id], { row: at, n });
          latest.set(nameOf(keyOf(tuples[n])), n++);
        });
        store.commit();
        const reader = appsReader(store);
        for (const tuple of tuples) {
          assert.deepEqual(reader.get(keyOf(tuple)), { n: latest.get(nameOf(keyOf(tuple))) });
        }
        assert.equal(allEntries(reader).length, latest.size);
      },
    ),
    runs(150),
  );
});

test('NaN is one key and -0 is 0, alone and in pairs, as in frames', () => {
  const tuples = [Number.NaN, OTHER_NAN, 0, -0, 1].map((a0) => ({ a0, a1: 'Ωmega' }));
  for (const order of [[0], [0, 1], [1, 0]]) {
    const { keys } = new Store({ key: keyFields(['f64', 'string'], order), state: {} }).layout;
    const groupOf = keyGroupFinder('test', keys);
    const groups = tuples.map(({ a0, a1 }) => groupOf(order.map((i) => [a0, a1][i])));
    assert.deepEqual(groups, groupsInFrames(['f64', 'string'], order, tuples));
    assert.equal(groups[0], groups[1]);
    assert.equal(groups[2], groups[3]);
  }
});

/** A value of each field type in the state and in one table; further tables have each type as their key. */
const FIELDS = Object.fromEntries(fieldTypes.map((type): [string, SampleType] => [`${type}Field`, type]));
const fields = Object.fromEntries(Object.entries(FIELDS).map(([name, type]) => [name, fieldOf(type)]));
const emptyRow = (): Row =>
  Object.fromEntries(Object.entries(FIELDS).map(([name, type]) => [name, FIRST_VALUES[type]]));
const TABLE_KEYS: Readonly<Record<string, readonly SampleType[]>> = {
  ...Object.fromEntries(keyTypes.map((type) => [`${type}Table`, [type]])),
  pairTable: ['string', 'timestamp'],
};
const tables = Object.fromEntries(
  Object.entries(TABLE_KEYS).map(([name, types]) => [name, table(shapeOf(types, 'part'), fields)]),
);
const subKeyPools = fc.record(
  Object.fromEntries(
    Object.entries(TABLE_KEYS).map(([name, types]) => [
      name,
      fc.array(keysWith(types), { minLength: 1, maxLength: 6 }),
    ]),
  ),
);

interface Step {
  pick: number;
  subPick: number;
  table: string;
  act: 'set' | 'touch' | 'remove' | 'setPart' | 'deletePart' | 'clear';
  field: string;
  value: unknown;
}

const step: fc.Arbitrary<Step> = fc.constantFrom(...Object.keys(FIELDS)).chain((field) =>
  fc.record({
    pick: fc.nat(),
    subPick: fc.nat(),
    table: fc.constantFrom(...Object.keys(TABLE_KEYS)),
    act: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom<Step['act']>('set', 'setPart') },
      { weight: 1, arbitrary: fc.constantFrom<Step['act']>('touch', 'remove', 'deletePart', 'clear') },
    ),
    field: fc.constant(field),
    // Structured clone, which carries a row to the app, drops what only json keeps: objects without a prototype, for one.
    value: valueArbitraries[FIELDS[field]].filter((value) => isDeepStrictEqual(structuredClone(value), value)),
  }),
);
const transactions = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 40 }),
    end: fc.constantFrom<'commit' | 'rollback' | 'crash'>('commit', 'commit', 'rollback', 'crash'),
  }),
  { minLength: 1, maxLength: 5 },
);

interface ModelRow {
  key: Row;
  fields: Row;
  tables: Record<string, Map<string, Row>>;
}
type Model = Map<string, ModelRow>;

/** A key by field name, its values as they are once they are stored. */
const keyObject = (key: readonly unknown[], prefix: string): Row =>
  Object.fromEntries(key.map((value, i) => [`${prefix}${i}`, value === 0 ? 0 : value]));

const newModelRow = (id: readonly unknown[]): ModelRow => ({
  key: keyObject(id, 'a'),
  fields: emptyRow(),
  tables: Object.fromEntries(Object.keys(TABLE_KEYS).map((name) => [name, new Map()])),
});

/** Takes one step, at key `id` and at key `part` of a table, in the store and in the model. */
function take(store: Store, model: Model, step: Step, id: readonly unknown[], part: readonly unknown[]): void {
  const { act, table: name, field, value } = step;
  if (act === 'remove') {
    assert.equal(store.remove(...id), model.delete(nameOf(id)));
    return;
  }
  const row = store.at(...id);
  const rows = row[name] as AnyTable;
  const known = model.get(nameOf(id)) ?? newModelRow(id);
  const knownRows = known.tables[name];
  model.set(nameOf(id), known);
  if (act === 'set') {
    row[field] = value;
    known.fields[field] = value;
  } else if (act === 'setPart') {
    rows.upsert(...part)[field] = value;
    const knownRow = knownRows.get(nameOf(part)) ?? { ...keyObject(part, 'part'), ...emptyRow() };
    knownRows.set(nameOf(part), { ...knownRow, [field]: value });
  } else if (act === 'deletePart') {
    assert.equal(rows.delete(...part), knownRows.delete(nameOf(part)));
  } else if (act === 'clear') {
    rows.clear();
    knownRows.clear();
  }
}

const partName = (row: Row): string =>
  nameOf(
    Object.keys(row)
      .filter((name) => name.startsWith('part'))
      .map((name) => row[name]),
  );

/** What a reader returns for a row of the model, with the rows of tables in order. */
const expected = (row: ModelRow): Row => ({
  ...row.fields,
  ...Object.fromEntries(
    Object.entries(row.tables).map(([name, parts]) => [name, inOrder([...parts.values()], partName)]),
  ),
});
const tablesInOrder = (value: Row): Row =>
  Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name in TABLE_KEYS ? inOrder(each as Row[], partName) : each]),
  );

function assertShows(reader: StateReader, model: Model, keys: readonly (readonly unknown[])[]): void {
  for (const key of keys) {
    const value = reader.get(key);
    const known = model.get(nameOf(key));
    if (known === undefined) assert.equal(value, undefined);
    else assert.deepStrictEqual(tablesInOrder(value as Row), expected(known));
    assert.deepStrictEqual(structuredClone(value), value);
  }
  const entries = inOrder(allEntries(reader), ({ key }) => nameOf(Object.values(key)));
  const known = inOrder([...model.values()], ({ key }) => nameOf(Object.values(key)));
  // Row by row: when it fails, it does so thousands of times, and the difference of long arrays takes seconds.
  assert.equal(entries.length, known.length);
  entries.forEach(({ group, key, value }, i) => {
    assert.deepStrictEqual(key, known[i].key);
    assert.equal(reader.groupOf(Object.values(key)), group);
    assert.deepStrictEqual(tablesInOrder(value), expected(known[i]));
  });
}

const modelKeys: readonly (readonly SampleType[])[] = [
  ...keyTypes.map((type) => [type]),
  ['string', 'u32'],
  ['u8', 'timestamp'],
  ['dictionary', 'string'],
  ['f64', 'bool'],
];

for (const types of modelKeys) {
  for (const [arenas, stateBytes] of Object.entries(ARENAS)) {
    test(`rows with a key of ${types.join(' and ')} in ${arenas} arena(s) read as a Map holds them`, () => {
      const keyPool = fc.array(keysWith(types), { minLength: 1, maxLength: 12 });
      fc.assert(
        fc.property(keyPool, subKeyPools, transactions, (keys, parts, list) => {
          let store = newStore({ key: shapeOf(types, 'a'), state: fields, tables }, stateBytes);
          assert.equal(store.transaction.arenas.length, Number(arenas));
          const app = appsReader(store);
          let owner = ownersReader(store);
          let model: Model = new Map();
          for (const { steps, end } of list) {
            const before = structuredClone(model);
            store.begin();
            for (const each of steps) {
              const key = keys[each.pick % keys.length];
              const pool = parts[each.table];
              const part = pool[each.subPick % pool.length];
              take(store, model, each, key, part);
            }
            if (end === 'commit') store.commit();
            else {
              if (end === 'crash') {
                store = store.adopt();
                owner = ownersReader(store);
              }
              store.rollback();
              model = before;
            }
            assertShows(owner, model, keys);
            assertShows(app, model, keys);
          }
        }),
        runs(15),
      );
    });
  }
}

for (const [arenas, stateBytes] of Object.entries(ARENAS)) {
  test(`a reader sees what another view of ${arenas} arena(s) has grown, and a rollback of it`, () => {
    const shape = { key: { id: t.u32() }, state: { text: t.string() }, tables: { parts: table({ n: t.u32() }, {}) } };
    const store = newStore(shape, stateBytes);
    const reader = appsReader(store);
    assert.deepEqual(allEntries(reader), []);
    const firstBytes = store.memory.arenas.map((buffer) => buffer.byteLength);
    const fill = (from: number, to: number): void => {
      for (let id = from; id < to; id++) {
        const row = store.at(id);
        row.text = `the text of the row of key ${id}`;
        if (id % 100 === 0) for (let n = 0; n < 5; n++) (row.parts as AnyTable).upsert(n);
      }
    };
    const check = (count: number): void => {
      const entries = allEntries(reader);
      assert.equal(entries.length, count);
      for (const { group, key, value } of entries) {
        const id = key.id as number;
        assert.ok(id < count);
        assert.equal(store.group([id]), group);
        assert.equal(value.text, `the text of the row of key ${id}`);
        assert.equal((value.parts as Row[]).length, id % 100 === 0 ? 5 : 0);
        if (id % 50 === 0) assert.deepEqual(reader.get([id]), value);
      }
      assert.equal(reader.get([count]), undefined);
    };
    store.begin();
    fill(0, 5000);
    store.commit();
    const grownBytes = store.memory.arenas.map((buffer) => buffer.byteLength);
    assert.ok(grownBytes.every((bytes, i) => bytes > firstBytes[i]));
    check(5000);
    store.begin();
    fill(0, 20_000);
    for (let id = 0; id < 1000; id++) store.remove(id);
    store.rollback();
    check(5000);
    const adopted = store.adopt();
    adopted.begin();
    for (let id = 0; id < 5000; id++) adopted.at(id).text = 'lost';
    adopted.rollback();
    check(5000);
    store.begin();
    fill(5000, 20_000);
    store.commit();
    assert.ok(store.memory.arenas.every((buffer, i) => buffer.byteLength > grownBytes[i]));
    check(20_000);
  });
}

test('get alone takes up growth, at its first use after it', () => {
  const [id] = keysOfGroup(200, 1);
  const store = newStore({ key: { id: t.u32() }, state: { text: t.string() } });
  const reader = appsReader(store);
  store.begin();
  for (const other of keysOfGroup(201, 3000)) store.at(other).text = 'x'.repeat(100);
  store.at(id).text = 'behind all of them, in memory that was not there';
  store.commit();
  assert.deepEqual(reader.get([id]), { text: 'behind all of them, in memory that was not there' });
});

test('what is read is a copy: changing it changes no state, and changing state does not change it', () => {
  const shape = {
    key: { id: t.u32() },
    state: { blob: t.bytes(), list: t.json<number[]>(), text: t.string() },
    tables: { parts: table({ n: t.u32() }, { blob: t.bytes() }) },
  };
  const store = newStore(shape);
  const reader = ownersReader(store);
  const write = (bytes: readonly number[], text: string): void => {
    store.begin();
    const row = store.at(1);
    row.blob = Uint8Array.from(bytes);
    row.list = [...bytes];
    row.text = text;
    (row.parts as AnyTable).upsert(5).blob = Uint8Array.from(bytes);
    store.commit();
  };
  const long = Array.from({ length: 100 }, (_, i) => i);
  for (const bytes of [[1, 2, 3], long]) {
    write(bytes, 'first');
    const known = {
      blob: Uint8Array.from(bytes),
      list: [...bytes],
      text: 'first',
      parts: [{ n: 5, blob: Uint8Array.from(bytes) }],
    };
    const value = reader.get([1]) as typeof known;
    assert.deepStrictEqual(value, known);
    for (const blob of [value.blob, value.parts[0].blob]) {
      assert.ok(blob.buffer instanceof ArrayBuffer, 'not shared');
      blob.fill(9);
    }
    value.list.push(9);
    value.parts.push({ n: 6, blob: new Uint8Array(1) });
    value.text = 'changed';
    assert.deepStrictEqual(reader.get([1]), known);
    const [{ key }] = reader.entries(store.group([1]));
    key.id = 77;
    const kept = reader.get([1]);
    write([...bytes].reverse(), 'second');
    assert.deepStrictEqual(kept, known);
    assert.equal(reader.get([1])?.text, 'second');
  }
});

test('reading changes no shared memory: not the arenas, the undo log or the allocator', () => {
  const shape = {
    key: { word: t.string() },
    state: { count: t.u32(), extra: t.json() },
    tables: { parts: table({ part: t.dictionary() }, { text: t.string() }) },
  };
  const store = newStore(shape);
  store.begin();
  for (let i = 0; i < 500; i++) {
    const row = store.at(`word ${i}`);
    row.extra = { i };
    (row.parts as AnyTable).upsert('Ω').text = 'of several words, not inline';
  }
  store.commit();
  store.begin();
  for (let i = 0; i < 500; i += 2) store.at(`word ${i}`).count = i;
  store.commit();
  const { arenas, undo, allocator } = store.memory;
  const image = () => [...arenas, undo, allocator].map((buffer) => Buffer.from(buffer).toString('latin1'));
  const before = image();
  const stamps = store.transaction.stamps.slice();
  for (const reader of [ownersReader(store), appsReader(store)]) {
    for (let i = 0; i < 600; i++)
      assert.equal(reader.get([`word ${i}`])?.count, i >= 500 ? undefined : i % 2 === 0 ? i : 0);
    assert.equal(allEntries(reader).length, 500);
  }
  assert.ok(image().every((text, i) => text === before[i]));
  assert.deepEqual(store.transaction.stamps, stamps);
  store.begin();
  store.at('word 1').count = 12;
  store.rollback();
  assert.equal(ownersReader(store).get(['word 1'])?.count, 0);
});

test('words whose hashes are equal are different keys', () => {
  const [first, second] = ['19642-1819211418', '66090-3720239370'];
  const store = newStore({ key: { word: t.string() }, state: { count: t.u32() } });
  const reader = ownersReader(store);
  assert.equal(reader.groupOf([first]), reader.groupOf([second]));
  store.begin();
  store.at(first).count = 1;
  store.commit();
  assert.deepEqual([reader.get([first]), reader.get([second])], [{ count: 1 }, undefined]);
  store.begin();
  store.at(second).count = 2;
  store.commit();
  assert.deepEqual([reader.get([first]), reader.get([second])], [{ count: 1 }, { count: 2 }]);
  assert.deepEqual(
    inOrder(reader.entries(reader.groupOf([first])), ({ key }) => key.word as string),
    [
      { key: { word: first }, value: { count: 1 } },
      { key: { word: second }, value: { count: 2 } },
    ],
  );
});

test('names of the language and of objects are names of fields as others are', () => {
  const names = ['toString', 'valueOf', 'hasOwnProperty', 'class', 'p', 'this', 'readText', 'tables', 'Row', '$'];
  const u32Fields = Object.fromEntries(names.map((name): [string, Field<number>] => [name, t.u32()]));
  const store = newStore({
    key: { toString: t.string(), arena: t.u32() },
    state: u32Fields,
    tables: { forEach: table({ arena: t.u32() }, { row: t.u32(), ...u32Fields }) },
  });
  const values = Object.fromEntries(names.map((name, i) => [name, i + 1]));
  store.begin();
  const row = store.at('key', 3);
  Object.assign(row, values);
  Object.assign((row.forEach as AnyTable).upsert(8), values, { row: 99 });
  store.commit();
  const value = { ...values, forEach: [{ arena: 8, row: 99, ...values }] };
  const reader = appsReader(store);
  assert.deepStrictEqual(reader.get(['key', 3]), value);
  assert.deepStrictEqual(
    allEntries(reader).map(({ key, value: read }) => [key, read]),
    [[{ toString: 'key', arena: 3 }, value]],
  );
});

test('a state of tables only, and one of nothing, have rows too', () => {
  const parts = { parts: table({ n: t.u32() }, {}) };
  for (const [shape, empty] of [
    [{ key: { id: t.bool() }, state: {}, tables: parts }, { parts: [] }],
    [{ key: { id: t.bool() }, state: {} }, {}],
  ] as const) {
    const store = newStore(shape);
    store.begin();
    store.at(false);
    store.commit();
    const reader = appsReader(store);
    assert.deepStrictEqual(reader.get([false]), empty);
    assert.equal(reader.get([true]), undefined);
    assert.deepStrictEqual(reader.entries(store.group([false])), [{ key: { id: false }, value: empty }]);
  }
});

/** Values that are none of a type's. */
const BAD_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  u8: [-1, 256, 1.5, Number.NaN, '1', true, null, undefined, 1n, {}],
  i32: [2 ** 31, -(2 ** 31) - 1, 0.5, '0', false, undefined],
  u32: [-1, 2 ** 32, 0.5, Number.NaN, '7', [7], undefined],
  f64: ['1', null, undefined, 1n, Symbol('one')],
  bool: [0, 1, 'true', null, undefined],
  timestamp: [Number.NaN, Infinity, '2026', new Date(0), undefined],
  string: [1, null, undefined, ['a'], Object('a'), Symbol('a'), () => 'a'],
  dictionary: [1, null, undefined, Buffer.from('a')],
  i64: [1, 2n ** 63n, null, undefined, '1'],
  u64: [1, -1n, 2n ** 64n, null, undefined],
  date: [0, new Date(Number.NaN), '2026-01-01', null, undefined],
  enum: ['ajar', 0, null, undefined],
  optionalF64: ['1', undefined, 1n],
  optionalU64: [1, undefined, -1n],
  optionalString: [1, undefined],
  optionalDictionary: [1, undefined],
};

const GOOD_VALUES: Readonly<Record<string, unknown>> = {
  u8: 1,
  i32: 1,
  u32: 1,
  i64: -1n,
  u64: 1n,
  f64: 1,
  bool: true,
  timestamp: 1,
  date: new Date(1),
  string: 'a',
  dictionary: 'a',
  enum: 'closed',
  optionalF64: null,
  optionalU64: null,
  optionalString: 'a',
  optionalDictionary: null,
};

test('BAD_KEY: a value that is none of its field names operator, field, value and rule', () => {
  assert.deepEqual(Object.keys(BAD_VALUES).sort(), [...keyTypes].sort());
  for (const type of keyTypes) {
    const alone = ownersReader(newStore({ key: { field: fieldOf(type) }, state: {} }));
    const second = ownersReader(newStore({ key: { first: t.u32(), field: fieldOf(type) }, state: {} }));
    assert.equal(alone.get([GOOD_VALUES[type]]), undefined);
    for (const value of BAD_VALUES[type]) {
      const calls = [
        () => alone.get([value]),
        () => alone.groupOf([value]),
        () => second.get([1, value]),
        () => second.groupOf([1, value]),
      ];
      for (const call of calls) {
        assert.throws(call, (error: unknown) => {
          assert.ok(error instanceof MillraceError);
          assert.equal(error.code, 'BAD_KEY');
          for (const part of [
            `'field'`,
            `'test'`,
            `is ${codecOf(fieldOf(type)).label}, which takes ${codecOf(fieldOf(type)).rule}`,
          ])
            assert.ok(error.message.includes(part), error.message);
          assert.equal(error.details.operator, 'test');
          assert.equal(error.details.field, 'field');
          assert.equal(error.details.type, codecOf(fieldOf(type)).label);
          structuredClone(error.details);
          return true;
        });
      }
    }
  }
  const reader = ownersReader(newStore({ key: { word: t.string() }, state: {} }));
  assert.throws(() => reader.get([5]), {
    message: "key field 'word' of operator 'test' is string, which takes a string; got 5: ask for a key of such values",
  });
});

test('BAD_KEY: the wrong number of values names the fields', () => {
  const one = ownersReader(newStore({ key: { word: t.string() }, state: {} }));
  const two = ownersReader(newStore({ key: { x: t.u32(), y: t.u32() }, state: {} }));
  for (const call of [
    () => one.get([]),
    () => one.get(['a', 'b']),
    () => one.groupOf([]),
    () => two.get([1]),
    () => two.get([1, 2, 3]),
  ])
    assert.throws(call, { code: 'BAD_KEY' });
  assert.throws(() => two.groupOf([1]), {
    message: "a key of operator 'test' takes 2 values ('x', 'y'); got 1: give one value for each field, in this order",
    details: { operator: 'test', fields: ['x', 'y'], given: 1 },
  });
});

test('any string is a key, however long', () => {
  const store = newStore({ key: { word: t.string() }, state: { text: t.string() } });
  const reader = appsReader(store);
  fc.assert(
    fc.property(
      fc.oneof(
        anyString,
        anyString.map((text) => text.repeat(100)),
      ),
      (word) => {
        store.begin();
        store.at(word).text = word;
        store.commit();
        assert.deepEqual(reader.get([word]), { text: word });
        assert.ok(reader.entries(reader.groupOf([word])).some(({ key }) => key.word === word));
      },
    ),
    runs(300),
  );
});
