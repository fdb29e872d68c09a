// Goal: a mistake that can be seen without data is a typed error when the flow is built, in the app's thread, before any worker
// starts; and a plan of the same flow is the same on every thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph, type FlowBuilder } from '../../src/flow/dataflow.ts';
import { planOf } from '../../src/flow/plan.ts';
import { dataflow, type ErrorCode, type MillraceError, t, table } from '../../src/index.ts';
import { fromIterable, generate, push, readCsv, readLines } from '../../src/sources.ts';
import { chain } from '../kit/flows/operators.ts';
import { rejection, thrown } from '../kit/run-flow.ts';

const fields = { n: t.u32(), word: t.string() };

/** The error of a build function; `run` must reject with the same, and neither may start a thread. */
async function badBuild(code: ErrorCode, build: (flow: FlowBuilder) => unknown): Promise<MillraceError> {
  const flow = dataflow(import.meta.url, 'bad', build);
  const error = thrown(() => buildGraph(flow, {}), code);
  const rejected = await rejection(flow.run({ workers: 1 }), code);
  assert.equal(rejected.message, error.message);
  return error;
}

const numbers = (flow: FlowBuilder, name = 'numbers') =>
  flow.source(
    name,
    generate(fields, (n) => ({ n, word: '' }), { count: 1 }),
  );

test('an unknown key field: UNKNOWN_KEY_FIELD with the operator, the field and the known ones', async () => {
  const error = await badBuild('UNKNOWN_KEY_FIELD', (flow) =>
    numbers(flow)
      .keyBy('m' as 'n')
      .forEach('x', () => {}),
  );
  assert.deepEqual(error.details, { operator: 'numbers', field: 'm', known: ['n', 'word'] });
});

test('a field that cannot be a key: UNKNOWN_KEY_FIELD with its type', async () => {
  for (const field of [t.bytes(), t.json()]) {
    const error = await badBuild('UNKNOWN_KEY_FIELD', (flow) =>
      flow
        .source(
          'odd',
          generate({ k: field }, () => ({ k: new Uint8Array(1) })),
        )
        .keyBy('k')
        .forEach('x', () => {}),
    );
    assert.deepEqual(error.details, { operator: 'odd', field: 'k', type: field.type });
  }
});

test('three key fields: BAD_OPTION', async () => {
  await badBuild('BAD_OPTION', (flow) =>
    numbers(flow)
      .keyBy(...(['n', 'word', 'n'] as unknown as ['n']))
      .forEach('x', () => {}),
  );
});

test('two operators of one name: DUPLICATE_NAME', async () => {
  const error = await badBuild('DUPLICATE_NAME', (flow) => {
    const stream = numbers(flow);
    stream.forEach('same', () => {});
    stream.forEach('same', () => {});
  });
  assert.equal(error.details.operator, 'same');
});

test('a stream that nobody consumes: NO_CONSUMER', async () => {
  const lonely = await badBuild('NO_CONSUMER', (flow) => numbers(flow).filter('lonely', () => true));
  assert.equal(lonely.details.operator, 'lonely');
  const source = await badBuild('NO_CONSUMER', (flow) => numbers(flow));
  assert.equal(source.details.operator, 'numbers');
});

test('a flow without operators, an operator without a name, streams of two schemas merged: BAD_FLOW', async () => {
  await badBuild('BAD_FLOW', () => {});
  await badBuild('BAD_FLOW', (flow) => numbers(flow).forEach('', () => {}));
  await badBuild('BAD_FLOW', (flow) => numbers(flow).forEach(7 as unknown as string, () => {}));
  const error = await badBuild('BAD_FLOW', (flow) => {
    const other = flow.source('other', push({ n: t.u32() }));
    numbers(flow)
      .merge(other as never)
      .forEach('x', () => {});
  });
  assert.match(error.message, /merge takes streams of one schema/);
});

test('what is no schema, and fields that cannot be: BAD_SCHEMA', async () => {
  const shapes: unknown[] = [
    null,
    5,
    {},
    { 'a-b': t.u32() },
    { constructor: t.u32() },
    { a: 'u32' },
    { a: { type: 'u16' } },
    { a: undefined },
  ];
  for (const shape of shapes) {
    await badBuild('BAD_SCHEMA', (flow) =>
      numbers(flow)
        .map('m', shape as never, (tuple) => tuple as never)
        .forEach('x', () => {}),
    );
    thrown(() => generate(shape as never, () => ({}) as never), 'BAD_SCHEMA');
    thrown(() => fromIterable(shape as never, () => []), 'BAD_SCHEMA');
    thrown(() => push(shape as never), 'BAD_SCHEMA');
    thrown(() => readCsv('a.csv', shape as never), 'BAD_SCHEMA');
  }
  const crowd = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, t.u32()]));
  thrown(() => push(crowd), 'BAD_SCHEMA');
});

test('state and tables that cannot be: BAD_SCHEMA', async () => {
  const odd: unknown[] = [
    { state: { row: t.u32() } },
    { state: { x: 5 } },
    { tables: { rows: table({}, { x: t.u32() }) } },
    { tables: { rows: table({ k: t.json() }, { x: t.u32() }) } },
    { state: { same: t.u32() }, tables: { same: table({ k: t.u32() }, { x: t.u32() }) } },
    { tables: { rows: {} } },
  ];
  for (const options of odd) {
    await badBuild('BAD_SCHEMA', (flow) =>
      numbers(flow)
        .keyBy('n')
        .process('p', options as never, () => {}),
    );
  }
});

test('options of operators: BAD_OPTION with the option', async () => {
  const odd: [string, unknown][] = [
    ['parallelism', { parallelism: 0 }],
    ['parallelism', { parallelism: 1.5 }],
    ['parallelism', { parallelism: 65 }],
    ['parallelism', { parallelism: '2' }],
    ['parallelism', { parallelism: Number.NaN }],
    ['fuse', { fuse: 1 }],
    ['paralelism', { paralelism: 2 }],
  ];
  for (const [option, options] of odd) {
    const error = await badBuild('BAD_OPTION', (flow) =>
      numbers(flow)
        .keyBy('n')
        .map('m', fields, (x) => x, options as never)
        .collect('x'),
    );
    assert.equal(error.details.option, option);
  }
  const unkeyed = await badBuild('BAD_OPTION', (flow) =>
    numbers(flow)
      .map('m', fields, (x) => x, { parallelism: 2 })
      .collect('x'),
  );
  assert.match(unkeyed.message, /keyBy/);
});

test('closures that are none, and what is no source or sink: BAD_OPTION', async () => {
  await badBuild('BAD_OPTION', (flow) =>
    numbers(flow)
      .map('m', fields, undefined as never)
      .collect('x'),
  );
  await badBuild('BAD_OPTION', (flow) =>
    numbers(flow)
      .filter('f', 'n > 5' as never)
      .collect('x'),
  );
  await badBuild('BAD_OPTION', (flow) => numbers(flow).forEach('f', {} as never));
  await badBuild('BAD_OPTION', (flow) =>
    numbers(flow)
      .keyBy('n')
      .process('p', {}, null as never),
  );
  await badBuild('BAD_OPTION', (flow) =>
    numbers(flow)
      .keyBy('n')
      .process('p', {}, () => {}, { end: 5 as never }),
  );
  await badBuild('BAD_OPTION', (flow) => flow.source('s', [1, 2, 3] as never).collect('x'));
  await badBuild('BAD_OPTION', (flow) => flow.source('s', undefined as never).collect('x'));
  await badBuild('BAD_OPTION', (flow) => numbers(flow).to('s', 'out.txt' as never));
});

test('options of sources: BAD_OPTION', () => {
  const make = () => ({ n: 0, word: '' });
  for (const options of [
    { count: -1 },
    { count: 1.5 },
    { count: Number.NaN },
    { count: '5' },
    { ratePerSecond: 0 },
    { ratePerSecond: Number.POSITIVE_INFINITY },
    { rate: 5 },
  ]) {
    thrown(() => generate(fields, make, options as never), 'BAD_OPTION');
  }
  thrown(() => generate(fields, 5 as never), 'BAD_OPTION');
  thrown(() => fromIterable(fields, [make()] as never), 'BAD_OPTION');
  for (const path of ['', 5, undefined, 'a\0b']) {
    thrown(() => readLines(path as never), 'BAD_OPTION');
    thrown(() => readCsv(path as never, fields), 'BAD_OPTION');
  }
  for (const options of [{ zip: true }, { compression: 'yes' }]) {
    thrown(() => readLines('a', options as never), 'BAD_OPTION');
    thrown(() => readCsv('a', fields, options as never), 'BAD_OPTION');
  }
});

test('partitions of sources, and their replicas: BAD_OPTION with rule, value and remedy', async () => {
  const make = () => ({ n: 0, word: '' });
  for (const partitions of [0, 257, 1.5, '2', null]) {
    thrown(() => generate(fields, make, { partitions: partitions as never }), 'BAD_OPTION');
    thrown(() => fromIterable(fields, () => [], { partitions: partitions as never }), 'BAD_OPTION');
    const own = { kind: 'reader', fields, partitions, open: () => assert.fail() } as never;
    if (partitions !== null) await badBuild('BAD_OPTION', (flow) => flow.source('s', own).collect('x'));
  }
  for (const paths of [[], ['a', 'a'], ['a', ''], ['a', 5], Array.from({ length: 257 }, String)]) {
    thrown(() => readLines(paths as never), 'BAD_OPTION');
    thrown(() => readCsv(paths as never, fields), 'BAD_OPTION');
  }
  const two = generate(fields, make, { partitions: 2 });
  const tooMany = await badBuild('BAD_OPTION', (flow) =>
    flow.source('s', two, { parallelism: { max: 3 } }).collect('x'),
  );
  assert.match(tooMany.message, /'parallelism' of source 's' must be at most 2, got 3: it has 2 partitions/);
  const single = await badBuild('BAD_OPTION', (flow) =>
    flow.source('s', push(fields), { parallelism: 2 }).collect('x'),
  );
  assert.match(single.message, /at most 1, got 2: it has one partition.*readLines\(\[…\]\)/);
  const flow = dataflow(import.meta.url, 'plan', (builder) =>
    builder.source('s', two, { parallelism: { max: 2 } }).collect('x'),
  );
  assert.deepEqual(
    planOf(buildGraph(flow, {})).stages.map(({ replicas, partitions }) => ({ replicas, partitions })),
    [
      { replicas: 2, partitions: 2 },
      { replicas: 1, partitions: 1 },
    ],
  );
});

test('dataflow() checks its arguments: BAD_OPTION', () => {
  thrown(() => dataflow('not a url', 'x', () => {}), 'BAD_OPTION');
  thrown(() => dataflow(undefined as never, 'x', () => {}), 'BAD_OPTION');
  thrown(() => dataflow(import.meta.url, '', () => {}), 'BAD_OPTION');
  thrown(() => dataflow(import.meta.url, 'x', undefined as never), 'BAD_OPTION');
});

test('stateless chains fuse into one stage; { fuse: false }, keys and several consumers part them', () => {
  const stagesOf = (build: (flow: FlowBuilder) => unknown) =>
    planOf(buildGraph(dataflow(import.meta.url, 'plan', build), {})).stages.map(({ operators }) =>
      operators.map(({ name }) => name).join('+'),
    );
  assert.deepEqual(
    planOf(buildGraph(chain, { count: 1, fuse: true })).stages.map(({ operators }) => operators.length),
    [4, 1],
  );
  assert.deepEqual(
    planOf(buildGraph(chain, { count: 1, fuse: false })).stages.map(({ operators }) => operators.length),
    [1, 1, 1, 1, 1],
  );
  assert.deepEqual(
    stagesOf((flow) => {
      const stream = numbers(flow).map('a', fields, (x) => x);
      stream.filter('b', () => true).forEach('c', () => {});
      stream
        .keyBy('n')
        .process('d', { output: fields }, () => {})
        .map('e', fields, (x) => x)
        .collect('f');
    }),
    ['numbers+a', 'b+c', 'd+e', 'f'],
  );
});

test('the fingerprint of a flow is the same when built twice, and tells apart what actors and shared memory depend on', () => {
  const fingerprint = (options: object, schemas: object = {}, output = fields, end = false) =>
    buildGraph(
      dataflow(import.meta.url, 'print', (flow) =>
        numbers(flow)
          .keyBy('n')
          .process('p', { output, ...schemas }, () => {}, { ...options, ...(end ? { end: () => {} } : {}) })
          .collect('x'),
      ),
      {},
    ).fingerprint;
  const variants = [
    fingerprint({}),
    fingerprint({ fuse: false }),
    fingerprint({ parallelism: 2 }),
    fingerprint({}, { state: { x: t.u32() } }),
    fingerprint({}, { state: { x: t.f64() } }),
    fingerprint({}, { state: { y: t.u32() } }),
    fingerprint({}, { tables: { x: table({ k: t.u32() }, { v: t.u32() }) } }),
    fingerprint({}, { tables: { x: table({ k: t.f64() }, { v: t.u32() }) } }),
    fingerprint({}, {}, { ...fields, more: t.u32() } as never),
    fingerprint({}, {}, fields, true),
  ];
  assert.equal(new Set(variants).size, variants.length);
  assert.equal(fingerprint({}, { state: { x: t.u32() } }), fingerprint({}, { state: { x: t.u32() } }));
});
