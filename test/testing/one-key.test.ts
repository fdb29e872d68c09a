// Goal: keyBy() without fields gives totals of all tuples that are those of a loop, whichever thread dies and however state travels.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { dataflow, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { simulate, testOperator } from '../../src/testing.ts';
import { type TotalsParams, totals } from '../kit/flows/totals.ts';
import { noThreadLeft, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

/** A stream as a program without types calls it. */
interface Untyped {
  [method: string]: (...values: unknown[]) => Untyped;
}

const AT = { n: t.u32() };

function expected({ tuples, modulus }: TotalsParams) {
  const numbers = Array.from({ length: tuples }, (_, i) => i % modulus);
  const windows = Math.ceil(tuples / 1000);
  return {
    aggregates: [{ tuples, sum: numbers.reduce((all, n) => all + n, 0), most: Math.max(...numbers) }],
    processes: [{ tuples, distinct: new Set(numbers).size }],
    windows: Array.from({ length: windows }, (_, w) => ({
      windowStart: w * 1000,
      windowEnd: (w + 1) * 1000,
      tuples: Math.min(1000, tuples - w * 1000),
    })),
    together: [{ tuples }],
  };
}

for (const combine of [true, false]) {
  test(`totals ${combine ? 'with' : 'without'} combiners, though workers die`, TIMEOUT, async () => {
    const params = { tuples: 100_000, modulus: 777, combine };
    const job = await start(totals, { params, workers: 2 });
    const reading = Promise.all(
      (['aggregates', 'processes', 'windows', 'together'] as const).map(async (name) => [
        name,
        await tuplesOf(job.output(name) as AsyncIterable<unknown>),
      ]),
    );
    await job.killWorker(0);
    await job.killWorker(1);
    assert.deepEqual(Object.fromEntries(await reading), expected(params));
    await job.done;
    const state = job.state('processed');
    assert.equal((await state.get())?.tuples, params.tuples);
    const entries = [];
    for await (const entry of state.entries()) entries.push(entry);
    assert.equal(entries.length, 1);
    assert.deepEqual(entries[0].key, {});
    await assert.rejects(state.get(1), { code: 'BAD_KEY' });
  });
}

test('totals are exact wherever threads die, also of state that comes back from a backup', TIMEOUT, async () => {
  const params = { tuples: 3000, modulus: 50 };
  for (let seed = 1; seed <= 12; seed++) {
    const run = {
      params,
      seed,
      crashes: 0.02,
      anywhere: seed % 3 === 0,
      ...(seed % 2 === 0 && { backup: { everyMs: 1 } }),
    };
    const { outputs } = await simulate(totals, run);
    assert.deepEqual(outputs, expected(params), `seed ${seed}`);
  }
});

test('two streams meet in the one key', () => {
  const flow = dataflow(import.meta.url, 'met', (builder) =>
    builder
      .source('left', push(AT))
      .keyBy()
      .connect(builder.source('right', push(AT)).keyBy())
      .process(
        'both',
        { state: { left: t.u32() }, output: { both: t.u32() } },
        {
          left: ({ n }, state) => {
            state.left = n;
          },
          right: ({ n }, state, emit) => emit({ both: state.left * 100 + n }),
        },
      )
      .collect('out'),
  );
  const both = testOperator(flow, 'both');
  both.input('left').feed([{ n: 7 }]);
  both.input('right').feed([{ n: 1 }, { n: 2 }]);
  assert.deepEqual(both.emitted(), [{ both: 701 }, { both: 702 }]);
});

test('one key has one replica, and no field of another key', () => {
  const build = (declare: (stream: Untyped) => unknown) => () => {
    const flow = dataflow(import.meta.url, 'one', (builder) => {
      declare(builder.source('in', push(AT)) as unknown as Untyped);
    });
    return buildGraph(flow, {});
  };
  const shared = build((stream) =>
    stream
      .keyBy()
      .map('many', AT, (tuple: unknown) => tuple, { parallelism: 2 })
      .collect('out'),
  );
  assert.match(
    thrown(shared, 'BAD_OPTION').message,
    /'parallelism' of operator 'many' must be 1, because keyBy\(\) without/,
  );
  const elastic = build((stream) =>
    stream.keyBy().process('total', {}, () => {}, { parallelism: { start: 1, min: 1, max: 4 } }),
  );
  assert.match(thrown(elastic, 'BAD_OPTION').message, /'parallelism' of operator 'total' must be 1/);
  const unlike = build((stream) => stream.keyBy().connect(stream.keyBy('n')));
  thrown(unlike, 'BAD_FLOW');
  const looked = build((stream) => stream.lookup('row', stream.keyBy(), [], AT, (tuple: unknown) => tuple));
  assert.match(
    thrown(looked, 'BAD_OPTION').message,
    /'table' of operator 'row' must be a stream with a key of one or two/,
  );
});
