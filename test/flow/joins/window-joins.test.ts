// Goal: joins by sliding windows and by sessions give what a model gives that knows all tuples, each row once, when its window is over
// and not before: whatever the order and lateness of tuples, restarts, rollbacks, replicas and workers that die. Nothing is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Job } from '../../../src/index.ts';
import { testOperator } from '../../../src/testing.ts';
import { runs } from '../../kit/arbitraries.ts';
import { LATENESS, type LeftTuple, leftAt, type RightTuple, rightAt } from '../../kit/flows/joins.ts';
import {
  type JoinWindow,
  joinedByWindow,
  type WindowJoinParams,
  type WindowPair,
} from '../../kit/flows/window-joins.ts';
import { act, drive, START_MS } from '../../kit/join-drive.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../../kit/run-flow.ts';
import { shownPair, windowJoinModel } from '../../kit/window-join-model.ts';

const KINDS = ['inner', 'left', 'full'] as const;
const LATE_MS = Math.max(LATENESS.left, LATENESS.right);

const windows: Readonly<Record<string, fc.Arbitrary<Exclude<JoinWindow, { by: 'calendar' }>>>> = {
  sliding: fc
    .record({
      by: fc.constant('sliding' as const),
      sizeMs: fc.constantFrom(5, 12, 40),
      everyMs: fc.constantFrom(1, 3, 5),
      offsetMs: fc.constantFrom(0, 0, 2, -7),
    })
    .filter(({ sizeMs, everyMs }) => everyMs <= sizeMs),
  session: fc.record({ by: fc.constant('session' as const), gapMs: fc.constantFrom(1, 5, 10, 40) }),
  tumbling: fc.record({ by: fc.constant('tumbling' as const), sizeMs: fc.constantFrom(1, 5, 40) }),
};

for (const [name, window] of Object.entries(windows)) {
  test(`${name}: all pairs of a window when it closes, and what has no mate in it`, TIMEOUT, () => {
    const cases = fc.record({
      acts: fc.array(act, { maxLength: 25 }),
      kind: fc.constantFrom(...KINDS),
      window,
      isDisturbed: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ acts, kind, window: drawn, isDisturbed }) => {
        const params = { kind, window: drawn };
        const { rows, lefts, rights } = drive<WindowJoinParams, WindowPair>(
          joinedByWindow,
          params,
          acts,
          isDisturbed,
          (found, allLefts, allRights, watermark) => {
            const isOver = (end: number): boolean => end + LATE_MS <= watermark;
            assert.deepEqual(found.map(shownPair).sort(), windowJoinModel(drawn, kind, allLefts, allRights, isOver));
          },
        );
        assert.deepEqual(rows.map(shownPair).sort(), windowJoinModel(drawn, kind, lefts, rights));
      }),
      runs(60),
    );
  });
}

const driven = (params: WindowJoinParams) => {
  const join = testOperator<never, WindowPair>(joinedByWindow, 'join', { params });
  return { join, left: join.input<LeftTuple>('left'), right: join.input<RightTuple>('rights') };
};

test('a tuple of either stream bridges two sessions', () => {
  const { join, left, right } = driven({ kind: 'full', window: { by: 'session', gapMs: 10 } });
  const at = (ms: number) => ({ at: START_MS + ms });
  join.advanceWatermark(START_MS);
  left.feed({ key: 1, id: 1, ...at(0) }, at(0));
  left.feed({ key: 1, id: 2, ...at(18) }, at(18));
  right.feed({ ref: 1, text: 'far', ...at(40) }, at(40));
  right.feed({ ref: 1, text: 'bridge', ...at(9) }, at(9));
  right.feed({ ref: 1, text: 'end', ...at(28) }, at(28));
  join.advanceWatermark(START_MS + 27 + LATE_MS);
  assert.deepEqual(join.emitted(), []);
  join.advanceWatermark(START_MS + 28 + LATE_MS);
  assert.deepEqual(join.emitted().map(shownPair), ['1 bridge [1000, 1028)', '2 bridge [1000, 1028)']);
  join.end();
  assert.deepEqual(join.emitted().map(shownPair), ['null end [1028, 1038)', 'null far [1040, 1050)']);
});

for (const window of [
  { by: 'sliding', sizeMs: 20, everyMs: 10 },
  { by: 'session', gapMs: 10 },
  { by: 'tumbling', sizeMs: 10 },
] as const) {
  test(`a window at which the closure fails takes no other along, and its tuples go: ${window.by}`, () => {
    const { join, left } = driven({ kind: 'left', window, poison: 3 });
    join.advanceWatermark(START_MS);
    for (const [id, at] of [1005, 1042, 1065, 1085, 1105].entries()) left.feed({ key: 7, id: id + 1, at }, { at });
    join.advanceWatermark(1115);
    left.feed({ key: 7, id: 6, at: 1118 }, { at: 1118 });
    join.end();
    const ids = join.emitted().map(({ left: id }) => id);
    const each = window.by === 'sliding' ? [1, 1, 2, 2, 4, 4, 5, 5, 6, 6] : [1, 2, 4, 5, 6];
    assert.deepEqual(ids, each);
    assert.equal(join.deadLetters().length, window.by === 'sliding' ? 2 : 1);
    assert.deepEqual(join.state.entries(), []);
  });
}

test('before 1970, and where windows are far longer than their step', () => {
  const { join, left, right } = driven({ kind: 'inner', window: { by: 'sliding', sizeMs: 3_600_000, everyMs: 1000 } });
  const at = -86_400_000;
  left.feed({ key: 1, id: 1, at }, { at });
  right.feed({ ref: 1, text: 'r', at: at + 3_599_000 }, { at: at + 3_599_000 });
  join.advanceWatermark(at + 2 * 3_600_000 + LATE_MS);
  assert.deepEqual(join.emitted().map(shownPair), [`1 r [${at}, ${at + 3_600_000})`]);
  join.end();
  assert.deepEqual([join.emitted(), join.state.entries()], [[], []]);
});

test('days of a time zone, of which one has 23 hours', () => {
  const { join, left, right } = driven({ kind: 'left', window: { by: 'calendar' } });
  const spring = Date.UTC(2026, 2, 28, 23);
  const next = Date.UTC(2026, 2, 29, 22);
  left.feed({ key: 1, id: 1, at: spring }, { at: spring });
  left.feed({ key: 1, id: 2, at: next }, { at: next });
  right.feed({ ref: 1, text: 'r', at: next - 1 }, { at: next - 1 });
  join.end();
  assert.deepEqual(join.emitted().map(shownPair), [
    `1 r [${spring}, ${next})`,
    `2 null [${next}, ${next + 24 * 3_600_000})`,
  ]);
});

test('the earliest and the latest times, and windows as long as can be, come to their end', () => {
  const LATEST_MS = 8.64e15;
  const long: readonly JoinWindow[] = [
    { by: 'tumbling', sizeMs: 2 ** 50 },
    { by: 'sliding', sizeMs: 2 ** 50, everyMs: 2 ** 49 },
    { by: 'sliding', sizeMs: 10, everyMs: 3 },
    { by: 'session', gapMs: 2 ** 50 },
    { by: 'session', gapMs: 10 },
  ];
  for (const window of long) {
    for (const at of [LATEST_MS - 1, LATEST_MS, -LATEST_MS, -0.5, 9.75]) {
      const { join, left, right } = driven({ kind: 'full', window });
      left.feed({ key: 1, id: 1, at }, { at });
      right.feed({ ref: 1, text: 'r', at }, { at });
      join.end();
      const rows = join.emitted();
      assert.ok(rows.length > 0, `${window.by} at ${at}`);
      for (const row of rows) {
        assert.deepEqual([row.left, row.right], [1, 'r']);
        assert.ok(row.start <= at && at < row.end, shownPair(row));
      }
      assert.deepEqual([join.deadLetters(), join.state.entries()], [[], []]);
    }
  }
});

const COUNT = 1000;
const SPREAD = { keys: 25, outOfOrderMs: 60 };
const numbers = Array.from({ length: COUNT }, (_, n) => n);
const lefts = numbers.map((n) => leftAt(n, SPREAD));
const rights = numbers.map((n) => rightAt(n, SPREAD));

const disturbances: Readonly<Record<string, (job: Job) => Promise<void>>> = {
  'workers are killed': async (job) => {
    for (let kills = 0; kills < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      const host = job.workers().find(({ actors }) => actors.length > 0);
      if (host !== undefined) await job.killWorker(host.worker).then(() => kills++);
    }
  },
  'replicas come and go': async (job) => {
    for (const replicas of [3, 1, 2]) await job.scale('join', replicas);
  },
};

for (const [name, disturb] of Object.entries(disturbances)) {
  for (const window of [
    { by: 'sliding', sizeMs: 120, everyMs: 40 },
    { by: 'session', gapMs: 70 },
  ] as const) {
    test(`whole jobs: ${window.by}, ${name}`, TIMEOUT, async () => {
      const parallelism = name === 'workers are killed' ? 2 : { start: 1, max: 3 };
      const params: WindowJoinParams = {
        kind: 'full',
        window,
        count: COUNT,
        ...SPREAD,
        ratePerSecond: 1000,
        parallelism,
      };
      const job = await start(joinedByWindow, { params, workers: 2, ringBytes: 4096 });
      const [rows] = await Promise.all([tuplesOf(job.output('pairs')), disturb(job as unknown as Job)]);
      await job.done;
      await noThreadLeft();
      assert.deepEqual(rows.map(shownPair).sort(), windowJoinModel(window, 'full', lefts, rights));
    });
  }
}
