// Goal: an operator that two streams go into has several outputs by name, as `process` has: each a stream with its own schema; what a
// closure has emitted when it throws is taken back from each; each tuple once, whatever worker dies; without output it is a sink.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../../src/flow/dataflow.ts';
import { dataflow, type Field, type Job, outputs, type Stream, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { expectedOf, ledgers } from '../../kit/flows/connected-outputs.ts';
import { noThreadLeft, start, TIMEOUT, thrown, tuplesOf } from '../../kit/run-flow.ts';

const sorted = (tuples: readonly unknown[]) => tuples.map((tuple) => JSON.stringify(tuple)).sort();

test('each closure emits by name, and a test reads each output', () => {
  const params = { count: 1, ratePerSecond: 1, parallelism: 1 };
  const ledger = testOperator(ledgers, 'ledger', { params });
  ledger.input('left').feed({ order: 1, cents: 50 });
  ledger.input('right').feed([
    { paid: 1, cents: 20 },
    { paid: 1, cents: 99 },
  ]);
  assert.deepEqual(ledger.emitted('owing'), [{ order: 1, cents: 50 }]);
  assert.deepEqual(ledger.emitted('paying'), [{ text: '1 pays 20' }]);
  assert.deepEqual(ledger.emitted('unread'), [{ owed: 50 }]);
  assert.deepEqual(
    ledger.deadLetters().map(({ tuple }) => tuple),
    [{ paid: 1, cents: 99 }],
  );
  ledger.end();
  assert.deepEqual(ledger.emitted('ends'), [{ order: 1, owed: 30 }]);
});

test('every output is whole while workers are killed', TIMEOUT, async () => {
  const count = 1500;
  const job = await start(ledgers, {
    params: { count, ratePerSecond: 1500, parallelism: 2 },
    workers: 2,
    ringBytes: 4096,
    notices: false,
  });
  const reading = Promise.all([
    tuplesOf(job.output('owing')),
    tuplesOf(job.output('paying')),
    tuplesOf(job.output('ends')),
    tuplesOf(job.deadLetters),
  ]);
  for (let kills = 0; kills < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    const host = job.workers().find(({ actors }) => actors.length > 0);
    if (host !== undefined) await job.killWorker(host.worker).then(() => kills++);
  }
  const [owing, paying, ends, letters] = await reading;
  await job.done;
  const expected = expectedOf(count);
  assert.deepEqual(sorted(owing), sorted(expected.owing));
  assert.deepEqual(sorted(paying), sorted(expected.paying));
  assert.deepEqual(sorted(ends), sorted(expected.ends));
  assert.deepEqual(
    letters.map(({ tuple }) => (tuple as { cents: number }).cents).sort((a, b) => a - b),
    expected.forged,
  );
  const figures = (job as unknown as Job).reading().operators.find(({ name }) => name === 'ledger')?.outputs;
  assert.deepEqual(figures?.unread, { tuples: count, consumed: false });
  await noThreadLeft();
});

const pairOf = (flow: Parameters<Parameters<typeof dataflow>[2]>[0]) =>
  flow
    .source('a', push({ key: t.u32(), n: t.u32() }))
    .keyBy('key')
    .connect(flow.source('b', push({ key: t.u32(), text: t.string() })).keyBy('key'));

test('without output it is a sink, and whoever reads it is told', () => {
  const counted = dataflow(import.meta.url, 'counted', (flow) => {
    pairOf(flow).process(
      'count',
      { state: { seen: t.u32() } },
      { left: (_tuple, state) => void state.seen++, right: (_tuple, state) => void state.seen++ },
    );
  });
  const count = testOperator(counted, 'count');
  count.input('left').feed({ key: 7, n: 1 });
  count.input('right').feed({ key: 7, text: 'x' });
  assert.deepEqual(count.state.get(7), { seen: 2 });
  count.close();
  const read = dataflow(import.meta.url, 'read', (flow) =>
    pairOf(flow)
      .process('count', { state: { seen: t.u32() } }, { left: () => {}, right: () => {} })
      .collect('out'),
  );
  const { message } = thrown(() => buildGraph(read as never, {}), 'BAD_FLOW');
  assert.match(message, /'out' reads 'count', which has no output/);
});

test('types: tuples and names of each output', () => {
  dataflow(import.meta.url, 'types', (flow) => {
    const made = pairOf(flow).process(
      'part',
      { state: { seen: t.u32() }, output: outputs({ odd: { n: t.u32() }, texts: { text: t.string() } }) },
      {
        left: ({ n }, state, emit) => {
          state.seen++;
          emit.odd({ n });
          // @ts-expect-error the tuple is one of the other output
          () => emit.texts({ n });
          // @ts-expect-error no output is called so
          () => emit.even({ n });
        },
        right: ({ text }, _state, emit) => {
          emit.texts({ text });
          // @ts-expect-error there are several outputs
          () => emit({ text });
        },
        onTimer: ({ key }, _state, emit) => emit.odd({ n: key }),
        // @ts-expect-error the tuple is one of the other output
        end: ({ key }, _state, emit) => emit.texts({ n: key }),
      },
    );
    const odd: Stream<{ n: Field<number> }> = made.odd;
    // @ts-expect-error no output is called so
    () => made.even;
    // @ts-expect-error one stream is not several
    () => made.collect('all');
    made.texts.forEach('texts', () => {});
    return odd.collect('odd');
  });
});
