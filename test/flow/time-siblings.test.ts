// Goal: what is kin to the faults of test/cases/time.ts: keys that equal nothing or look unequal are the same in all that goes by key;
// whoever waits for the end of time speaks once though its inputs were idle; user code comes before what is cleaned up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { count, distinct } from '../../src/aggregates.ts';
import { dataflow, type Field, type Job, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { type SessionWindow, type SlicedWindow, session, sliding, tumbling } from '../../src/windows.ts';
import { lastWords } from '../kit/flows/last-words.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

interface Keyed {
  readonly key: unknown;
  readonly at: number;
  readonly id: number;
}

interface Pair {
  readonly left: number | null;
  readonly right: number | null;
}

const at = ({ at: ms }: Keyed): number => ms;
const keyed = (keys: readonly unknown[]): Keyed[] => keys.map((key, id) => ({ key, at: 0, id }));

/** Joins two streams whose keys are of a type; returns pairs of numbers. */
function pairsOf(
  type: Field<never>,
  how: 'interval' | 'lookup' | SlicedWindow | SessionWindow,
  lefts: unknown[],
  rights: unknown[],
): string[] {
  const flow = dataflow(import.meta.url, 'keys', (build) => {
    const [left, right] = (['left', 'right'] as const).map((name) =>
      build
        .source(name, push({ key: type as unknown as ReturnType<typeof t.string>, at: t.f64(), id: t.u32() }))
        .withEventTime('at')
        .keyBy('key'),
    );
    const output = { left: t.optional(t.u32()), right: t.optional(t.u32()) };
    const pair = (one?: { id: number }, other?: { id: number }): Pair => ({
      left: one?.id ?? null,
      right: other?.id ?? null,
    });
    const both = left.connect(right);
    if (how === 'interval')
      return both.intervalJoin('join', { fromMs: -5, toMs: 5 }, output, pair, { kind: 'full' }).collect('out');
    if (how === 'lookup') return both.lookupJoin('join', output, pair, { asOf: true }).collect('out');
    return both.windowJoin('join', how, output, pair, { kind: 'full' }).collect('out');
  });
  const join = testOperator<never, Pair>(flow, 'join');
  join.input('right').feed(keyed(rights) as never[], { at: at as never });
  join.input('left').feed(keyed(lefts) as never[], { at: at as never });
  join.end();
  // But for the latest row, which is looked up for ever.
  if (how !== 'lookup') assert.deepEqual(join.state.entries(), []);
  return join
    .emitted()
    .map(({ left, right }) => `${left} ${right}`)
    .sort();
}

const ALIKE: readonly [string, Field<never>, unknown[], unknown[], string[]][] = [
  ['doubles', t.f64(), [Number.NaN, -0, 1], [Number.NaN, 0, 2], ['0 0', '1 1', '2 null', 'null 2']],
  [
    'doubles or null',
    t.optional(t.f64()),
    [null, 0, Number.NaN],
    [null, -0, Number.NaN],
    ['0 null', '1 1', '2 2', 'null 0'],
  ],
  ['texts or null', t.optional(t.string()), [null, '', 'null'], [null, '', 'null'], ['0 null', '1 1', '2 2', 'null 0']],
  ['truths or null', t.optional(t.bool()), [null, false], [null, false], ['0 null', '1 1', 'null 0']],
  [
    'bigints or null',
    t.optional(t.i64()),
    [null, 0n, 2n ** 63n - 1n],
    [null, 0n, -(2n ** 63n)],
    ['0 null', '1 1', '2 null', 'null 0', 'null 2'],
  ],
] as never;

for (const [name, type, lefts, rights, expected] of ALIKE) {
  test(`null meets nothing, NaN meets NaN, and -0 meets 0, in every join: keys of ${name}`, () => {
    for (const how of [
      'interval',
      tumbling({ sizeMs: 10 }),
      sliding({ sizeMs: 10, everyMs: 10 }),
      session({ gapMs: 5 }),
    ] as const)
      assert.deepEqual(pairsOf(type, how, lefts, rights), expected);
    // A look-up gives each left tuple once.
    const looked = expected.filter((pair) => !pair.startsWith('null'));
    assert.deepEqual(pairsOf(type, 'lookup', lefts, rights), looked);
  });
}

test('what is one key to joins is one to windows, deduplicate and counts of different values; null is a key there', () => {
  const values = [null, 0, -0, Number.NaN, Number.NaN, null];
  const flow = dataflow(import.meta.url, 'one-key', (build) => {
    const items = build
      .source('items', push({ key: t.optional(t.f64()), at: t.f64(), id: t.u32() }))
      .withEventTime('at');
    return {
      windows: items
        .keyBy('key')
        .window(tumbling({ sizeMs: 10 }))
        .aggregate('windows', { n: count() }, { combine: false })
        .collect('windows-out'),
      first: items.keyBy('key').deduplicate('first', { withinMs: 10 }).collect('first-out'),
      different: items
        .keyBy()
        .window(tumbling({ sizeMs: 10 }))
        .aggregate('different', { n: distinct('key') }, { combine: false })
        .collect('different-out'),
    };
  });
  const rowsOf = <Row>(operator: string): Row[] => {
    const driven = testOperator<Keyed, Row>(flow, operator);
    driven.feed(keyed(values), { at });
    driven.end();
    return driven.emitted();
  };
  assert.deepEqual(
    rowsOf<{ n: number }>('windows').map(({ n }) => n),
    [2, 2, 2],
  );
  assert.deepEqual(
    rowsOf<Keyed>('first').map(({ id }) => id),
    [0, 1, 3],
  );
  assert.deepEqual(
    rowsOf<{ n: number }>('different').map(({ n }) => n),
    [2],
  );
});

for (const stops of [false, true]) {
  test(
    `who waits for the end of time speaks once, though the inputs are idle when ${stops ? 'the job is stopped' : 'they end'}`,
    TIMEOUT,
    async () => {
      const job = (await start(lastWords, { params: { idleAfterMs: 20 }, workers: 2 })) as unknown as Job;
      const names = ['windows', 'sessions', 'timers', 'pairs', 'answers'];
      const reading = Promise.all(
        names.map((name) => tuplesOf(job.output(`of-${name}`) as AsyncIterable<Record<string, unknown>>)),
      );
      job.input('a').end();
      for (let ms = 0; ms < 100; ms++) await job.input('b').push({ key: 'k', at: ms });
      await sleep(200);
      if (stops) await job.stop();
      else job.input('b').end();
      const [windows, sessions, timers, pairs, answers] = await reading;
      await job.done;
      assert.deepEqual(windows, [{ key: 'k', windowStart: 0, windowEnd: 1000, n: 100 }]);
      assert.deepEqual(sessions, [{ key: 'k', windowStart: 0, windowEnd: 599, n: 100 }]);
      assert.deepEqual(timers, [{ name: 'k', at: 5000 }]);
      assert.deepEqual(
        pairs.map(({ at: ms }) => ms),
        Array.from({ length: 100 }, (_, ms) => ms),
      );
      assert.deepEqual(answers, windows);
      await noThreadLeft();
    },
  );
}

test('a timer of two inputs at the very end of a time to live sees the state, and what it writes lives on', () => {
  const flow = dataflow(import.meta.url, 'both', (build) => {
    const [left, right] = ['left', 'right'].map((name) =>
      build
        .source(name, push({ key: t.string(), at: t.f64(), id: t.u32() }))
        .withEventTime('at')
        .keyBy('key'),
    );
    return left
      .connect(right)
      .process(
        'join',
        { state: { seen: t.u32() }, output: { seen: t.u32() } },
        {
          left: (_tuple, state, _emit, { timers, time }) => {
            state.seen += 1;
            timers.at(time + 100);
          },
          right: (_tuple, state) => {
            state.seen += 10;
          },
          onTimer: (_key, state, emit) => {
            emit({ seen: state.seen });
            state.seen += 100;
          },
        },
        { ttlMs: 100 },
      )
      .collect('out');
  });
  const join = testOperator<Keyed, { seen: number }>(flow, 'join');
  join.input('left').feed({ key: 'a', at: 0, id: 0 } as never, { at: 0 });
  join.advanceWatermark(100);
  assert.deepEqual(join.emitted(), [{ seen: 1 }]);
  join.restart();
  join.input('right').feed({ key: 'a', at: 199, id: 0 } as never, { at: 199 });
  assert.deepEqual(join.state.get('a'), { seen: 111 });
  join.advanceWatermark(300);
  assert.deepEqual(join.state.entries(), []);
});
