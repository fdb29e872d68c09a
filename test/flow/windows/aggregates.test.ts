// Goal: an aggregate comes to the same in every window that has the same tuples, be it put together of slices or of sessions that have
// been merged, and whether its state was taken up anew between any two tuples or not: sums, sketches and all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approxDistinct, count, max, mean, min, quantile, sum } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { session, sliding, tumbling, type Window } from '../../../src/windows.ts';

const LENGTH_MS = 1000;
/** Taking state up anew takes a while. */
const RESTART_EVERY = 11;

const windowed = (name: string, window: Window) =>
  dataflow(import.meta.url, name, (flow) =>
    flow
      .source('a', push({ key: t.string(), at: t.f64(), v: t.f64() }))
      .withEventTime('at', { outOfOrderMs: LENGTH_MS })
      .keyBy('key')
      .window(window as ReturnType<typeof session>)
      .aggregate('results', {
        tuples: count(),
        total: sum('v'),
        mean: mean('v'),
        least: min('v'),
        most: max('v'),
        different: approxDistinct('v'),
        q0: quantile('v', 0),
        half: quantile('v', 0.5),
        q1: quantile('v', 1),
      })
      .collect('out'),
  );

interface Result {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly tuples: number;
}

/** What the aggregates of all values come to: those of each window that has every one of them. */
function resultOf(
  name: string,
  window: Window,
  values: readonly number[],
  order: readonly number[],
  restarts: boolean,
) {
  const operator = testOperator<{ key: string; at: number; v: number }, Result>(windowed(name, window), 'results');
  for (const i of order) {
    const at = Math.floor((i * LENGTH_MS) / values.length);
    operator.feed({ key: 'k', at, v: values[i] }, { at });
    if (restarts && i % RESTART_EVERY === 0) operator.restart();
  }
  operator.end();
  const whole = operator.emitted().filter(({ tuples }) => tuples === values.length);
  const [result, ...others] = whole.map(({ windowStart: _start, windowEnd: _end, ...row }) => row);
  for (const other of others) assert.deepEqual(other, result, `${name}: windows of the same tuples`);
  return result;
}

const VALUES: Readonly<Record<string, readonly number[]>> = {
  'odd numbers beyond 2^53, which cancel': [2 ** 53 + 2, 1, -(2 ** 53), 3, 2 ** 53, 5, -(2 ** 53) - 2, 7],
  'small numbers beside large ones': [1e16, 1, 1, 1, -1e16, 1, 1e-3, 1],
  'many different ones': Array.from({ length: 40 }, (_, i) => (i * 7919) % 251),
  'one number, again and again': new Array<number>(40).fill(42),
  'a single one': [7],
};

const WINDOWS: Readonly<Record<string, Window>> = {
  tumbling: tumbling({ sizeMs: LENGTH_MS }),
  sliding: sliding({ sizeMs: LENGTH_MS, everyMs: LENGTH_MS / 4 }),
  session: session({ gapMs: LENGTH_MS / 2 }),
};

for (const [what, values] of Object.entries(VALUES)) {
  test(`${what}: the same in each window, and when state is taken up anew`, () => {
    const inOrder = values.map((_, i) => i);
    // From both ends to the middle: sessions begin as two, and are merged.
    const fromEnds = inOrder.map((i) => (i % 2 === 0 ? i / 2 : values.length - 1 - (i - 1) / 2));
    const expected = resultOf('tumbling', WINDOWS.tumbling, values, inOrder, false);
    for (const [name, window] of Object.entries(WINDOWS)) {
      for (const order of [inOrder, fromEnds]) {
        for (const restarts of [false, true])
          assert.deepEqual(resultOf(name, window, values, order, restarts), expected, `${name}, restarts: ${restarts}`);
      }
    }
  });
}
