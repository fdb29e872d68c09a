// Goal: the combiner's own table: keys of every type and any value are told apart as state tells them apart; it stops combining where
// keys hardly repeat, and begins again; nothing is lost when it is full; what is rolled back leaves nothing behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AggregateCode } from '../../../src/flow/aggregates/aggregate.ts';
import { generateCombiner, type TupleHolder } from '../../../src/flow/aggregates/combiner.ts';
import { count } from '../../../src/flow/aggregates/count.ts';
import { distinct } from '../../../src/flow/aggregates/distinct.ts';
import { Schema, type SchemaField, type Shape, t } from '../../../src/mailbox/schema.ts';
import { fieldOf, keyTypes, runs, valueArbitraries } from '../../kit/arbitraries.ts';

type Row = Record<string, unknown>;

const planOf = (aggregate: ReturnType<typeof count>, fields: readonly SchemaField[] = []): AggregateCode =>
  (aggregate as { plan(place: object): AggregateCode }).plan({ operator: 'op', name: 'n', id: 0, fields });

/** The same combiner, which gets whole tuples. */
const fedByTuples = (combiner: TupleHolder) => ({
  ...combiner,
  add: (tuple: Row): void => {
    combiner.takes.numbers.forEach((name, i) => {
      combiner.numbers[i] = tuple[name] as number;
    });
    combiner.add(...combiner.takes.others.map((name) => tuple[name]));
  },
});

/** A combiner that counts, and what it has emitted. */
function counting(shape: Shape) {
  const rows: Row[] = [];
  const schema = Schema.of(shape, 'a test');
  const aggregates = [{ name: 'n', fields: [], code: planOf(count()) }];
  const combiner = fedByTuples(
    generateCombiner('op', schema, schema.fields, aggregates, (row) => rows.push(row as Row)),
  );
  const total = (): number => rows.reduce((sum, { n }) => sum + (n as number), 0);
  return { combiner, rows, total };
}

/** A text that is equal for values that are one key. */
const identity = (value: unknown): string =>
  value instanceof Date ? `date ${value.getTime()}` : `${typeof value} ${value === 0 ? 0 : String(value)}`;

for (const type of keyTypes) {
  test(`keys of type ${type}: one row for each that state tells apart, with its value`, () => {
    const values = fc.array(valueArbitraries[type], { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }), (drawn, picks) => {
        for (const shape of [{ a: fieldOf(type) }, { a: fieldOf(type), b: fieldOf(type) }]) {
          const { combiner, rows } = counting(shape as Shape);
          const expected = new Map<string, { a: unknown; b: unknown; n: number }>();
          const hasTwo = 'b' in shape;
          for (const [i, j] of picks) {
            const [a, b] = [drawn[i % drawn.length], hasTwo ? drawn[j % drawn.length] : undefined];
            combiner.add(hasTwo ? { a, b } : { a });
            const key = `${identity(a)}/${identity(b)}`;
            const known = expected.get(key) ?? { a, b, n: 0 };
            known.n++;
            expected.set(key, known);
          }
          combiner.flush();
          const found = rows.map(({ a, b, n }) => [`${identity(a)}/${identity(b)}`, n]);
          assert.deepEqual(
            found,
            Array.from(expected, ([key, { n }]) => [key, n]),
          );
        }
      }),
      runs(60),
    );
  });
}

test('keys stay from batch to batch, and only those of a batch are emitted', () => {
  const { combiner, rows } = counting({ key: t.u32() });
  for (const keys of [[1, 2, 2], [2], [], [3, 1, 1]]) {
    rows.length = 0;
    for (const key of keys) combiner.add({ key });
    combiner.flush();
    const expected = [...new Set(keys)].map((key) => ({ key, n: keys.filter((each) => each === key).length }));
    assert.deepEqual(rows, expected);
    assert.ok(combiner.isEmpty());
  }
});

test('what is discarded leaves nothing behind', () => {
  const { combiner, rows } = counting({ key: t.string() });
  for (const key of ['a', 'b', 'a']) combiner.add({ key });
  combiner.discard();
  combiner.flush();
  assert.deepEqual(rows, []);
  combiner.add({ key: 'a' });
  combiner.flush();
  assert.deepEqual(rows, [{ key: 'a', n: 1 }]);
});

test('tuples that are tried alone are handed on one by one', () => {
  const { combiner, rows } = counting({ key: t.u32() });
  combiner.single(true);
  for (const key of [1, 1, 2]) combiner.add({ key });
  assert.deepEqual(
    rows,
    [1, 1, 2].map((key) => ({ key, n: 1 })),
  );
  combiner.single(false);
  combiner.add({ key: 1 });
  assert.equal(rows.length, 3);
});

test('where keys hardly repeat tuples are handed on, until they repeat again', () => {
  const { combiner, rows, total } = counting({ key: t.u32() });
  let added = 0;
  const add = (key: number): void => {
    combiner.add({ key });
    added++;
  };
  for (let key = 0; key < 20_000; key++) add(key);
  assert.ok(!combiner.isPaused());
  combiner.flush();
  assert.ok(combiner.isPaused());
  assert.equal(rows.length, added);
  add(1);
  assert.equal(rows.length, added, 'it is handed on at once');
  for (let i = 0; combiner.isPaused() && i < 1_000_000; i++) add(i % 10);
  assert.ok(!combiner.isPaused());
  const before = rows.length;
  for (let i = 0; i < 20_000; i++) add(i % 10);
  combiner.flush();
  assert.equal(rows.length, before + 10);
  assert.ok(!combiner.isPaused());
  assert.equal(total(), added);
});

test('a table that is full hands on tuples of new keys, and combines those that it has', () => {
  const { combiner, rows, total } = counting({ key: t.u32() });
  let keys = 0;
  while (!combiner.isFull()) combiner.add({ key: keys++ });
  assert.deepEqual(rows, []);
  for (let i = 0; i < 10; i++) {
    combiner.add({ key: 5 });
    combiner.add({ key: keys + i });
  }
  assert.equal(rows.length, 10);
  combiner.flush();
  assert.equal(rows.length, 10 + keys);
  assert.equal(total(), keys + 20);
  assert.ok(!combiner.isFull(), 'the table begins anew');
});

test('a part that grows large travels before the batch commits', () => {
  const schema = Schema.of({ key: t.u32(), user: t.string() }, 'a test');
  const { fields } = schema;
  const rows: Row[] = [];
  const code = planOf(distinct('user') as never, [fields[1]]);
  const aggregates = [{ name: 'users', fields: ['user'], code }];
  const combiner = fedByTuples(generateCombiner('op', schema, [fields[0]], aggregates, (row) => rows.push(row as Row)));
  for (let i = 0; i < 5000; i++) combiner.add({ key: 1, user: `user ${i % 2500}` });
  assert.ok(rows.length >= 2);
  combiner.flush();
  assert.ok(rows.every(({ users }) => (users as unknown[]).length <= 1024));
  assert.equal(new Set(rows.flatMap(({ users }) => users)).size, 2500);
});

test('parts of a long string do not keep it alive', () => {
  const { combiner, rows } = counting({ key: t.string() });
  const long = 'abcdefghijklmnopqrstuvwxyz'.repeat(100);
  combiner.add({ key: long.slice(3, 29) });
  combiner.flush();
  assert.deepEqual(rows, [{ key: long.slice(3, 29), n: 1 }]);
});

test('rows come in the order of time, and how far it has come is told between them and never too early', () => {
  const steps = fc.array(fc.record({ atMs: fc.nat(400), key: fc.nat(40) }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 7, 50), fc.constantFrom(5, 20), (drawn, boundMs, sizeMs) => {
      const schema = Schema.of({ key: t.u32(), slice: t.f64() }, 'a test');
      const emitted: ({ readonly told: number } | Row)[] = [];
      let seen = Number.NEGATIVE_INFINITY;
      const combiner = fedByTuples(
        generateCombiner(
          'op',
          schema,
          schema.fields,
          [{ name: 'n', fields: [], code: planOf(count()) }],
          (row) => emitted.push(row as Row),
          {
            computed: {},
            time: {
              watermark: () => seen - boundMs,
              tell: (told) => emitted.push({ told }),
              endOf: (time) => `(Math.floor(${time} / ${sizeMs}) + 1) * ${sizeMs}`,
            },
          },
        ),
      );
      let expected = 0;
      for (const { atMs, key } of drawn) {
        // Late ones never come.
        if (atMs < seen - boundMs) continue;
        seen = Math.max(seen, atMs);
        expected++;
        combiner.add({ key, slice: Math.floor(atMs / sizeMs) * sizeMs });
      }
      combiner.flush();
      let watermark = Number.NEGATIVE_INFINITY;
      let found = 0;
      for (const each of emitted) {
        if ('told' in each) {
          assert.ok((each.told as number) > watermark);
          watermark = each.told as number;
        } else {
          found += each.n as number;
          assert.ok((each.slice as number) + sizeMs > watermark, 'a row of a stretch that was said to have passed');
        }
      }
      assert.equal(found, expected);
    }),
    runs(100),
  );
});

test('a batch may end once many rows are of stretches that have passed, and not for time alone', () => {
  const schema = Schema.of({ key: t.u32() }, 'a test');
  let atMs = 0;
  const combiner = fedByTuples(
    generateCombiner('op', schema, schema.fields, [{ name: 'n', fields: [], code: planOf(count()) }], () => {}, {
      computed: {},
      time: {
        watermark: () => atMs,
        tell: () => {},
        endOf: (time) => `(Math.floor(${time} / 10) + 1) * 10`,
      },
    }),
  );
  for (let key = 0; key < 2000; key++, atMs += 10) combiner.add({ key });
  assert.ok(!combiner.isFull(), 'there are few rows');
  for (let key = 2000; key < 6000; key++, atMs += 10) combiner.add({ key });
  assert.ok(combiner.isFull());
  combiner.flush();
  assert.ok(!combiner.isFull());
  for (let key = 0; key < 6000; key++) combiner.add({ key: key + 10_000 });
  assert.ok(!combiner.isFull(), 'no time has passed');
});
