// Goal: a value of a json field is read back from the file as it is, or refused with its place and what to emit in its place; never
// written as something else.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { z } from 'zod';
import { buildGraph } from '../../src/flow/dataflow.ts';
import type { SinkDefinition } from '../../src/flow/sink.ts';
import { dataflow, t } from '../../src/index.ts';
import { writeCsv, writeJson } from '../../src/sinks.ts';
import { push, readCsv, readJson } from '../../src/sources.ts';
import { drain } from '../kit/drive.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const fields = { data: t.json<unknown>() };
type Tuple = { data: unknown };

/** The sink as a flow has it, which knows the fields. */
function inFlow(sink: SinkDefinition<Tuple>): SinkDefinition<Tuple> {
  const flow = dataflow(import.meta.url, 'written', (builder) => builder.source('in', push(fields)).to('out', sink));
  return buildGraph(flow, {}).operators.find(({ name }) => name === 'out')?.sink as unknown as SinkDefinition<Tuple>;
}

function write(sink: SinkDefinition<Tuple>, tuples: readonly Tuple[]): void {
  const writer = inFlow(sink).open({ operator: 'out', position: 0 });
  try {
    for (const each of tuples) writer.write(each);
    writer.flush();
  } finally {
    writer.close();
  }
}

const FILES = {
  json: (path: string) => ({ sink: writeJson<Tuple>(path), read: () => drain(readJson(path, fields)) }),
  csv: (path: string) => ({ sink: writeCsv<Tuple>(path), read: () => drain(readCsv(path, fields, { header: true })) }),
};

const oddity = fc.constantFrom<unknown>(
  ...[Number.NaN, Infinity, -Infinity, 1n, undefined, new Date(5), new Map([[1, 2]]), new Set([1])],
  ...[new Uint8Array(2), new Float64Array(1), new Error('x'), /x/, new Date(Number.NaN)],
);
const value = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, '', 'x', '5', 'null', '"', -0, 0, 1.5, 2 ** 60, '\ud800', 'NaN'),
    { weight: 1, arbitrary: oddity },
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b c', '__proto__', 'toJSON'), tie('node'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).node;

for (const [kind, of] of Object.entries(FILES)) {
  test(`a value of json in ${kind} comes back as it is, or is refused`, async () => {
    let refused = 0;
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(value, async (data) => {
        fc.pre(data !== undefined);
        const { sink, read } = of(newPath(`.${kind}`));
        try {
          write(sink, [{ data }]);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'BAD_VALUE');
          refused++;
          return;
        }
        kept++;
        const [tuple] = await read();
        assert.ok(isDeepStrictEqual(tuple, { data }), JSON.stringify(tuple));
      }),
      { numRuns: shortOrLong(200, 2000) },
    );
    assert.ok(refused > 10 && kept > 10, `${refused} refused, ${kept} kept`);
  });

  test(`what JSON has no form for is refused by write${kind} with its place and what to emit in its place`, () => {
    const cases: readonly [unknown, RegExp][] = [
      [Number.NaN, /cannot write 'data': JSON has no form for NaN, .*Emit null, or String\(value\) in its place/],
      [{ a: [0, Infinity] }, /'data\.a\[1\]': JSON has no form for Infinity/],
      [{ 'b c': 5n }, /'data\["b c"\]': JSON has no form for 5n, .*Emit String\(value\)/],
      [{ a: undefined }, /'data\.a': JSON has no form for undefined, .*leave the property out/],
      [[new Map([[1, 2]])], /'data\[0\]': JSON has no form for a Map, .*Object\.fromEntries\(map\)/],
      [new Set([1]), /'data': JSON has no form for a Set, .*\[\.\.\.set\]/],
      [new Date(5), /'data': JSON has no form for a Date, .*toISOString\(\), or a field t\.date\(\)/],
      [{ raw: Uint8Array.of(1) }, /'data\.raw': JSON has no form for a Uint8Array, .*base64/],
      // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused.
      [[1, , 2], /'data\[1\]': JSON has no form for a hole/],
    ];
    for (const [data, message] of cases) {
      assert.throws(() => write(of(newPath()).sink, [{ data }]), { code: 'BAD_VALUE', message });
    }
    const itself: { self?: unknown } = {};
    itself.self = itself;
    assert.throws(() => write(of(newPath()).sink, [{ data: itself }]), { message: /'data\.self'.*within itself/ });
    const twice = { a: 1 };
    const path = newPath();
    write(of(path).sink, [{ data: [twice, twice] }]);
    assert.match(readFileSync(path, 'utf8'), /a.*a/);
  });
}

test('a record of CSV that the schema of a field refuses is told with what the schema says', async () => {
  const shape = { order: t.json(z.object({ price: z.number().positive(), name: z.string() })) };
  const bad = fileOf('"{""price"":-1,""name"":5}"\n', '.csv');
  await assert.rejects(drain(readCsv(bad, shape)), {
    code: 'BAD_CSV',
    message: /line 1: field 'order' is json, which takes what its zod schema takes \(at price: .*; at name: .*\); got/,
  });
  await assert.rejects(drain(readCsv(fileOf('{\n', '.csv'), shape)), {
    code: 'BAD_CSV',
    message: /line 1: field 'order' is json, which takes JSON that its zod schema takes; got "\{"/,
  });
});

test('dates of any year that a Date can have are read back, in fields and within lists', async () => {
  const dates = [new Date(8.64e15), new Date(-8.64e15), new Date(-1e14), new Date(0), new Date(253402300800000)];
  const shape = { day: t.date(), days: t.list(t.date()) };
  const tuples = dates.map((day) => ({ day, days: [day, new Date(5)] }));
  for (const [sink, read] of [
    [writeJson, (path: string) => drain(readJson(path, shape))],
    [writeCsv, (path: string) => drain(readCsv(path, shape, { header: true }))],
  ] as const) {
    const path = newPath('days');
    const flow = dataflow(import.meta.url, 'days', (builder) =>
      builder.source('in', push(shape)).to('out', sink(path) as never),
    );
    const made = buildGraph(flow, {}).operators.find(({ name }) => name === 'out')?.sink;
    const writer = made?.open({ operator: 'out', position: 0 } as never);
    for (const each of tuples) writer?.write(each as never);
    writer?.flush();
    writer?.close();
    assert.deepEqual(await read(path), tuples);
  }
});

test('what is no date, no digits and no base64 is told as it stands in the line, also within lists', async () => {
  const lines: readonly [object, object, RegExp][] = [
    [{ l: t.list(t.date()) }, { l: ['2020-02-30T00:00:00Z'] }, /'l\[0\]'.*got "2020-02-30T00:00:00Z"/],
    [{ l: t.list(t.date()) }, { l: [1.5] }, /'l\[0\]'.*got 1\.5/],
    [{ n: t.u64() }, { n: 'many' }, /'n'.*"many"/],
    [{ b: t.optional(t.bytes()) }, { b: '%%%' }, /'b'.*"%%%"/],
    [{ s: t.struct({ b: t.bytes() }) }, { s: { b: 'abcde' } }, /'s\.b'.*"abcde"/],
  ];
  for (const [shape, line, message] of lines)
    await assert.rejects(drain(readJson(fileOf(JSON.stringify(line)), shape as never)), { code: 'BAD_JSON', message });
  const good = { b: t.bytes() };
  assert.deepEqual(await drain(readJson(fileOf('{"b":"-_8"}'), good)), [{ b: new Uint8Array([251, 255]) }]);
});

test('the default of a list is looked at when it is given', () => {
  const options = { header: true, defaults: { l: ['7'] } } as never;
  assert.throws(() => readCsv('in.csv', { l: t.list(t.u8()) }, options), {
    code: 'BAD_OPTION',
    message: /defaults\.l\[0\]/,
  });
});
