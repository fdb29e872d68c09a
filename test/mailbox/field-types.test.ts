// Goal: types with parameters are declared or refused clearly, infer the values of their tuples, show their parameters wherever
// schemas are compared, and every type can be optional: in frames, between fused operators, in state, and as a key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataflow } from '../../src/index.ts';
import { codecOf } from '../../src/mailbox/columns/registry.ts';
import { type Field, Schema, type Shape, type TupleOf, t } from '../../src/mailbox/schema.ts';
import { generateTupleCopier } from '../../src/mailbox/tuple-copy.ts';
import { generate } from '../../src/sources.ts';
import { table } from '../../src/state/rows/row-layout.ts';
import { fieldOf, fieldTypes, runs, valueArbitraries } from '../kit/arbitraries.ts';
import { LocalJob } from '../kit/local-run.ts';
import { Store } from '../kit/store.ts';
import { Stream } from '../kit/stream.ts';

/** Compiles only if both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

test('the values of a tuple are inferred', () => {
  const fields = {
    status: t.enum('open', 'closed'),
    at: t.date(),
    id: t.u64(),
    delta: t.i64(),
    price: t.optional(t.f64()),
    kind: t.optional(t.enum('a', 'b')),
  };
  const same: Same<
    TupleOf<typeof fields>,
    {
      status: 'open' | 'closed';
      at: Date;
      id: bigint;
      delta: bigint;
      price: number | null;
      kind: 'a' | 'b' | null;
    }
  > = true;
  assert.ok(same);
  // @ts-expect-error: no such literal.
  const status: TupleOf<typeof fields>['status'] = 'ajar';
  // @ts-expect-error: a field that is not optional has a value.
  const id: TupleOf<typeof fields>['id'] = null;
  assert.deepEqual([status, id], ['ajar', null]);
});

test('a schema shows the parameters of its fields, and differs if they do', () => {
  const of = (field: Field<unknown>): Schema => Schema.of({ a: field }, 'test');
  assert.equal(of(t.enum('open', "it's")).toString(), "{ a: enum('open', 'it\\'s') }");
  assert.equal(of(t.optional(t.u32())).toString(), '{ a: optional(u32) }');
  assert.equal(of(t.optional(t.enum('a'))).toString(), "{ a: optional(enum('a')) }");
  assert.ok(of(t.enum('a', 'b')).equals(of(t.enum('a', 'b'))));
  const different = [t.enum('a', 'b'), t.enum('b', 'a'), t.enum("a', 'b"), t.enum('a'), t.optional(t.enum('a', 'b'))];
  for (const one of different) for (const other of different) assert.equal(of(one).equals(of(other)), one === other);
  assert.ok(!of(t.optional(t.u32())).equals(of(t.u32())));
});

test('parameters that a type does not take are refused when the field is declared', () => {
  const loose = t as unknown as Record<string, (...parameters: unknown[]) => Field<unknown>>;
  const cases: [() => unknown, RegExp][] = [
    [() => loose.enum(), /takes 1 to 65536 strings, got 0/],
    [() => loose.enum('a', 5), /takes strings, got 5/],
    [() => loose.enum(['a', 'b']), /takes strings, got a,b/],
    [() => loose.enum('a', 'b', 'a'), /names 'a' twice/],
    [() => loose.optional(), /takes a field such as t.u32\(\), got undefined/],
    [() => loose.optional('u32'), /takes a field such as/],
    [() => loose.optional(t.u32), /takes a field such as/],
    [() => loose.optional({ type: 'u16' }), /has no known type/],
    [() => loose.optional(t.json()), /takes no field of type json/],
    [() => loose.optional(t.optional(t.u8())), /takes no field of type optional\(u8\)/],
  ];
  for (const [declare, message] of cases) assert.throws(declare, { code: 'BAD_SCHEMA', message });
  assert.throws(() => loose.optional(t.u8(), 1), { code: 'SURPLUS_ARGUMENTS' });
  assert.throws(() => loose.i64(1), { code: 'SURPLUS_ARGUMENTS' });
  assert.throws(() => Schema.of({ a: { type: 'enum' } } as Shape, 'test'), { code: 'BAD_SCHEMA' });
});

test('an error names the literals, and null where it is a value', () => {
  const emit = (field: Field<unknown>, value: unknown) => () =>
    new Stream(Schema.of({ a: field }, 'test')).encoder.emit({ a: value });
  assert.throws(emit(t.enum('open', 'closed'), 'ajar'), {
    message: /is enum\('open', 'closed'\), which takes one of 'open', 'closed'; got "ajar"/,
  });
  assert.throws(emit(t.optional(t.u8()), undefined), {
    message: /is optional\(u8\), which takes null or an integer from 0 to 255; got undefined: set the field/,
  });
});

test('an enum of more than 256 literals', () => {
  const literals = Array.from({ length: 1000 }, (_, i) => `literal ${i}`);
  const stream = new Stream(Schema.of({ a: t.enum(...literals) }, 'test'), { keys: [[0]] });
  const tuples = literals.map((a) => ({ a }));
  stream.emitAll(tuples);
  stream.commit();
  assert.deepStrictEqual(stream.readToEnd(), tuples);
});

test('a date is copied at emit, at decode, and in state', () => {
  const stream = new Stream(Schema.of({ a: t.date() }, 'test'));
  const date = new Date(5);
  stream.encoder.emit({ a: date });
  date.setTime(6);
  stream.commit();
  assert.deepStrictEqual(stream.readToEnd(), [{ a: new Date(5) }]);
  const store = new Store({ key: { id: t.u8() }, state: { at: t.date(), maybe: t.optional(t.date()) } });
  store.begin();
  const row = store.at(1);
  (row.at as Date).setTime(9);
  assert.deepStrictEqual(row.at, new Date(0));
  row.at = date;
  row.maybe = date;
  date.setTime(7);
  (row.at as Date).setTime(8);
  assert.deepStrictEqual([row.at, row.maybe], [new Date(6), new Date(6)]);
  row.maybe = null;
  assert.equal(row.maybe, null);
});

/** Each type that can be optional, and its values. */
const OPTIONALS = fieldTypes
  .filter((type) => type !== 'json' && !type.startsWith('optional'))
  .map((type) => ({
    type,
    field: t.optional(fieldOf(type)),
    values: fc.array(fc.option(valueArbitraries[type], { nil: null }), { maxLength: 40 }),
  }));

for (const { type, field, values } of OPTIONALS) {
  const schema = Schema.of({ before: t.u8(), a: field, behind: t.string() }, 'test');
  const { key } = codecOf(field);

  test(`optional ${type}: frames, copies between fused operators and rows of state keep values and nulls`, () => {
    fc.assert(
      fc.property(values, (list) => {
        const tuples = list.map((a, i) => ({ before: i, a, behind: `${i}` }));
        const stream = new Stream(schema, { dictionaryEntries: 2, keys: key === undefined ? [] : [[1], [2, 1]] });
        stream.emitAll(tuples);
        stream.commit();
        assert.deepStrictEqual(stream.readToEnd(), tuples);
        const { copy } = generateTupleCopier('test', schema, 1 << 16);
        assert.deepStrictEqual(tuples.map(copy), tuples);
        const store = new Store({ key: { id: t.u8() }, state: { small: t.u8(), a: field, last: t.u8() } });
        store.begin();
        const row = store.at(1);
        assert.equal(row.a, null);
        row.small = 255;
        row.last = 255;
        for (const value of list) {
          row.a = value;
          assert.deepStrictEqual(row.a, value);
        }
        assert.deepStrictEqual([row.small, row.last], [255, 255]);
        assert.throws(() => {
          row.a = undefined;
        }, /takes null or /);
      }),
      runs(40),
    );
  });

  if (key === undefined) continue;
  test(`optional ${type} as a key: rows of a stream, and of tables, are one for each value and one for null`, () => {
    fc.assert(
      fc.property(
        values.filter((list) => list.length > 0),
        (list) => {
          const flow = dataflow(import.meta.url, 'keyed', (builder) =>
            builder
              .source(
                'values',
                generate({ n: t.u32(), a: field as Field<never> }, (n) => ({ n, a: list[n] as never }), {
                  count: list.length,
                }),
              )
              .keyBy('a')
              .process(
                'count',
                {
                  state: { count: t.u32() },
                  tables: { seen: table({ a: field as Field<never> }, { count: t.u32() }) },
                  output: { n: t.u32(), a: field as Field<never>, count: t.u32(), seen: t.u32() },
                },
                ({ n, a }, state, emit) => {
                  state.count++;
                  const row = state.seen.upsert(a);
                  row.count++;
                  emit({ n, a, count: state.count, seen: state.seen.size === 1 ? row.count : 0 });
                },
              )
              .collect('out'),
          );
          const job = LocalJob.of(flow, {});
          let turn = 0;
          job.run((below) => turn++ % below);
          const counts = new Map<unknown, number>();
          const expected = list.map((a, n) => {
            const name = a instanceof Date ? `${a.getTime()}` : a === 0 ? 0 : a;
            const count = (counts.get(name) ?? 0) + 1;
            counts.set(name, count);
            return { n, a, count, seen: count };
          });
          const inOrder = [...((job.tuples.get('out') ?? []) as { n: number }[])].sort((one, other) => one.n - other.n);
          assert.deepStrictEqual(inOrder, expected);
        },
      ),
      runs(15),
    );
  });
}

test('optional bytes cannot be a key', () => {
  assert.throws(() => new Store({ key: { a: t.optional(t.bytes()) }, state: {} }), {
    code: 'BAD_SCHEMA',
    message: /field 'a' of type optional\(bytes\) cannot be a key/,
  });
});
