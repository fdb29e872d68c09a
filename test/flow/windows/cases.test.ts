// Goal: kinds of fault that windows and watermarks have had in other engines, one test each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, max, min, sum } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { count as countWindow, session, sliding, tumbling } from '../../../src/windows.ts';
import { type Item, type WindowParams, windowed } from '../../kit/flows/windows.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { thrown } from '../../kit/run-flow.ts';
import { randomOf } from '../../kit/seeds.ts';

const LATEST_MS = 8.64e15;

interface Bounds {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly n: number;
}

/** The operator of some windows, and what it is fed and gives in short. */
function windowsAt(params: WindowParams) {
  const operator = testOperator<Item, Bounds>(windowed, 'results', { params });
  let n = 0;
  return {
    operator,
    feed: (...times: readonly number[]) => {
      for (const at of times) operator.feed({ key: 'a', at, value: at, n: n++ }, { at });
    },
    shown: () => operator.emitted().map((row) => [row.windowStart, row.windowEnd, row.n] as const),
  };
}

/** Runs a flow of items of these times, one partition, and gives its outputs. */
function outputsOf(times: readonly number[], options: object, window = tumbling({ sizeMs: 100 })) {
  const flow = dataflow(import.meta.url, 'times', (builder) => {
    const items = builder
      .source(
        'items',
        generate({ key: t.string(), at: t.f64() }, (i) => ({ key: 'a', at: times[i] }), { count: times.length }),
      )
      .withEventTime('at', options);
    items.late.collect('late');
    return items.keyBy('key').window(window).aggregate('results', { n: count() }).collect('out');
  });
  let nowMs = 0;
  const job = LocalJob.of(flow, {}, { now: () => nowMs });
  const random = randomOf(times.length);
  job.run((below) => {
    nowMs += 1;
    return random(below);
  });
  const last = new Map(
    (job.tuples.get('out') as unknown as Bounds[]).map(({ windowStart, n }) => [windowStart, n] as const),
  );
  return {
    last: [...last].sort(([one], [other]) => one - other),
    late: (job.tuples.get('late') ?? []).map(({ at }) => at),
    letters: job.letters.map(({ error }) => error.code),
  };
}

test('a bound is taken off once, and what is equal to the watermark is on time', () => {
  const times = [150, 49, 50, 51, 300, 200, 199];
  const { late, last } = outputsOf(times, { outOfOrderMs: 100 });
  assert.deepEqual(late, [49, 199]);
  assert.deepEqual(last, [
    [0, 2],
    [100, 1],
    [200, 1],
    [300, 1],
  ]);
  assert.deepEqual(outputsOf([150, 30, 29], { outOfOrderMs: 100, allowedLatenessMs: 20 }).late, [29]);
  assert.deepEqual(outputsOf([5, 5, 5, 4], {}).late, [4]);
});

test('a window behind a window judges nothing again', () => {
  const times = [10, 250, 170, 320, 240, 1000];
  const flow = dataflow(import.meta.url, 'twice', (builder) =>
    builder
      .source(
        'items',
        generate({ key: t.string(), at: t.f64() }, (i) => ({ key: 'a', at: times[i] }), { count: times.length }),
      )
      .withEventTime('at', { outOfOrderMs: 80 })
      .keyBy('key')
      .window(tumbling({ sizeMs: 100 }))
      .aggregate('short', { n: count() })
      .keyBy('key')
      .window(tumbling({ sizeMs: 400 }))
      .aggregate('long', { windows: count(), items: sum('n') })
      .collect('out'),
  );
  const job = LocalJob.of(flow, {});
  job.run(randomOf(1));
  assert.deepEqual(job.tuples.get('out'), [
    { key: 'a', windowStart: 0, windowEnd: 400, windows: 4, items: 5 },
    { key: 'a', windowStart: 800, windowEnd: 1200, windows: 1, items: 1 },
  ]);
});

test('one tuple of a clock that is far ahead fails, and the others stay on time', () => {
  const times = [1, 2, Date.now() + 300 * 365 * 86_400_000, 3, 4];
  const { last, late, letters } = outputsOf(times, {});
  assert.deepEqual([last, late, letters], [[[0, 4]], [], ['BAD_TIME']]);
  // Without the bound it makes them late.
  assert.deepEqual(outputsOf(times, { maxAheadMs: Number.POSITIVE_INFINITY }).late, [3, 4]);
});

test('a jump of time costs by the windows that there are: also behind it, and for what is late', () => {
  for (const window of [
    { kind: 'tumbling', sizeMs: 1, offsetMs: 0 },
    { kind: 'sliding', sizeMs: 6, everyMs: 1, offsetMs: 0 },
  ] as const) {
    const { operator, feed, shown } = windowsAt({ window, allowedMs: Number.POSITIVE_INFINITY });
    feed(3, 8e15);
    operator.advanceWatermark(8.1e15);
    const size = window.sizeMs;
    assert.equal(shown().length, 2 * size);
    feed(3);
    assert.deepEqual(
      shown().map(([, , n]) => n),
      Array.from({ length: size }, () => 2),
    );
    feed(7e15);
    assert.equal(shown().length, size);
  }
});

test('windows before 1970 begin at or before their tuples, and close at their end', () => {
  for (const offsetMs of [0, 3, -3]) {
    const { operator, feed, shown } = windowsAt({ window: { kind: 'tumbling', sizeMs: 10, offsetMs } });
    const times = [-25, -20, -1, -0, 0, 9, 9.5];
    feed(...times);
    operator.advanceWatermark(-11);
    for (const [start, end] of shown()) assert.ok(end <= -11 && end - start === 10);
    operator.advanceWatermark(10 + offsetMs);
    const found = shown();
    for (const [start, end, n] of found) {
      assert.equal(n, times.filter((at) => at >= start && at < end).length);
      assert.equal(Math.abs((start - offsetMs) % 10), 0);
    }
    operator.end();
  }
  const { operator, feed, shown } = windowsAt({ window: { kind: 'tumbling', sizeMs: 10, offsetMs: 0 } });
  feed(-0, 0);
  operator.end();
  assert.deepEqual(shown(), [[0, 10, 2]]);
});

test('a step that does not divide the size puts a tuple in the windows that have it, and in no other', () => {
  for (const [sizeMs, everyMs, at] of [
    [5500, 5000, 513_040],
    [1600, 700, 1_792_000_000_123],
    [7, 3, 10],
  ]) {
    const { operator, feed, shown } = windowsAt({ window: { kind: 'sliding', sizeMs, everyMs, offsetMs: 0 } });
    feed(at);
    operator.end();
    const starts: number[] = [];
    for (let start = (Math.floor(at / everyMs) - 3) * everyMs; start <= at; start += everyMs)
      if (at < start + sizeMs) starts.push(start);
    assert.deepEqual(
      shown().map(([start]) => start),
      starts,
    );
  }
});

test('what comes at the end of the input has the latest time, and windows behind close', () => {
  for (const window of [tumbling({ sizeMs: 1000 }), sliding({ sizeMs: 600, everyMs: 200 }), session({ gapMs: 50 })]) {
    const flow = dataflow(import.meta.url, 'ends', (builder) =>
      builder
        .source(
          'items',
          generate({ key: t.u32(), at: t.f64() }, (i) => ({ key: i % 3, at: i }), { count: 9 }),
        )
        .withEventTime('at')
        .keyBy('key')
        .aggregate('totals', { n: count() })
        .map('all', { all: t.u8(), n: t.f64() }, ({ n }) => ({ all: 0, n }))
        .keyBy('all')
        .window(window as ReturnType<typeof tumbling>)
        .aggregate('results', { keys: count(), items: sum('n') })
        .collect('out'),
    );
    const job = LocalJob.of(flow, {});
    job.run(randomOf(2));
    const rows = job.tuples.get('out') as unknown as { windowStart: number; windowEnd: number; keys: number }[];
    assert.equal(rows.length, window.kind === 'sliding' ? 3 : 1);
    for (const { windowStart, windowEnd, keys } of rows) {
      assert.ok(windowStart <= LATEST_MS && windowEnd > LATEST_MS);
      assert.equal(keys, 3);
    }
    assert.deepEqual(job.letters, []);
  }
});

test('a session ends the gap after its last tuple: exactly there another begins, and it closes at that watermark', () => {
  const { operator, feed, shown } = windowsAt({ window: { kind: 'session', gapMs: 10 }, allowedMs: 5 });
  operator.advanceWatermark(0);
  feed(0);
  for (const [watermark, rows] of [
    [9, 0],
    [10, 1],
    [11, 0],
  ]) {
    operator.advanceWatermark(watermark);
    assert.equal(shown().length, rows, `at ${watermark}`);
  }
  feed(20, 30, 39.5);
  operator.end();
  assert.deepEqual(shown(), [
    [20, 30, 1],
    [30, 49.5, 2],
  ]);
});

test('a late tuple joins two sessions that have been given, and the one row replaces both', () => {
  const { operator, feed, shown } = windowsAt({ window: { kind: 'session', gapMs: 20 }, allowedMs: 100 });
  operator.advanceWatermark(0);
  feed(0, 12, 50);
  operator.advanceWatermark(80);
  assert.deepEqual(shown(), [
    [0, 32, 2],
    [50, 70, 1],
  ]);
  operator.restart();
  feed(31);
  assert.deepEqual(shown(), [[0, 70, 4]]);
  operator.end();
  assert.deepEqual(shown(), []);
  assert.deepEqual(operator.state.entries(), []);
});

test('sessions with changes: each merge gives the whole session, and nothing of those that are gone comes behind it', () => {
  const { operator, feed, shown } = windowsAt({ window: { kind: 'session', gapMs: 100 }, emit: 'changes' });
  feed(0, 180, 360);
  shown();
  operator.restart();
  feed(90);
  assert.deepEqual(shown(), [[0, 280, 3]]);
  feed(270);
  assert.deepEqual(shown(), [[0, 460, 5]]);
  operator.end();
  assert.deepEqual(shown(), []);
});

test('a window of counts speaks at its last tuple, and a key that waits for nothing has no row', () => {
  const { operator, feed } = windowsAt({ window: { kind: 'count', size: 3, every: 3, rest: false } });
  feed(1, 2);
  operator.restart();
  assert.deepEqual(operator.emitted(), []);
  feed(3);
  assert.equal(operator.emitted().length, 1);
  assert.deepEqual(operator.state.entries(), []);
});

test('results of windows of counts have the time of their last tuple, so windows of time may follow', () => {
  const flow = dataflow(import.meta.url, 'counts-then-time', (builder) =>
    builder
      .source(
        'items',
        generate({ key: t.u8(), at: t.f64() }, (i) => ({ key: 1, at: i * 10 }), { count: 9 }),
      )
      .withEventTime('at')
      .keyBy('key')
      .window(countWindow({ size: 2 }))
      .aggregate('pairs', { n: count() })
      .keyBy('key')
      .window(tumbling({ sizeMs: 40 }))
      .aggregate('results', { pairs: count() })
      .collect('out'),
  );
  const job = LocalJob.of(flow, {});
  job.run(randomOf(3));
  assert.deepEqual(job.tuples.get('out'), [
    { key: 1, windowStart: 0, windowEnd: 40, pairs: 2 },
    { key: 1, windowStart: 40, windowEnd: 80, pairs: 2 },
  ]);
});

test('a stream of which all is dropped carries time on: what it is merged with fires while both are open', () => {
  const shape = { key: t.u8(), at: t.f64() };
  const made = (i: number) => ({ key: 1, at: i });
  const flow = dataflow(import.meta.url, 'dry', (builder) => {
    const dry = builder
      .source('dry', generate(shape, made, { count: 100_000 }))
      .withEventTime('at')
      .filter('nothing', () => false);
    return builder
      .source('busy', generate(shape, made, { count: 100_000 }))
      .withEventTime('at')
      .merge(dry)
      .keyBy('key')
      .window(tumbling({ sizeMs: 100 }))
      .aggregate('results', { n: count() })
      .collect('out');
  });
  const job = LocalJob.of(flow, {});
  const random = randomOf(4);
  let given = 0;
  job.run((below) => {
    if (job.alive.some(({ name }) => name === 'dry')) given = job.tuples.get('out')?.length ?? 0;
    return random(below);
  });
  assert.equal(job.tuples.get('out')?.length, 1000);
  // How many depends on how fast the machine is, which sizes batches.
  assert.ok(given > 10, `${given} windows while both are open`);
});

test('nothing fires before the slowest of three sources has come there, and what it still gives is on time', () => {
  const shape = { key: t.u8(), at: t.f64() };
  const flow = dataflow(import.meta.url, 'three', (builder) => {
    const of = (name: string, count_: number, at: (i: number) => number) =>
      builder
        .source(
          name,
          generate(shape, (i) => ({ key: 1, at: at(i) }), { count: count_ }),
        )
        .withEventTime('at');
    const fast = (i: number) => i * 10;
    return of('a', 1000, fast)
      .merge(
        of('b', 1000, fast),
        of('c', 2, (i) => 10 + i * 10),
      )
      .keyBy('key')
      .window(tumbling({ sizeMs: 100 }))
      .aggregate('results', { n: count() })
      .collect('out');
  });
  for (const seed of [1, 2, 3]) {
    const job = LocalJob.of(flow, { lingerMs: 0 });
    const random = randomOf(seed);
    let early = 0;
    job.run((below) => {
      if (job.alive.some(({ name }) => name === 'c')) early = job.tuples.get('out')?.length ?? 0;
      return random(below);
    });
    assert.equal(early, 0);
    const rows = job.tuples.get('out') as unknown as Bounds[];
    assert.deepEqual([rows.length, rows[0].n], [100, 22]);
  }
});

test('extremes of a window are empty, and not a sentinel, if all its values are; its sum is 0', () => {
  const flow = dataflow(import.meta.url, 'empty-values', (builder) =>
    builder
      .source('items', push({ key: t.u8(), at: t.f64(), v: t.optional(t.f64()) }))
      .withEventTime('at')
      .keyBy('key')
      .window(sliding({ sizeMs: 20, everyMs: 10 }))
      .aggregate('results', { least: min('v'), greatest: max('v'), total: sum('v') })
      .collect('out'),
  );
  const results = testOperator(flow, 'results');
  for (const [at, v] of [
    [5, null],
    [15, Number.NEGATIVE_INFINITY],
    [38, null],
  ] as const)
    results.feed({ key: 1, at, v }, { at });
  results.end();
  const none = { least: null, greatest: null, total: 0 };
  const infinite = { least: -Infinity, greatest: -Infinity, total: -Infinity };
  assert.deepEqual(results.emitted(), [
    { key: 1, windowStart: -10, windowEnd: 10, ...none },
    { key: 1, windowStart: 0, windowEnd: 20, ...infinite },
    { key: 1, windowStart: 10, windowEnd: 30, ...infinite },
    { key: 1, windowStart: 20, windowEnd: 40, ...none },
    { key: 1, windowStart: 30, windowEnd: 50, ...none },
  ]);
});

test('a window takes no NaN along from the one before: nothing is subtracted', () => {
  const flow = dataflow(import.meta.url, 'no-retraction', (builder) =>
    builder
      .source('items', push({ key: t.u8(), at: t.f64(), v: t.f64() }))
      .withEventTime('at')
      .keyBy('key')
      .window(sliding({ sizeMs: 20, everyMs: 10 }))
      .aggregate('results', { total: sum('v') })
      .collect('out'),
  );
  const results = testOperator<object, { total: number }>(flow, 'results');
  for (const [at, v] of [
    [5, Number.NaN],
    [15, 1e300],
    [25, 1],
    [35, 2],
  ] as const)
    results.feed({ key: 1, at, v }, { at });
  results.end();
  assert.deepEqual(
    results.emitted().map(({ total }) => total),
    [Number.NaN, Number.NaN, 1e300, 3, 2],
  );
});

test('what is no window, and windows where there is no event time, are typed errors', () => {
  for (const make of [
    () => tumbling({ sizeMs: 0 }),
    () => tumbling({ sizeMs: Number.NaN }),
    () => tumbling({ sizeMs: 1e-9 }),
    () => tumbling({ sizeMs: Number.POSITIVE_INFINITY }),
    () => tumbling({ sizeMs: 2 ** 53 }),
    () => sliding({ sizeMs: 10, everyMs: 11 }),
    () => sliding({ sizeMs: 10, everyMs: -1 }),
    () => session({ gapMs: 0 }),
    () => countWindow({ size: 0 }),
    () => countWindow({ size: 2, every: 3 }),
    () => tumbling({ sizeMs: 10, timeZone: 'Europe/Berlin' } as never),
  ])
    thrown(make, 'BAD_OPTION');
  const of = (build: (stream: ReturnType<typeof keyed>) => unknown, isTimed: boolean) =>
    dataflow(import.meta.url, 'wrong', (builder) => {
      const stream = builder.source('items', push({ key: t.u8(), at: t.f64() }));
      return (
        build(keyed(isTimed ? stream.withEventTime('at') : stream)) as never as { collect(n: string): never }
      ).collect('out');
    });
  const keyed = (stream: { keyBy(name: 'key'): unknown }) =>
    stream.keyBy('key') as { window(given: unknown): { aggregate(name: string, aggregates: object): unknown } };
  for (const window of [tumbling({ sizeMs: 10 }), session({ gapMs: 10 })])
    thrown(
      () =>
        testOperator(
          of((stream) => stream.window(window).aggregate('r', { n: count() }), false),
          'r',
        ),
      'NO_EVENT_TIME',
    );
  testOperator(
    of((stream) => stream.window(countWindow({ size: 2 })).aggregate('r', { n: count() }), false),
    'r',
  );
  thrown(
    () =>
      testOperator(
        of((stream) => stream.window({ sizeMs: 5 }).aggregate('r', { n: count() }), true),
        'r',
      ),
    'BAD_OPTION',
  );
  thrown(
    () =>
      testOperator(
        of((stream) => stream.window(tumbling({ sizeMs: 5 })).aggregate('r', { windowStart: count() }), true),
        'r',
      ),
    'BAD_FLOW',
  );
});

test('days are of fixed lengths: over a change of the clocks each tuple is in one, and a time zone is refused', () => {
  const dayMs = 86_400_000;
  // Midnight of winter in Berlin. The night of 28 to 29 March 2026 has 23 hours there, that of 24 to 25 October 25.
  const offsetMs = -3_600_000;
  for (const from of [Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24)]) {
    const { operator, feed } = windowsAt({ window: { kind: 'tumbling', sizeMs: dayMs, offsetMs } });
    const times = Array.from({ length: 3 * 48 }, (_, i) => from + i * 1_800_000);
    feed(...times);
    operator.end();
    const days = operator.emitted();
    assert.equal(
      days.reduce((sum, { n }) => sum + n, 0),
      times.length,
    );
    for (const { windowStart, windowEnd, n } of days) {
      assert.deepEqual([windowEnd - windowStart, (windowStart - offsetMs) % dayMs], [dayMs, 0]);
      assert.equal(n, times.filter((at) => windowStart <= at && at < windowEnd).length);
    }
  }
  const zoned = { sizeMs: dayMs, timeZone: 'Europe/Berlin' } as { sizeMs: number };
  thrown(() => tumbling(zoned), 'BAD_OPTION');
});
