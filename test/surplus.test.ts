// Goal: an argument that a public function does not take is refused, and never ignored.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../src/flow/dataflow.ts';
import { dataflow, memoryBackup, t, table } from '../src/index.ts';
import { writeCsv, writeJson, writeLines } from '../src/sinks.ts';
import { fromIterable, fromReadable, generate, push, readCsv, readJson, readLines } from '../src/sources.ts';
import { simulate, testOperator } from '../src/testing.ts';
import { pushed } from './kit/flows/surplus.ts';
import { noThreadLeft, thrown } from './kit/run-flow.ts';

const N = { n: t.u32() };
const EXTRA = { end: (): void => {} } as never;
/** Calls a method as JavaScript would: types refuse the argument too many. */
function apply(owner: object, name: string, ...values: unknown[]): unknown {
  const method = (owner as Record<string, (...values: unknown[]) => unknown>)[name];
  return Reflect.apply(method, owner, values);
}

const numbers = generate(N, (n) => ({ n }), { count: 1 });

/** Each takes all arguments that it may, and one more. */
const DECLARATIONS: Readonly<Record<string, () => unknown>> = {
  't.u32': () => t.u32(EXTRA),
  't.json': () => t.json(undefined as never, EXTRA as never),
  table: () => table(N, N, EXTRA),
  generate: () => generate(N, (n) => ({ n }), {}, EXTRA),
  fromIterable: () => fromIterable(N, () => [], {}, EXTRA),
  fromReadable: () => fromReadable(N, async function* () {}, {}, EXTRA),
  push: () => push(N, EXTRA),
  readLines: () => readLines('x.txt', {}, EXTRA),
  readCsv: () => readCsv('x.csv', N, {}, EXTRA),
  readJson: () => readJson('x.json', N, {}, EXTRA),
  writeCsv: () => writeCsv('x.csv', {}, EXTRA),
  writeJson: () => writeJson('x.json', {}, EXTRA),
  writeLines: () => writeLines('x.txt', () => '', {}, EXTRA),
  dataflow: () => dataflow(import.meta.url, 'x', () => {}, EXTRA),
  run: () => apply(pushed, 'run', {}, EXTRA),
  testOperator: () => apply({ testOperator }, 'testOperator', pushed, 'count', {}, EXTRA),
  simulate: () => simulate(pushed, { seed: 1 }, EXTRA),
  memoryBackup: () => memoryBackup((task) => task(), EXTRA),
};

for (const [name, call] of Object.entries(DECLARATIONS)) {
  test(`${name}: SURPLUS_ARGUMENTS`, () => {
    thrown(call as () => never, 'SURPLUS_ARGUMENTS');
  });
}

test('operators: SURPLUS_ARGUMENTS, with what the call takes', () => {
  const builds: Parameters<typeof dataflow>[2][] = [
    (flow) => void flow.source('s', numbers, {}, EXTRA),
    (flow) => void flow.source('s', numbers).map('x', N, (tuple) => tuple, {}, EXTRA),
    (flow) => void flow.source('s', numbers).filter('x', () => true, {}, EXTRA),
    (flow) => void flow.source('s', numbers).flatMap('x', N, () => {}, {}, EXTRA),
    (flow) => void flow.source('s', numbers).unordered(EXTRA),
    (flow) => void flow.source('s', numbers).collect('x', EXTRA),
    (flow) => void flow.source('s', numbers).forEach('x', () => {}, {}, EXTRA),
    (flow) =>
      void flow.source('s', numbers).to(
        'x',
        writeLines('x.txt', () => ''),
        {},
        EXTRA,
      ),
    (flow) =>
      void flow
        .source('s', numbers)
        .keyBy('n')
        .process('x', {}, () => {}, {}, EXTRA),
  ];
  for (const build of builds) {
    const error = thrown(() => buildGraph(dataflow(import.meta.url, 'x', build), {}), 'SURPLUS_ARGUMENTS');
    assert.match(error.message, /\(.*\) takes at most \d+ arguments?, got \d+/);
  }
});

test('a running job: SURPLUS_ARGUMENTS, and it goes on', async () => {
  const job = await pushed.run({ workers: 1 });
  const input = job.input('in');
  const output = job.output('out');
  const calls: (() => unknown)[] = [
    () => apply(job, 'output', 'out', EXTRA),
    () => apply(job, 'input', 'in', EXTRA),
    () => apply(job, 'state', 'count', EXTRA),
    () => apply(job, 'reading', EXTRA),
    () => apply(job, 'topology', EXTRA),
    () => apply(job, 'events', {}, EXTRA),
    () => apply(job, 'tree', EXTRA),
    () => apply(job, 'workers', EXTRA),
    () => apply(job, 'on', '*', () => {}, {}, EXTRA),
    () => apply(job, 'scale', 'count', 1, EXTRA),
    () => apply(job, 'move', 'count', 0, 0, EXTRA),
    () => apply(job, 'stop', EXTRA),
    () => apply(input, 'push', { n: 1 }, { n: 2 }),
    () => apply(input, 'end', EXTRA),
    () => apply(output, 'batches', EXTRA),
  ];
  for (const call of calls) thrown(call as () => never, 'SURPLUS_ARGUMENTS');
  for (const call of [
    () => apply(job, 'killWorker', 0, EXTRA),
    () => apply(job, 'cancel', 'why', EXTRA),
    () => apply(input, 'pushAll', [], EXTRA),
  ]) {
    await assert.rejects(async () => call(), { code: 'SURPLUS_ARGUMENTS' });
  }
  await input.push({ n: 7 });
  input.end();
  const tuples: unknown[] = [];
  for await (const tuple of output) tuples.push(tuple);
  await job.done;
  assert.deepEqual(tuples, [{ n: 7 }]);
  await noThreadLeft();
});

test('the context reaches closures whose length does not tell, and partitions reach generators', () => {
  const flow = dataflow(import.meta.url, 'decorated', (builder) => {
    const forget = (...values: unknown[]): void => (values[3] as { remove(): void }).remove();
    const made = (...values: unknown[]): { n: number } => ({ n: (values[1] as number) * 10 });
    builder
      .source('s', generate(N, made, { count: 2, partitions: 2 }))
      .keyBy('n')
      .process('x', { state: { c: t.u32() } }, (...values) => {
        (values[1] as { c: number }).c++;
        if (values[0].n === 10) forget(...values);
      });
  });
  const test = testOperator(flow, 'x');
  test.feed([{ n: 10 }, { n: 0 }]);
  assert.deepEqual(
    test.state.entries().map(({ key }) => key),
    [{ n: 0 }],
  );
});
