// Goal: keyed state behaves as a JS Map does, whatever is inserted, updated, removed, committed, rolled back or adopted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { t } from '../../src/mailbox/schema.ts';
import { table } from '../../src/state/rows/row-layout.ts';
import { anyString, fieldOf, runs, type SampleType, valueArbitraries } from '../kit/arbitraries.ts';
import { type AnyTable, keysOfGroup, nameOf, type Row, Store } from '../kit/store.ts';

const VALUES: Readonly<Record<string, SampleType>> = {
  small: 'u8',
  whole: 'i32',
  count: 'u32',
  amount: 'f64',
  flag: 'bool',
  at: 'timestamp',
  text: 'string',
  kind: 'dictionary',
  blob: 'bytes',
  extra: 'json',
  big: 'i64',
  day: 'date',
  status: 'enum',
  maybe: 'optionalF64',
  note: 'optionalString',
  image: 'optionalBytes',
};
const EMPTY: Row = {
  small: 0,
  whole: 0,
  count: 0,
  amount: 0,
  flag: false,
  at: 0,
  text: '',
  kind: '',
  blob: new Uint8Array(0),
  extra: null,
  big: 0n,
  day: new Date(0),
  status: 'open',
  maybe: null,
  note: null,
  image: null,
};
const state = Object.fromEntries(Object.entries(VALUES).map(([name, type]) => [name, fieldOf(type)]));

const longText = fc
  .tuple(anyString, fc.integer({ min: 1, max: 30 }))
  .map(([text, n]) => (text + 'ß'.repeat(n)).repeat(2));
const KEYS: Readonly<Record<string, { key: Parameters<typeof table>[0]; pool: fc.Arbitrary<unknown[][]> }>> = {
  u32: { key: { id: t.u32() }, pool: fc.constant(keysOfGroup(7, 60).map((key) => [key])) },
  i32: {
    key: { id: t.i32() },
    pool: fc.uniqueArray(fc.integer(), { minLength: 1 }).map((all) => all.map((key) => [key])),
  },
  f64: {
    key: { id: t.f64() },
    pool: fc
      .array(fc.oneof(fc.double(), fc.constantFrom(Number.NaN, 0, -0, Infinity, 1)), { minLength: 1 })
      .map((all) => all.map((key) => [key])),
  },
  u64: {
    key: { id: t.u64() },
    pool: fc
      .array(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 1n, 2n ** 32n)), {
        minLength: 1,
      })
      .map((all) => all.map((key) => [key])),
  },
  'optional string': {
    key: { id: t.optional(t.string()) },
    pool: fc
      .array(fc.oneof(anyString, longText, fc.constantFrom(null, '', 'null')), { minLength: 1 })
      .map((all) => all.map((key) => [key])),
  },
  bool: { key: { id: t.bool() }, pool: fc.constant([[true], [false]]) },
  string: {
    key: { id: t.string() },
    pool: fc.array(fc.oneof(anyString, longText), { minLength: 1 }).map((all) => all.map((key) => [key])),
  },
  'string and u32': {
    key: { name: t.string(), id: t.u32() },
    pool: fc.array(
      fc.tuple(anyString, fc.nat({ max: 3 })).map((key): unknown[] => key),
      { minLength: 1 },
    ),
  },
  'u32 and f64': {
    key: { id: t.u8(), at: t.timestamp() },
    pool: fc.array(
      fc.tuple(fc.nat({ max: 255 }), fc.double({ noNaN: true, noDefaultInfinity: true })).map((key): unknown[] => key),
      { minLength: 1 },
    ),
  },
  'two strings': {
    key: { first: t.dictionary(), second: t.string() },
    pool: fc.array(
      fc.tuple(anyString, longText).map((key): unknown[] => key),
      { minLength: 1, maxLength: 10 },
    ),
  },
};

interface Step {
  pick: number;
  act: 'set' | 'remove' | 'touch';
  field: string;
  value: unknown;
}

const step: fc.Arbitrary<Step> = fc.constantFrom(...Object.keys(VALUES)).chain((field) =>
  fc.record({
    pick: fc.nat(),
    act: fc.constantFrom<Step['act']>('set', 'set', 'set', 'touch', 'remove'),
    field: fc.constant(field),
    value: valueArbitraries[VALUES[field]],
  }),
);
const transactions = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 40 }),
    end: fc.constantFrom('commit', 'commit', 'commit', 'rollback', 'crash'),
  }),
  { maxLength: 8 },
);

const copyOf = (model: Map<string, Row>): Map<string, Row> =>
  new Map([...model].map(([key, row]) => [key, { ...row }]));
const sorted = (model: Map<string, Row>): Map<string, Row> => new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1)));

for (const [name, { key, pool }] of Object.entries(KEYS)) {
  test(`rows with a key of ${name} follow a Map`, () => {
    fc.assert(
      fc.property(pool, transactions, (keys, list) => {
        let store = new Store({ key, state });
        let model = new Map<string, Row>();
        for (const { steps, end } of list) {
          const before = copyOf(model);
          store.begin();
          for (const { pick, act, field, value } of steps) {
            const id = keys[pick % keys.length];
            if (act === 'remove') {
              assert.equal(store.remove(...id), model.delete(nameOf(id)));
              continue;
            }
            const row = store.at(...id);
            const known = model.get(nameOf(id)) ?? { ...EMPTY };
            assert.deepStrictEqual(row[field], known[field]);
            if (act === 'set') {
              row[field] = value;
              known[field] = value;
              assert.deepStrictEqual(row[field], value);
            }
            model.set(nameOf(id), known);
          }
          assert.deepStrictEqual(store.contents(), sorted(model));
          if (end === 'commit') {
            store.commit();
            continue;
          }
          if (end === 'crash') store = store.adopt();
          store.rollback();
          model = before;
          assert.deepStrictEqual(store.contents(), sorted(model));
        }
      }),
      runs(60),
    );
  });
}

interface TableStep {
  key: number;
  sub: number;
  act: 'upsert' | 'delete' | 'clear' | 'removeAll' | 'get';
  text: string;
  count: number;
}

test('sub-keyed tables follow a Map of Maps', () => {
  const tableStep: fc.Arbitrary<TableStep> = fc.record({
    key: fc.nat({ max: 3 }),
    sub: fc.nat({ max: 40 }),
    act: fc.oneof(
      { weight: 12, arbitrary: fc.constant<TableStep['act']>('upsert') },
      { weight: 5, arbitrary: fc.constantFrom<TableStep['act']>('delete', 'get') },
      { weight: 1, arbitrary: fc.constantFrom<TableStep['act']>('clear', 'removeAll') },
    ),
    text: fc.oneof(anyString, longText),
    count: fc.nat(),
  });
  const list = fc.array(
    fc.record({
      steps: fc.array(tableStep, { maxLength: 80 }),
      end: fc.constantFrom('commit', 'commit', 'commit', 'rollback', 'crash'),
    }),
    { maxLength: 6 },
  );
  const subKeys = fc.array(fc.tuple(anyString, fc.nat({ max: 2 })), { minLength: 1, maxLength: 40 });
  const tables = { parts: table({ part: t.string(), lot: t.u32() }, { text: t.string(), count: t.u32() }) };
  fc.assert(
    fc.property(list, subKeys, (transactions, subs) => {
      let store = new Store({ key: { id: t.u32() }, state: { total: t.u32() }, tables });
      type Model = Map<string, { total: number; parts: Map<string, Row> }>;
      const copy = (from: Model): Model =>
        new Map([...from].map(([id, { total, parts }]) => [id, { total, parts: copyOf(parts) }]));
      const plain = (from: Model) =>
        new Map(
          [...from]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([id, { total, parts }]) => [id, { total, parts: sorted(parts) }]),
        );
      let model: Model = new Map();
      for (const { steps, end } of transactions) {
        const before = copy(model);
        store.begin();
        for (const { key, sub, act, text, count } of steps) {
          if (act === 'removeAll') {
            assert.equal(store.remove(key), model.delete(nameOf([key])));
            continue;
          }
          const view = store.at(key);
          const parts = view.parts as AnyTable;
          const known = model.get(nameOf([key])) ?? { total: 0, parts: new Map<string, Row>() };
          model.set(nameOf([key]), known);
          const subKey = subs[sub % subs.length];
          const name = nameOf(subKey);
          assert.equal(parts.has(...subKey), known.parts.has(name));
          switch (act) {
            case 'upsert': {
              const row = parts.upsert(...subKey);
              const inModel = known.parts.get(name) ?? { text: '', count: 0 };
              assert.deepEqual({ text: row.text, count: row.count }, inModel);
              row.text = text;
              row.count = count;
              known.parts.set(name, { text, count });
              assert.deepEqual([row.part, row.lot], subKey);
              break;
            }
            case 'get': {
              const row = parts.get(...subKey);
              assert.deepEqual(row && { text: row.text, count: row.count }, known.parts.get(name));
              if (row === undefined) break;
              row.count = count;
              (known.parts.get(name) as Row).count = count;
              break;
            }
            case 'delete':
              assert.equal(parts.delete(...subKey), known.parts.delete(name));
              break;
            default:
              parts.clear();
              known.parts.clear();
          }
          view.total = known.total = parts.size;
          assert.equal(parts.size, known.parts.size);
        }
        assert.deepStrictEqual(store.contents(), plain(model));
        if (end === 'commit') {
          store.commit();
          continue;
        }
        if (end === 'crash') store = store.adopt();
        store.rollback();
        model = before;
        assert.deepStrictEqual(store.contents(), plain(model));
      }
    }),
    runs(150),
  );
});

test('a table of 50,000 rows grows and shrinks within single transactions', () => {
  const store = new Store({ key: { id: t.u32() }, state: { count: t.u32(), text: t.string() } });
  const fill = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const row = store.at(i);
      row.count = i;
      row.text = `text of ${i}`;
    }
  };
  store.begin();
  fill(0, 20_000);
  store.commit();
  const image = store.contents();
  store.begin();
  fill(20_000, 50_000);
  for (let i = 0; i < 15_000; i++) assert.ok(store.remove(i));
  store.rollback();
  assert.deepStrictEqual(store.contents(), image);
  store.begin();
  fill(20_000, 50_000);
  for (let i = 0; i < 50_000; i += 2) assert.ok(store.remove(i));
  store.commit();
  const contents = store.contents();
  assert.equal(contents.size, 25_000);
  assert.deepEqual(contents.get(nameOf([777])), { count: 777, text: 'text of 777' });
});
