// Goal: on real threads each item is in one window of its key that triggers emit and purge, while replicas change and workers die.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { disturb } from '../kit/disturb.ts';
import { type TriggerParams, triggered } from '../kit/flows/triggered.ts';
import { itemOf } from '../kit/flows/windows.ts';
import { noThreadLeft, start, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const seed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

afterEach(noThreadLeft);

const ITEMS = { count: 20_000, partitions: 1, keys: 40, seed: 7, jitterMs: 0, ratePerSecond: 25_000 };

test('windows by count, by the clock and by items, while workers die', { timeout: 120_000 }, async (context) => {
  context.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
  const params: TriggerParams = {
    ...{ count: 50, everyMs: 30, divisor: 97, purge: true, rest: true, how: 'process', items: ITEMS },
    parallelism: { start: 2, max: 4 },
  };
  const options = { params, workers: 2, maxWorkers: 3, supervision: { intensity: 1e6 } };
  const job = (await start(triggered, options)) as unknown as Job;
  const disturbing = disturb(job, randomOf(seed));
  let times = 0;
  let rows: readonly { key: string; ns: string }[] = [];
  try {
    rows = (await tuplesOf(job.output('out'))) as never;
  } finally {
    times = await disturbing.stop();
  }
  await job.done;
  assert.ok(times > 0);
  const found = new Map<string, number[]>();
  for (const { key, ns } of rows) {
    const numbers = ns.split(',').map(Number);
    assert.ok(numbers.length <= 50);
    // What triggers is the last of its window.
    assert.ok(numbers.slice(0, -1).every((n) => n % 97 !== 0));
    found.set(key, [...(found.get(key) ?? []), ...numbers]);
  }
  const expected = new Map<string, number[]>();
  for (let i = 0; i < ITEMS.count; i++) {
    const { key } = itemOf(i, ITEMS);
    expected.set(key, [...(expected.get(key) ?? []), i]);
  }
  const sorted = (of: Map<string, number[]>) =>
    [...of].map(([key, ns]) => [key, ns.sort((one, other) => one - other).join()]).sort();
  assert.deepEqual(sorted(found), sorted(expected));
});
