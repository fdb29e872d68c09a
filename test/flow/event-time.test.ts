// Goal: time goes by what has been read, and by nothing else: not by which source has news, nor by how long one takes, nor by what a
// filter leaves; one clock that is wrong does not carry it away; at the end all that waits for it comes once, in order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { simulate } from '../../src/testing.ts';
import { ending, interleaved, LATEST_MS, timed, timeline } from '../kit/flows/event-time.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

const YEAR_MS = 365.25 * 86_400_000;
const CALM = { seed: 1, crashes: 0, params: {} } as const;

interface Closed {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly tuples: number;
  readonly sum: number;
}

const at = (...times: readonly number[]) => times.map((ms) => ({ key: 'k', at: ms }));
const range = (from: number, to: number, stepMs = 1): number[] =>
  Array.from({ length: to - from }, (_, i) => (from + i) * stepMs);
const shown = (closed: readonly Closed[]): string[] =>
  closed.map(({ key, windowStart, windowEnd, tuples }) => `${key} [${windowStart}, ${windowEnd}): ${tuples}`);

test('windows before 1970 close at their ends, in order', async () => {
  const { outputs } = await simulate(timeline, { ...CALM, inputs: { a: at(-250, -201, -200, -0.5, 0, 99.5, 100) } });
  assert.deepEqual(shown(outputs.closed as Closed[]), [
    'k [-300, -200): 2',
    'k [-200, -100): 1',
    'k [-100, 0): 1',
    'k [0, 100): 2',
    'k [100, 200): 1',
  ]);
});

for (const { name, window } of [
  { name: 'tumbling', window: { sizeMs: 1000 } },
  { name: 'sliding', window: { sizeMs: 60_000, everyMs: 1000 } },
]) {
  const inputs = {
    a: at(...range(0, 200, 1000), Date.now() + 300 * YEAR_MS, ...range(200, 1000, 1000)),
  };
  const windows = name === 'tumbling' ? 1000 : 1059;

  test(`a clock that is 300 years ahead is left out, and carries nothing away: ${name}`, async () => {
    const { outputs, deadLetters } = await simulate(timeline, { ...CALM, params: window, inputs });
    assert.equal(outputs.closed.length, windows);
    assert.deepEqual(
      deadLetters.map(({ operator, error }) => [operator, (error as { code?: string }).code]),
      [['a-time', 'BAD_TIME']],
    );
  });

  test(`without a bound all that follows is late, and the years cost nothing: ${name}`, async () => {
    for (const allowedLatenessMs of [0, 10 * YEAR_MS]) {
      const params = { ...window, maxAheadMs: Number.POSITIVE_INFINITY, allowedLatenessMs };
      const result = await simulate(timeline, { ...CALM, params, inputs });
      const { closed, late } = result.outputs as { closed: Closed[]; late?: unknown[] };
      assert.equal(late?.length, 800);
      assert.equal(closed.length, name === 'tumbling' ? 201 : 259 + 60);
    }
  });
}

test('nothing is late that may be as late as it likes, though years lie between', async () => {
  const params = {
    sizeMs: 1000,
    maxAheadMs: Number.POSITIVE_INFINITY,
    allowedLatenessMs: Number.POSITIVE_INFINITY,
  };
  const inputs = { a: at(...range(0, 20, 1000), Date.now() + 300 * YEAR_MS, ...range(0, 20, 1000)) };
  const { outputs } = await simulate(timeline, { ...CALM, params, inputs });
  const last = new Map((outputs.closed as Closed[]).map((row) => [row.windowStart, row.tuples]));
  assert.deepEqual([...last.values()].sort(), [1, ...range(0, 20).map(() => 2)]);
});

for (const kind of ['tumbling', 'session'] as const) {
  for (const combine of [false, true]) {
    test(`what keys leave at the end has a window of its own: ${kind}${combine ? ', combined' : ''}`, async () => {
      const inputs = { a: [5, 6].map((ms) => ({ key: 1, at: ms })) };
      const { outputs, deadLetters } = await simulate(ending, { ...CALM, params: { kind, combine }, inputs });
      assert.deepEqual(deadLetters, []);
      assert.deepEqual(
        (outputs.closed as unknown as Closed[]).map(({ windowStart, tuples }) => [windowStart, tuples]),
        [
          [kind === 'session' ? 5 : 0, 2],
          [LATEST_MS, 1],
        ],
      );
    });
  }
}

interface Fired {
  readonly key: number;
  readonly name: string;
  readonly atMs: number;
  readonly tuples: number;
}

const order = (at: number, timer: number, name = '', key = 1) => ({ key, at, timer, name });

test('timers of a key come in the order of time, those set on the way included', async () => {
  const inputs = {
    a: [
      order(0, 1000),
      order(1, 100, '150: sets one between'),
      order(2, 200, '200: sets one for now'),
      order(99, 5000, 'late'),
      order(100, 5001, 'later'),
    ],
  };
  const { outputs } = await simulate(timed, { ...CALM, inputs });
  assert.deepEqual(
    (outputs.fired as Fired[]).map(({ name, atMs }) => `${atMs} ${name}`),
    [
      '100 150: sets one between',
      '150 set',
      '200 200: sets one for now',
      '200 set',
      '1000 ',
      '5000 late',
      '5001 later',
    ],
  );
});

test('a timer whose closure throws is a dead letter, in the middle and at the end; the others fire', async () => {
  const orders = range(0, 40).map((n) => order(n * 10, n * 10 + 5, n % 3 === 0 ? `fails${n}` : `t${n}`, n % 4));
  for (const seed of range(0, 6)) {
    const { outputs, deadLetters } = await simulate(timed, {
      seed,
      params: { parallelism: 2 },
      inputs: { a: [...orders, order(395, 10_000, 'fails')] },
    });
    assert.equal(deadLetters.length, orders.length - (outputs.fired as Fired[]).length + 1, `seed ${seed}`);
    const failed = deadLetters.map(({ key, error }) => `${key} ${error.message}`);
    for (const letter of failed) assert.match(letter, /^(\d+) the timer of \1 fails$/);
    const names = (outputs.fired as Fired[]).map(({ name }) => name).sort();
    assert.deepEqual(
      names,
      orders
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('fails'))
        .sort(),
    );
  }
});

/** What has come of an output so far. */
function gather<Tuple>(job: Job, output: string): Tuple[] {
  const seen: Tuple[] = [];
  const reading = (async () => {
    for await (const tuple of job.output(output)) seen.push(tuple as Tuple);
  })();
  reading.catch(() => {});
  return seen;
}

/** Pushes into an input, one after the other. */
async function pushAll(job: Job, input: string, tuples: readonly { key: string; at: number }[]): Promise<void> {
  for (const tuple of tuples) await job.input(input).push(tuple);
}

test(
  'a timer is due as soon as time has come to it, not before, and never before what has set it',
  TIMEOUT,
  async () => {
    const job = (await start(timed, { workers: 1, lingerMs: 0, params: {} })) as unknown as Job;
    const fired = gather<Fired>(job, 'fired');
    const push = async (tuple: ReturnType<typeof order>, then: readonly string[]): Promise<void> => {
      await job.input('a').push(tuple);
      await until(
        () => job.reading().operators.find(({ name }) => name === 'timers')?.tuplesIn === pushed + 1,
        'a tuple',
      );
      await until(() => fired.length >= then.length, `${then}`);
      assert.deepEqual(
        fired.map(({ name, tuples }) => `${name} ${tuples}`),
        then,
      );
    };
    let pushed = 0;
    const count = (): void => void pushed++;
    await push(order(0, 100, 'removes'), []);
    count();
    await push(order(99, 10_000, 'x', 2), []);
    count();
    await push(order(100, 10_000, 'x', 2), ['removes 1']);
    count();
    // In the past, of a key that has begun anew.
    await push(order(101, 3, 'past'), ['removes 1', 'past 1']);
    job.input('a').end();
    await job.done;
    await until(() => fired.length === 3, 'the last one');
    await noThreadLeft();
  },
);

test('a source without news holds time back, from the first on, whatever happens to the others', TIMEOUT, async () => {
  const job = (await start(timeline, {
    workers: 2,
    lingerMs: 0,
    params: { sources: 3, parallelism: 2, combine: false },
  })) as unknown as Job;
  const closed = gather<Closed>(job, 'closed');
  const late = gather(job, 'late');
  // Nothing of c: that counts as before everything.
  await pushAll(job, 'a', at(...range(0, 100, 100)));
  await pushAll(job, 'b', at(...range(0, 100, 100)));
  await until(() => job.reading().operators.find(({ name }) => name === 'windows')?.tuplesIn === 200, 'all is read');
  assert.deepEqual(closed, []);
  await pushAll(job, 'c', at(10));
  await job.killWorker(0);
  job.input('a').end();
  await pushAll(job, 'c', at(20));
  await until(() => job.reading().operators.find(({ name }) => name === 'windows')?.tuplesIn === 202, 'all is read');
  assert.deepEqual(closed, []);
  job.input('b').end();
  job.input('c').end();
  await job.done;
  await until(() => closed.length === 100, 'all windows');
  assert.deepEqual(shown(closed.slice(0, 2)), ['k [0, 100): 4', 'k [100, 200): 2']);
  assert.deepEqual(late, []);
  await noThreadLeft();
});

test('windows close while the job runs, behind dry streams, and whatever replicas there are', TIMEOUT, async () => {
  const params = { isDry: true, parallelism: { max: 4 } };
  const job = (await start(timeline, { workers: 2, maxWorkers: 4, lingerMs: 0, params })) as unknown as Job;
  const closed = gather<Closed>(job, 'closed');
  let pushed = 0;
  for (const replicas of [1, 4, 2]) {
    await job.scale('windows', replicas);
    await pushAll(job, 'a', at(...range(pushed, pushed + 5, 100)));
    pushed += 5;
    // The last one is open.
    await until(() => closed.length === pushed - 1, `windows with ${replicas} replicas`);
  }
  job.input('a').end();
  await job.done;
  await until(() => closed.length === pushed, 'the last window');
  assert.deepEqual(
    shown(closed),
    range(0, pushed, 100).map((ms) => `k [${ms}, ${ms + 100}): 1`),
  );
  await noThreadLeft();
});

for (const stops of [false, true]) {
  test(
    `a source that ends at once holds nothing back; ${stops ? 'a stop' : 'the end'} is the end of time`,
    TIMEOUT,
    async () => {
      const params = { sources: 2, sizeMs: 1000 };
      const job = (await start(timeline, { workers: 2, lingerMs: 0, params })) as unknown as Job;
      const closed = gather<Closed>(job, 'closed');
      job.input('a').end();
      await pushAll(job, 'b', at(...range(0, 1100)));
      await until(() => closed.length === 1, 'the first window');
      if (stops) await job.stop();
      else job.input('b').end();
      await job.done;
      await until(() => closed.length === 2, 'the last window');
      assert.deepEqual(shown(closed), ['k [0, 1000): 1000', 'k [1000, 2000): 100']);
      await noThreadLeft();
    },
  );
}

for (const idleAfterMs of [undefined, 50]) {
  test(
    `what is held up is not late: back-pressure, hand-overs, a worker that dies; idle after ${idleAfterMs}`,
    TIMEOUT,
    async () => {
      const tuples = 6000;
      const params = { count: tuples, parallelism: { max: 3 }, ...(idleAfterMs !== undefined && { idleAfterMs }) };
      const job = (await start(interleaved, { workers: 2, ringBytes: 4096, lingerMs: 0, params })) as unknown as Job;
      const late = tuplesOf(job.output('late'));
      const closed: Closed[] = [];
      // Not awaited here: a hand-over waits for what is held up.
      const changes: Promise<unknown>[] = [];
      for await (const row of job.output('closed')) {
        closed.push(row as Closed);
        // Slow, so that all rings are full.
        if (closed.length % 50 === 0)
          await new Promise((resolve) => setTimeout(resolve, idleAfterMs === undefined ? 10 : 3 * idleAfterMs));
        if (closed.length === 60) changes.push(job.scale('relay', 3));
        if (closed.length === 120) await job.killWorker(0);
        if (closed.length === 180) changes.push(job.scale('relay', 1));
      }
      await Promise.all([job.done, ...changes]);
      assert.deepEqual(await late, []);
      assert.equal(
        closed.reduce((sum, { tuples: own }) => sum + own, 0),
        tuples,
      );
      assert.equal(closed.length, (tuples / 100) * 7);
      const ends = new Map<string, number>();
      for (const { key, windowEnd } of closed) {
        assert.ok((ends.get(key) ?? 0) < windowEnd, `window ${windowEnd} of ${key} comes once, in order`);
        ends.set(key, windowEnd);
      }
      await noThreadLeft();
    },
  );
}

test(
  'thousands of keys whose windows end at one time, and a worker that dies meanwhile: each comes once',
  TIMEOUT,
  async () => {
    const keys = 5000;
    const job = (await start(timeline, { workers: 2, lingerMs: 0, params: { parallelism: 2 } })) as unknown as Job;
    for (let n = 0; n < keys; n++) await job.input('a').push({ key: `k${n}`, at: 50 });
    await job.input('a').push({ key: 'other', at: 150 });
    const seen = new Map<string, number>();
    for await (const { key } of job.output('closed') as AsyncIterable<Closed>) {
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (seen.size === 100) await job.killWorker(1);
      if (seen.size === keys) job.input('a').end();
    }
    await job.done;
    assert.equal(seen.size, keys + 1);
    assert.deepEqual(
      [...seen.values()].filter((count) => count !== 1),
      [],
    );
    await noThreadLeft();
  },
);
