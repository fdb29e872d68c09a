// Goal: results of open windows come so long after a change by the clock, once each, through merges, restarts and pauses; the final
// result comes once all the same, and nothing behind it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, custom, max } from '../../../src/aggregates.ts';
import { dataflow, type MillraceError, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { type SlicedWindow, session, sliding, tumbling } from '../../../src/windows.ts';
import { type Item, type WindowParams, windowed } from '../../kit/flows/windows.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { thrown } from '../../kit/run-flow.ts';
import { randomOf } from '../../kit/seeds.ts';

interface Bounds {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly n: number;
}

/** The operator of some windows that give early results, and what it is fed and gives in short. */
function earlyWindows(params: WindowParams) {
  const operator = testOperator<Item, Bounds>(windowed, 'results', { params: { emit: { everyMs: 20 }, ...params } });
  let n = 0;
  return {
    operator,
    feed: (...times: readonly number[]) => {
      for (const at of times) operator.feed({ key: 'a', at, value: at, n: n++ }, { at });
    },
    shown: () => operator.emitted().map((row) => [row.windowStart, row.windowEnd, row.n] as const),
  };
}

test('early results of sessions go on after each merge and restart, one row for each that lives, and the last one once', () => {
  const { operator, feed, shown } = earlyWindows({ window: { kind: 'session', gapMs: 100 } });
  const step = (): void => {
    operator.restart();
    operator.advance(20);
  };
  feed(0);
  step();
  assert.deepEqual(shown(), [[0, 100, 1]]);
  feed(180);
  step();
  assert.deepEqual(shown(), [[180, 280, 1]], 'only what has changed');
  feed(90);
  step();
  assert.deepEqual(shown(), [[0, 280, 3]], 'a bridge: nothing of those that are gone');
  feed(45);
  step();
  assert.deepEqual(shown(), [[0, 280, 4]]);
  for (const at of [470, 660, 850]) feed(at);
  step();
  assert.deepEqual(shown().length, 3);
  for (const at of [375, 565, 755]) feed(at);
  step();
  assert.deepEqual(shown(), [[375, 950, 6]], 'merged in a chain');
  feed(279);
  step();
  assert.deepEqual(shown(), [[0, 950, 11]], 'one that joins two');
  operator.advance(1000);
  assert.deepEqual(shown(), [], 'nothing has changed');
  feed(1);
  operator.advanceWatermark(950);
  assert.deepEqual(shown(), [[0, 950, 12]]);
  operator.advance(1000);
  operator.end();
  assert.deepEqual(shown(), []);
  assert.deepEqual(operator.state.entries(), []);
});

test('a change shows after everyMs at the latest, several are one row, and a pause is made up for by one', () => {
  const { operator, feed, shown } = earlyWindows({ window: { kind: 'tumbling', sizeMs: 1000, offsetMs: 0 } });
  feed(1);
  operator.advance(10);
  feed(2, 1500);
  operator.advance(9);
  assert.deepEqual(shown(), []);
  operator.advance(1);
  const both = [
    [0, 1000, 2],
    [1000, 2000, 1],
  ];
  assert.deepEqual(shown(), both);
  feed(3);
  operator.advance(100_000);
  assert.deepEqual(shown(), [[0, 1000, 3]]);
});

test('of a window that closes when its early result is due there is the final one only', () => {
  for (const allowedMs of [0, 50]) {
    const { operator, feed, shown } = earlyWindows({
      window: { kind: 'sliding', sizeMs: 100, everyMs: 50, offsetMs: 0 },
      allowedMs,
    });
    feed(60);
    operator.advanceWatermark(100);
    assert.deepEqual(shown(), [[0, 100, 1]]);
    operator.advance(20);
    assert.deepEqual(shown(), [[50, 150, 1]], 'the other one is open');
    operator.advanceWatermark(1000);
    operator.advance(1000);
    assert.deepEqual(shown(), [[50, 150, 1]]);
    assert.deepEqual(operator.state.entries(), []);
  }
});

test('what corrects a window that has closed comes at once, and not once more by the clock', () => {
  const { operator, feed, shown } = earlyWindows({
    window: { kind: 'tumbling', sizeMs: 100, offsetMs: 0 },
    allowedMs: 500,
  });
  feed(60);
  operator.advanceWatermark(120);
  assert.deepEqual(shown(), [[0, 100, 1]]);
  feed(61);
  assert.deepEqual(shown(), [[0, 100, 2]]);
  operator.advance(100);
  assert.deepEqual(shown(), []);
});

test('early results are not late for windows behind, nor ahead of their own tuples', () => {
  for (const window of [tumbling({ sizeMs: 400 }), sliding({ sizeMs: 600, everyMs: 200 }), session({ gapMs: 150 })]) {
    const flow = dataflow(import.meta.url, 'early-behind', (builder) =>
      builder
        .source(
          'items',
          generate({ key: t.u32(), at: t.f64() }, (i) => ({ key: i % 3, at: i + (i % 7) * 20 }), { count: 6000 }),
        )
        .withEventTime('at', { outOfOrderMs: 120 })
        .keyBy('key')
        .window(window as SlicedWindow)
        .aggregate('results', { n: count() }, { emit: { everyMs: 2 } })
        .map('timed', { key: t.u32(), n: t.f64(), at: t.f64(), early: t.f64() }, ({ key, n, windowEnd }) => ({
          key,
          n,
          at: windowEnd,
          early: 1,
        }))
        .keyBy('key')
        .window(tumbling({ sizeMs: 50 }))
        .aggregate('behind', { rows: count(), latest: max('at') })
        .collect('out'),
    );
    let early = 0;
    for (const seed of [5, 6, 7, 8]) {
      let nowMs = 0;
      const job = LocalJob.of(flow, { lingerMs: 0, ringBytes: 4096 }, { now: () => nowMs, parks: true });
      const random = randomOf(seed);
      job.run((below) => {
        nowMs += 0.2;
        return random(below);
      });
      assert.deepEqual(job.letters, []);
      const rows = job.tuples.get('out') as unknown as { windowEnd: number; latest: number; rows: number }[];
      early += rows.filter(({ windowEnd, latest }) => windowEnd < latest).length;
      // The times of the tuples go up to 6119.
      assert.ok(rows.every(({ windowEnd, latest }) => windowEnd <= 6150 || latest >= windowEnd - 50));
    }
    assert.ok(early > 0, 'some come before the window has ended');
  }
});

test('an early result that cannot be made is a dead letter of its own, and the next change tries again', () => {
  const unlucky = custom({
    state: { n: t.u32() },
    type: t.u32(),
    add(state) {
      state.n += 1;
    },
    merge(state, other) {
      state.n += other.n;
    },
    result({ n }) {
      if (n === 1) throw new Error('one brings bad luck');
      return n;
    },
  });
  const flow = dataflow(import.meta.url, 'unlucky', (builder) =>
    builder
      .source('items', push({ key: t.string(), at: t.f64() }))
      .withEventTime('at')
      .keyBy('key')
      .window(tumbling({ sizeMs: 100 }))
      .aggregate('results', { n: unlucky }, { emit: { everyMs: 20 } })
      .collect('out'),
  );
  const operator = testOperator<object, Bounds>(flow, 'results');
  const shown = () => operator.emitted().map(({ windowStart, n }) => [windowStart, n]);
  operator.feed({ key: 'a', at: 5 }, { at: 5 });
  for (const at of [5, 6]) operator.feed({ key: 'b', at }, { at });
  operator.advance(20);
  assert.deepEqual(shown(), [[0, 2]]);
  const letters = operator.deadLetters();
  assert.deepEqual(
    letters.map(({ key, error, position }) => [key, (error as MillraceError).code, position]),
    [['a', 'AGGREGATE_FAILED', 'the timer of 1970-01-01T00:00:00.020Z']],
  );
  operator.feed({ key: 'a', at: 7 }, { at: 7 });
  operator.advance(20);
  assert.deepEqual(shown(), [[0, 2]]);
  operator.end();
  assert.deepEqual(shown(), [
    [0, 2],
    [0, 2],
  ]);
});

test('early results of windows that have no ends are typed errors, and so is what is no period', () => {
  for (const emit of ['changes', { everyMs: 10 }] as const)
    thrown(
      () =>
        testOperator(windowed, 'results', {
          params: { window: { kind: 'count', size: 3, every: 3, rest: false }, emit },
        }),
      'BAD_OPTION',
    );
  for (const emit of [{ everyMs: 0 }, { everyMs: Number.NaN }, {}, 'end', { everyMs: 5, other: 1 }, null])
    thrown(
      () =>
        testOperator(windowed, 'results', {
          params: { window: { kind: 'session', gapMs: 3 }, emit: emit as never },
        }),
      'BAD_OPTION',
    );
});
