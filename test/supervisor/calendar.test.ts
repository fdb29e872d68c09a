// Goal: on real threads the days of a time zone have each item once, and come once, while replicas change and workers die.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { disturb } from '../kit/disturb.ts';
import { type DaysParams, days, timeOf } from '../kit/flows/days.ts';
import { noThreadLeft, start, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const seed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

afterEach(noThreadLeft);

test('days with 23 hours among them, while workers die', { timeout: 120_000 }, async (context) => {
  context.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
  const params: DaysParams = {
    timeZone: 'Europe/Berlin',
    count: 20_000,
    fromMs: Date.parse('2026-03-22T00:00Z'),
    ratePerSecond: 25_000,
    parallelism: { start: 2, max: 4 },
  };
  const options = { params, workers: 2, maxWorkers: 3, supervision: { intensity: 1e6 } };
  const job = (await start(days, options)) as unknown as Job;
  const disturbing = disturb(job, randomOf(seed));
  let times = 0;
  let rows: readonly { key: number; windowStart: number; n: number }[] = [];
  try {
    rows = (await tuplesOf(job.output('out'))) as never;
  } finally {
    times = await disturbing.stop();
  }
  await job.done;
  assert.ok(times > 0);
  const format = new Intl.DateTimeFormat('en', { timeZone: params.timeZone, dateStyle: 'full' });
  const expected = new Map<string, number>();
  for (let i = 0; i < params.count; i++) {
    const name = `${i % 8} on ${format.format(timeOf(i, params))}`;
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  const sorted = (all: Iterable<readonly [string, number]>) => [...all].map(([name, n]) => `${name}: ${n}`).sort();
  assert.deepEqual(
    sorted(rows.map(({ key, windowStart, n }) => [`${key} on ${format.format(windowStart)}`, n])),
    sorted(expected),
  );
});
