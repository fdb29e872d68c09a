// Goal: a file in ranges on real threads: workers die, replicas come and go and are moved while it is read; each record comes once, in
// order within its range, and so does each dead letter.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { inRanges, type RangeParams, textOf, textOfRecords } from '../kit/flows/ranges.ts';
import { noThreadLeft, start } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';
import { fileOf } from '../kit/temporary-files.ts';

const TIMEOUT = { timeout: 120_000 };
const RECORDS = 30_000;
const seed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

afterEach(noThreadLeft);

/** Kills a worker, or has ranges change hands. */
async function disturb(job: Job, random: (below: number) => number): Promise<void> {
  const what = random(3);
  const workers = job.workers().filter(({ state }) => state === 'active');
  // The job may have ended meanwhile, or all its workers may be about to be replaced.
  if (workers.length === 0) return;
  if (what === 0) await job.killWorker(workers[random(workers.length)].worker).catch(() => {});
  else if (what === 1) await job.scale('file', 1 + random(3)).catch(() => {});
  else await job.rebalance('file').catch(() => {});
}

for (const how of [
  { kind: 'csv', ranges: 5 },
  { kind: 'lines', ranges: 8 },
] as const) {
  test(
    `a file in ${how.ranges} ranges (${how.kind}), while workers die and replicas come and go`,
    TIMEOUT,
    async (context) => {
      context.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
      const random = randomOf(seed);
      const text = textOfRecords(RECORDS);
      const params: RangeParams = { ...how, path: fileOf(text), parallelism: { start: 2, max: 3 }, chunkBytes: 2000 };
      const options = { params, workers: 2, maxWorkers: 3, ringBytes: 1 << 14, supervision: { intensity: 1e6 } };
      const job = (await start(inRanges, options)) as unknown as Job;
      const letters: number[] = [];
      const readLetters = async (): Promise<void> => {
        for await (const { tuple } of job.deadLetters) letters.push(Number((tuple as { text: string }).text.slice(4)));
      };
      const reading = readLetters();
      const tuples: Record<string, unknown>[] = [];
      let next = RECORDS / 10;
      let disturbing = Promise.resolve();
      for await (const tuple of job.output('out')) {
        tuples.push(tuple as Record<string, unknown>);
        if (tuples.length < next) continue;
        next += RECORDS / 10;
        disturbing = disturbing.then(() => disturb(job, random));
      }
      await disturbing;
      await job.done;
      await reading;
      if (how.kind === 'lines') {
        const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
        lines.pop();
        assert.deepEqual(tuples.map(({ line }) => line).sort(), lines.sort());
        return;
      }
      const numbers = tuples.map(({ n }) => Number(n));
      const all = Array.from({ length: RECORDS }, (_, n) => n);
      assert.deepEqual(
        numbers.toSorted((one, other) => one - other),
        all.filter((n) => n % 10 !== 9),
      );
      assert.deepEqual(
        letters.sort((one, other) => one - other),
        all.filter((n) => n % 10 === 9),
      );
      for (const { n, text: cell } of tuples) assert.equal(cell, textOf(Number(n)));
      // Where a record does not come behind the one before it, another range has come between.
      const indexOf = new Map(numbers.map((n, index) => [n, index]));
      const breaks = numbers.filter((n) => (indexOf.get(n + 1) ?? Number.POSITIVE_INFINITY) < (indexOf.get(n) ?? 0));
      assert.ok(breaks.length < how.ranges, `${breaks.length} records come before those in front of them`);
    },
  );
}
