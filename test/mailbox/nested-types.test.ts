// Goal: lists and structs have the types of their fields, in TypeScript and at run time; an error names the place within the value; files
// hold them as JSON that is read as the same values; actors keep them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { max } from '../../src/aggregates.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import type { SinkDefinition } from '../../src/flow/sink.ts';
import { dataflow, t } from '../../src/index.ts';
import { codecOf } from '../../src/mailbox/columns/registry.ts';
import { type Field, Schema, type Shape, type TupleOf } from '../../src/mailbox/schema.ts';
import { writeCsv, writeJson } from '../../src/sinks.ts';
import { push, readCsv, readJson } from '../../src/sources.ts';
import { messageCodec } from '../../src/system/slots.ts';
import { runs, valueArbitraries } from '../kit/arbitraries.ts';
import { drain, type Rejected } from '../kit/drive.ts';
import { thrown } from '../kit/run-flow.ts';
import { fieldOf } from '../kit/sample-fields.ts';
import { Stream } from '../kit/stream.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const order = {
  id: t.string(),
  items: t.list(t.struct({ price: t.f64(), count: t.u8(), kind: t.enum('a', 'b'), note: t.optional(t.string()) })),
  placed: t.struct({ at: t.date(), by: t.struct({ id: t.u64() }) }),
  matrix: t.optional(t.list(t.list(t.f64()))),
};
type Order = TupleOf<typeof order>;

const sample: Order = {
  id: 'x',
  items: [
    { price: 1.5, count: 2, kind: 'a', note: null },
    { price: Number.NaN, count: 0, kind: 'b', note: 'n' },
  ],
  placed: { at: new Date(5), by: { id: 2n ** 60n } },
  matrix: [[1, -0], []],
};

test('the values of lists and structs are inferred', () => {
  const same: Same<
    Order,
    {
      id: string;
      items: { price: number; count: number; kind: 'a' | 'b'; note: string | null }[];
      placed: { at: Date; by: { id: bigint } };
      matrix: number[][] | null;
    }
  > = true;
  assert.ok(same);
  // @ts-expect-error: a list of numbers holds no text.
  const prices: TupleOf<{ a: Field<number[]> }>['a'] = ['1'];
  assert.deepEqual(prices, ['1']);
});

/** What a reader gets. */
function passed(fields: Shape, tuples: readonly object[]): object[] {
  const stream = new Stream(Schema.of(fields, 'test'));
  stream.emitAll(tuples as Record<string, unknown>[]);
  stream.commit();
  return stream.readToEnd();
}

test('what comes out of a ring is what went in, and a value of its own', () => {
  assert.deepStrictEqual(passed(order, [sample]), [sample]);
});

test('bytes within are of the type that they have in a tuple, whatever kind is given', () => {
  const fields = { all: t.list(t.bytes()), one: t.struct({ bytes: t.optional(t.bytes()) }), alone: t.bytes() };
  const bytes = Buffer.from('xabx').subarray(1, 3);
  const [tuple] = passed(fields, [{ all: [bytes, Uint8Array.of(3)], one: { bytes }, alone: bytes }]);
  const plain = Uint8Array.of(97, 98);
  assert.deepStrictEqual(tuple, { all: [plain, Uint8Array.of(3)], one: { bytes: plain }, alone: plain });
});

test('a hole and what is not there: the place, and what to do about it', () => {
  const fields = { items: t.list(t.u8()), at: t.struct({ by: t.u8(), all: t.list(t.optional(t.u8())) }) };
  const at = { by: 1, all: [] };
  const message = (tuple: object): string => thrown(() => passed(fields, [tuple]), 'BAD_VALUE').message;
  // biome-ignore lint/suspicious/noSparseArray: it is what is tried
  assert.match(message({ items: [1, , 3], at }), /^field 'items\[1\]' .* got undefined: a list has .* no holes/);
  assert.match(message({ items: [], at: { ...at, all: [null, undefined] } }), /^field 'at\.all\[1\]' .* no holes/);
  assert.match(message({ items: [], at: { all: [] } }), /^field 'at\.by' .*: set it in every such object/);
  assert.match(message({ items: [] }), /^field 'at' .*: set the field in every tuple$/);
});

test('an error names the place within the value', () => {
  const cases: readonly [object, RegExp][] = [
    [
      { items: [sample.items[0], { ...sample.items[0], price: '5' }] },
      /'items\[1\]\.price' .* is f64, which takes .*; got "5"/,
    ],
    [{ items: [{ ...sample.items[0], count: 256 }] }, /'items\[0\]\.count' .* is u8, .*; got 256/],
    [{ items: [{ price: 1, count: 1, kind: 'a' }] }, /'items\[0\]\.note' .* is optional\(string\), .*; got undefined/],
    [
      { items: [null] },
      /'items\[0\]' .* is struct\(price: f64, .*\), which takes an object \{ price: f64, .*; got null/,
    ],
    [{ items: {} }, /'items' .* is list\(struct\(.*\)\), which takes an array of values of struct/],
    [{ items: null }, /'items' .* is list/],
    [{ placed: { at: new Date(Number.NaN), by: { id: 1n } } }, /'placed\.at' .* is date/],
    [{ placed: { at: new Date(1), by: { id: 1 } } }, /'placed\.by\.id' .* is u64, .*; got 1/],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused.
    [{ matrix: [[1, , 2]] }, /'matrix\[0\]\[1\]' .* is f64, .*; got undefined/],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => passed(order, [{ ...sample, ...change }]), { code: 'BAD_VALUE', message });
  }
  const checked = { all: t.list(t.json(z.object({ n: z.number().default(7) }))) };
  assert.deepEqual(passed(checked, [{ all: [{}] }]), [{ all: [{ n: 7 }] }]);
  assert.throws(() => passed(checked, [{ all: [{ n: 'x' }] }]), { message: /'all\[0\]' .*zod schema takes \(at n: / });
  assert.throws(() => passed({ all: t.list(t.json()) }, [{ all: [() => 1] }]), {
    code: 'BAD_VALUE',
    message: /'all\[0\]'/,
  });
  const cycle: unknown[] = [];
  cycle.push(new (class Own {})());
  assert.throws(() => passed({ all: t.list(t.json()) }, [{ all: [cycle] }]), {
    code: 'BAD_VALUE',
    message: /instance of Own/,
  });
});

test('properties that a struct does not name are left out', () => {
  assert.deepStrictEqual(passed({ a: t.struct({ n: t.u8() }) }, [{ a: { n: 1, m: 2 } }]), [{ a: { n: 1 } }]);
});

test('what is no field is refused when the field is declared; lists and structs are no keys', () => {
  const loose = t as unknown as Record<string, (...parameters: unknown[]) => Field<unknown>>;
  const cases: readonly [() => unknown, RegExp][] = [
    [() => loose.list(), /t\.list\(of\).*takes a field such as t\.u32\(\), got undefined/],
    [() => loose.list('f64'), /takes a field/],
    [() => loose.list({ type: 'f65' }), /has no known type/],
    [() => loose.struct(), /takes an object of fields, got undefined/],
    [() => loose.struct({}), /has no field/],
    [() => loose.struct({ a: 5 }), /field 'a' is no field such as t\.u32\(\), got 5/],
    [() => loose.struct([t.u8()]), /takes an object of fields/],
    [() => loose.list(t.u8), /call the function, as in t\.u8\(\)/],
    [() => loose.list({ a: t.u8() }), /has no known type: write t\.struct\(\{ … \}\)/],
    [() => loose.struct({ a: { b: t.u8() } }), /write t\.struct\(\{ … \}\) for an object of fields/],
    [() => loose.struct({ a: [t.u8()] }), /write t\.list\(field\) for an array/],
    [() => Schema.of({ a: [t.u8()] } as never, 'here'), /field 'a' has no known type: write t\.list\(field\)/],
  ];
  for (const [declare, message] of cases) assert.throws(declare, { code: 'BAD_SCHEMA', message });
  for (const field of [t.list(t.u8()), t.struct({ a: t.u8() }), t.optional(t.list(t.u8()))]) {
    assert.equal(codecOf(field).key, undefined);
    const flow = dataflow(import.meta.url, 'keyed', (builder) =>
      builder.source('in', push({ field })).keyBy('field').collect('out'),
    );
    thrown(() => buildGraph(flow, {}), 'UNKNOWN_KEY_FIELD');
    const ordered = dataflow(import.meta.url, 'ordered', (builder) =>
      builder
        .source('in', push({ key: t.u8(), field }))
        .keyBy('key')
        .aggregate('most', { field: max('field') } as never),
    );
    thrown(() => buildGraph(ordered, {}), 'BAD_AGGREGATE');
  }
});

function write<Tuple>(fields: Shape, sink: SinkDefinition<Tuple>, tuples: readonly Tuple[]): void {
  const flow = dataflow(import.meta.url, 'written', (builder) =>
    builder.source('in', push(fields)).to('out', sink as never),
  );
  const opened = buildGraph(flow, {}).operators.find(({ name }) => name === 'out')
    ?.sink as unknown as SinkDefinition<Tuple>;
  const writer = opened.open({ operator: 'out', position: 0 });
  for (const each of tuples) writer.write(each);
  writer.flush();
  writer.close();
}

test('files of JSON and CSV hold lists and structs as JSON, and give the same values', async () => {
  const fields = { list: fieldOf('list'), struct: fieldOf('struct'), maybe: fieldOf('optionalList') };
  const isWritable = (text: unknown): boolean => {
    const year = (text as { at: Date }).at.getUTCFullYear();
    return year > 0 && year < 10_000;
  };
  const tuple = fc.record(
    {
      list: valueArbitraries.list,
      struct: valueArbitraries.struct.filter(isWritable),
      maybe: valueArbitraries.optionalList,
    },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(tuple, { minLength: 1, maxLength: 4 }), async (tuples) => {
      const [json, csv] = [newPath('.json'), newPath('.csv')];
      write(fields, writeJson(json), tuples);
      assert.deepStrictEqual(await drain(readJson(json, fields)), tuples);
      write(fields, writeCsv(csv), tuples);
      assert.deepStrictEqual(await drain(readCsv(csv, fields, { header: true })), tuples);
    }),
    runs(200),
  );
});

test('a bad record names the place within the value; what is missing is null of an optional field', async () => {
  const fields = { items: t.list(t.struct({ price: t.f64(), note: t.optional(t.string()) })) };
  const lines = '{"items":[{"price":1}]}\n{"items":[{"price":1},{"price":"x"}]}\n{"items":5}\n';
  const rejected: Rejected[] = [];
  assert.deepEqual(await drain(readJson(fileOf(lines), fields, { badRecords: 'skip' }), { rejected }), [
    { items: [{ price: 1, note: null }] },
  ]);
  assert.match(rejected[0].error.message, /line 2: field 'items\[1\]\.price' is f64, which takes .*; got "x"/);
  assert.match(rejected[1].error.message, /line 3: field 'items' is list\(.*\), which takes an array of .*; got 5/);
  const csv = (cell: string) => drain(readCsv(fileOf(`"${cell.replaceAll('"', '""')}"\n`, '.csv'), fields));
  assert.deepEqual(await csv('[{"price":2,"note":"n"}]'), [{ items: [{ price: 2, note: 'n' }] }]);
  await assert.rejects(csv('[{"price":true}]'), {
    code: 'BAD_CSV',
    message: /field 'items\[0\]\.price' is f64, .*; got true/,
  });
  await assert.rejects(csv('{'), { code: 'BAD_CSV', message: /field 'items' is list\(.*, as JSON; got "\{"/ });
});

test('messages of actors hold them, and are checked at every depth', () => {
  const codec = messageCodec<Record<string, unknown>>('a', 'm', order);
  const mail = {} as never;
  codec.write(sample, mail);
  assert.deepStrictEqual(codec.read(mail), sample);
  const bad = { ...sample, items: [{ ...sample.items[0], price: 'x' }] };
  assert.match(thrown(() => codec.write(bad, mail), 'BAD_VALUE').message, /items\[0\]\.price/);
});

test('a whole number within is as one in a tuple: -0 is 0, and stays -0 of an f64', () => {
  const shape = { l: t.list(t.u32()), s: t.struct({ i: t.i32(), o: t.optional(t.u8()), f: t.f64() }) };
  const given = { l: [-0], s: { i: -0, o: -0, f: -0 } };
  assert.deepStrictEqual(passed(shape, [given]), [{ l: [0], s: { i: 0, o: 0, f: -0 } }]);
});
