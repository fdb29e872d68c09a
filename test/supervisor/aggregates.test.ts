// Goal: tuples that are combined in batches of hundreds of thousands are counted once on real threads, too: while workers die,
// replicas of the source come and go, and a tuple in the middle of such a batch throws or ends its worker.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import { type CombiningParams, combining } from '../kit/flows/combining.ts';
import { noThreadLeft, start } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const TIMEOUT = { timeout: 120_000 };
const KEYS = 1000;
const seed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

afterEach(noThreadLeft);

/** Every number but those left out is in its key's count and sum, once. */
async function assertTotals(job: Job, count: number, leftOut: readonly number[] = []): Promise<void> {
  let keys = 0;
  for await (const tuple of job.output('out')) {
    const { key, n, sum } = tuple as { key: number; n: number; sum: number };
    const all = Math.floor((count - 1 - key) / KEYS) + 1;
    const missing = leftOut.filter((i) => i % KEYS === key);
    const total = all * key + (KEYS * all * (all - 1)) / 2 - missing.reduce((so, i) => so + i, 0);
    assert.deepEqual({ key, n, sum }, { key, n: all - missing.length, sum: total });
    keys++;
  }
  assert.equal(keys, KEYS);
}

test(
  'counts of combined tuples, while workers die and replicas of the source come and go',
  TIMEOUT,
  async (context) => {
    context.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
    const random = randomOf(seed);
    const params: CombiningParams = { count: 8_000_000, keys: KEYS };
    const options = { params, workers: 2, maxWorkers: 3, supervision: { intensity: 1e6 } };
    const job = (await start(combining, options)) as unknown as Job;
    let isOver = false;
    const disturb = async (): Promise<void> => {
      while (!isOver) {
        await setTimeout(random(200));
        const workers = job.workers().filter(({ state }) => state === 'active');
        const what = random(3);
        if (what === 0 && workers.length > 0)
          await job.killWorker(workers[random(workers.length)].worker).catch(() => {});
        else if (what === 1) await job.scale('numbers', 1 + random(3)).catch(() => {});
        else await job.rebalance('numbers').catch(() => {});
      }
    };
    const disturbing = disturb();
    await assertTotals(job, params.count);
    isOver = true;
    await disturbing;
    await job.done;
  },
);

for (const by of ['throw', 'exit'] as const) {
  const does = by === 'throw' ? 'throws' : 'ends its worker';
  test(`a tuple in the middle of a long batch that ${does} is a dead letter, and only that one`, TIMEOUT, async () => {
    const at = 300_001;
    const params: CombiningParams = { count: 1_000_000, keys: KEYS, poison: { at, by } };
    // With the supervision that holds by default.
    const job = (await start(combining, { params, workers: 2, maxWorkers: 3 })) as unknown as Job;
    const letters: string[] = [];
    const readLetters = async (): Promise<void> => {
      for await (const { operator, error } of job.deadLetters)
        letters.push(`${operator} ${(error as { code?: string }).code ?? error.name}`);
    };
    const reading = readLetters();
    await assertTotals(job, params.count, [at]);
    await job.done;
    await reading;
    assert.deepEqual(letters, [by === 'throw' ? 'keyed RangeError' : 'keyed TUPLE_KILLED_WORKER']);
  });
}
