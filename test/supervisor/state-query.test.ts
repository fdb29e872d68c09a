// Goal: the app reads committed rows at any time: of a busy owner, of a lingering one, between a death and the adoption, and
// after the job; never a row that is half a transaction.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobState } from '../../src/index.ts';
import { type CrashingParams, crashing } from '../kit/flows/crashing.ts';
import { armed } from '../kit/flows/traps.ts';
import { noThreadLeft, rejection, start, TIMEOUT, thrown, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

interface Row {
  count: number;
  last: string;
  thirds: { third: number; times: number }[];
}

const keys = 20;

/** Fails unless a row is what some whole number of tuples of its key has made of it. */
function assertWhole(key: number, { count, last, thirds }: Row): void {
  assert.equal(Number(last), key + (count - 1) * keys, `key ${key} after ${count} tuples`);
  assert.equal(
    thirds.reduce((sum, { times }) => sum + times, 0),
    count,
  );
}

async function startCounting(count: number, options: { lingerMs?: number; parallelism?: number; rate?: number } = {}) {
  const { lingerMs = 0, parallelism = 1, rate: ratePerSecond } = options;
  const params = armed<CrashingParams>({ count, keys, parallelism, ...(ratePerSecond && { ratePerSecond }) });
  const job = (await start(crashing, { params, workers: 2, lingerMs })) as unknown as Job;
  const read = tuplesOf(job.output('out'));
  return { job, read, state: job.state<Row>('count') };
}

async function allOf(state: JobState<Row>): Promise<Map<number, Row>> {
  const rows = new Map<number, Row>();
  for await (const { key, value } of state.entries()) {
    assert.ok(!rows.has(key.key as number), 'a key comes once');
    rows.set(key.key as number, value);
  }
  return rows;
}

for (const parallelism of [1, 3]) {
  test(`rows of a busy job, ${parallelism} replicas: each whole, none going back`, TIMEOUT, async () => {
    const { job, read, state } = await startCounting(6000, { parallelism, rate: 10_000 });
    const seen = new Map<number, number>();
    for (let i = 0; i < 40; i++) {
      const key = i % keys;
      const row = await state.get(key);
      if (row !== undefined) {
        assertWhole(key, row);
        assert.ok(row.count >= (seen.get(key) ?? 0));
        seen.set(key, row.count);
      }
      for (const [each, value] of await allOf(state)) assertWhole(each, value);
    }
    await read;
    await job.done;
    assert.ok(seen.size > 0);
    const rows = await allOf(state);
    assert.equal(rows.size, keys);
    for (const [key, row] of rows) {
      assertWhole(key, row);
      assert.equal(row.count, 6000 / keys);
    }
    assert.equal(await state.get(keys), undefined);
  });
}

test('while workers are killed', TIMEOUT, async () => {
  const { job, read, state } = await startCounting(8000, { rate: 8000 });
  let kills = 0;
  job.on('recovered', () => {
    kills++;
  });
  // A busy machine may not start three threads before the stream ends, and answers of an ended job take no turn of the event loop.
  let hasEnded = false;
  void job.done.finally(() => {
    hasEnded = true;
  });
  const killing = (async () => {
    while (kills < 3 && !hasEnded) {
      await sleep(60);
      const host = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'count'));
      if (host === undefined) continue;
      const before = kills;
      await job.killWorker(host.worker);
      // Killed again before it has recovered it would never come to three.
      await until(() => kills > before || hasEnded, 'a recovery', 40_000);
    }
  })();
  let least = 0;
  let answers = 0;
  while (kills < 3 && !hasEnded) {
    const row = await state.get(7);
    if (row === undefined) continue;
    assertWhole(7, row);
    assert.ok(row.count >= least, 'a commit is never undone');
    least = row.count;
    answers++;
  }
  assert.ok(answers > 0);
  await killing;
  await read;
  await job.done;
});

test('a long linger does not keep the app waiting', TIMEOUT, async () => {
  // Longer than a test may take.
  const { job, read, state } = await startCounting(300, { lingerMs: TIMEOUT.timeout, rate: 1000 });
  await sleep(100);
  const row = await state.get(3);
  if (row !== undefined) assertWhole(3, row);
  await job.stop();
  await read;
});

test('after a job has failed or was cancelled, what was committed can be read', TIMEOUT, async () => {
  const { job, read, state } = await startCounting(1_000_000, { rate: 10_000 });
  read.catch(() => {});
  await sleep(150);
  await job.cancel();
  await rejection(job.done, 'JOB_CANCELLED');
  for (const [key, row] of await allOf(state)) assertWhole(key, row);
});

test('names and keys are checked', TIMEOUT, async () => {
  const { job, read, state } = await startCounting(100);
  thrown(() => job.state('behind'), 'UNKNOWN_NAME');
  thrown(() => job.state('nobody'), 'UNKNOWN_NAME');
  await rejection(state.get('a text'), 'BAD_KEY');
  await rejection(state.get(), 'BAD_KEY');
  await rejection(state.get(1, 2), 'BAD_KEY');
  await read;
  await job.done;
});
