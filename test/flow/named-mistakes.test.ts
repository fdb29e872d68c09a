// Goal: the text of a refusal names what was meant, in the app's words: where it stands, what was given, and what to do instead.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph, type FlowBuilder } from '../../src/flow/dataflow.ts';
import { dataflow, type ErrorCode, outputs, t } from '../../src/index.ts';
import { generate, push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { tumbling } from '../../src/windows.ts';
import { thrown } from '../kit/run-flow.ts';

const ITEM = { key: t.u8(), at: t.f64() };
const N = { n: t.u32() };
const items = (flow: FlowBuilder) => flow.source('items', push(ITEM));
const unkeyed = (flow: FlowBuilder) => items(flow) as never as ReturnType<typeof keyed>;
const keyed = (flow: FlowBuilder) => items(flow).keyBy('key');
const timed = (flow: FlowBuilder) => items(flow).withEventTime('at').keyBy('key');
const one = () => ({ n: 1 });
const closure = () => {};

const mistakes: Readonly<Record<string, readonly [ErrorCode, RegExp, (flow: FlowBuilder) => unknown]>> = {
  'window of an unkeyed stream': [
    'BAD_FLOW',
    /^window\(\) after 'items': window takes a stream with a key/,
    (flow) => unkeyed(flow).window(tumbling({ sizeMs: 10 })),
  ],
  'connect of an unkeyed stream': [
    'BAD_FLOW',
    /^connect\(\) after 'items': connect takes/,
    (flow) => unkeyed(flow).connect(flow.source('others', push(ITEM)).keyBy('key')),
  ],
  'process of an unkeyed stream': [
    'BAD_FLOW',
    /^operator 'count': process takes/,
    (flow) => unkeyed(flow).process('count', {}, closure),
  ],
  'connect to an unkeyed stream': [
    'BAD_OPTION',
    /'other' of connect\(\) after 'items' must be a stream with a key, and that of operator 'others' has none/,
    (flow) => keyed(flow).connect(flow.source('others', push(ITEM)) as never),
  ],
  'lookup in an unkeyed table': [
    'BAD_OPTION',
    /'table' of operator 'looked' must be a stream with a key, and that of operator 'rows' has none/,
    (flow) => items(flow).lookup('looked', flow.source('rows', push(ITEM)) as never, 'key' as never, N, one as never),
  ],
  'lookup in no table': [
    'BAD_OPTION',
    /'table' of operator 'looked' must be a stream with a key: call keyBy\(\) on it, got 5/,
    (flow) => items(flow).lookup('looked', 5 as never, 'key' as never, N, one as never),
  ],
  'a closure for one of two streams': [
    'BAD_OPTION',
    /'right' of the closures of operator 'both' must be a function/,
    (flow) =>
      keyed(flow)
        .connect(flow.source('others', push(ITEM)).keyBy('key'))
        .process('both', {}, { left: closure } as never),
  ],
  'options that are a number': [
    'BAD_OPTION',
    /^option 'options' of operator 'some' must be an object such as \{ parallelism: 2 \}, got 2/,
    (flow) => items(flow).map('some', N, one, 2 as never),
  ],
  'options of a throttle that are a number': [
    'BAD_OPTION',
    /^option 'options' of operator 'some' must be an object such as \{ everyMs: 1000 \}, got 1000/,
    (flow) => keyed(flow).throttle('some', 1000 as never),
  ],
  'options of connected streams that are a number': [
    'BAD_OPTION',
    /^option 'options' of operator 'both' must be an object such as \{ parallelism: 2 \}, got 2/,
    (flow) =>
      keyed(flow)
        .connect(flow.source('others', push(ITEM)).keyBy('key'))
        .process('both', {}, { left: closure, right: closure }, 2 as never),
  ],
  'options of a source that are a number': [
    'BAD_OPTION',
    /^option 'options' of generate\(\) must be an object such as \{ count: 10 \}, got 10/,
    (flow) =>
      flow.source(
        'numbers',
        generate(N, (n) => ({ n }), 10 as never),
      ),
  ],
  'outputs of a window': [
    'BAD_OPTION',
    /'output' of the schemas of operator 'w'.*takes no outputs\(\)/,
    (flow) =>
      timed(flow)
        .window(tumbling({ sizeMs: 10 }))
        .process('w', { output: outputs({ a: N }) } as never, closure),
  ],
  'an async function of the time': [
    'ASYNC_CLOSURE',
    /withEventTime\(\) after 'items' is an async function/,
    (flow) => items(flow).withEventTime((async () => 1) as never),
  ],
  'an async generator of results': [
    'ASYNC_CLOSURE',
    /operator 'many' is an async generator function: that of flatMapAsync resolves to an iterable/,
    (flow) => items(flow).flatMapAsync('many', N, async function* () {} as never),
  ],
  'a generator of one result': [
    'ASYNC_CLOSURE',
    /operator 'one' is a generator function: that of mapAsync resolves to one tuple/,
    (flow) => items(flow).mapAsync('one', N, function* () {} as never),
  ],
  'two of one name': [
    'DUPLICATE_NAME',
    /named 'items', of the kinds source and collect/,
    (flow) => items(flow).collect('items'),
  ],
};

for (const [what, [code, text, build]] of Object.entries(mistakes)) {
  test(`${what}: ${code}`, () => {
    const flow = dataflow(import.meta.url, 'mistaken', (builder) => void build(builder));
    assert.match(thrown(() => buildGraph(flow, {}), code).message, text);
  });
}

test('a generator of several results is an iterable, and so it is taken', () => {
  const flow = dataflow(import.meta.url, 'generated', (builder) =>
    items(builder)
      .flatMapAsync('many', N, function* ({ key }) {
        yield { n: key };
      })
      .collect('out'),
  );
  buildGraph(flow, {});
});

test('a time that is a promise is ASYNC_CLOSURE, and an invalid Date is called so', () => {
  const timeOf = (time: unknown) =>
    dataflow(import.meta.url, 'times', (builder) =>
      items(builder)
        .withEventTime((() => time) as never)
        .collect('out'),
    );
  const failed = (time: unknown) => {
    const operator = testOperator<object, object>(timeOf(time), 'items-time');
    operator.feed({ key: 1, at: 1 });
    return operator.deadLetters()[0].error;
  };
  assert.match(failed(new Date(Number.NaN)).message, /got an invalid Date: give such a time/);
  assert.throws(
    () => failed(Promise.resolve(1)),
    ({ cause }: { cause: Error }) => /withEventTime\(\) of '.*' returned a promise/.test(cause.message),
  );
});
