// Goal: key groups change owners while the flow runs at full speed, and nothing is lost, doubled or reordered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobEvent } from '../../src/index.ts';
import { calling, counting, type ElasticParams } from '../flows/elastic.ts';

type Counts = Awaited<ReturnType<typeof counting.run>>;

/** Runs the flow while `change` changes it, and checks that every key was counted right, by both operators. */
async function run(
  params: ElasticParams,
  workers: number,
  change: (job: Counts) => Promise<void>,
): Promise<JobEvent[]> {
  const job = await counting.run({ params, workers, spares: 0 });
  const events: JobEvent[] = [];
  job.on((event) => events.push(event));
  const changing = change(job);
  const counts = new Map<number, number>();
  for await (const { key, count, wrong } of job.output('counts')) {
    assert.equal(wrong, 0, `key ${key}`);
    assert.ok(!counts.has(key));
    counts.set(key, count);
  }
  await changing;
  await job.done;
  assert.equal(counts.size, params.keys);
  for (const [key, count] of counts) assert.equal(count, Math.ceil((params.tuples - key) / params.keys), `key ${key}`);
  return events;
}

const replicas = (job: Job, operator: string): number =>
  job.metrics().operators.find(({ name }) => name === operator)?.replicas.length ?? 0;

test('out and in again, at full speed', async () => {
  const events = await run({ tuples: 3_000_000, keys: 1000, max: 3 }, 2, async (job) => {
    assert.equal((await job.scale('count', 2)).to, 2);
    assert.equal(replicas(job, 'count'), 2);
    await job.scale('count', 3);
    assert.equal(replicas(job, 'count'), 3);
    await job.scale('check', 2);
    await job.scale('count', 1);
    assert.equal(replicas(job, 'count'), 1);
    await job.scale('check', 1);
  });
  assert.ok(events.filter(({ type }) => type === 'handOver').length >= 5);
});

test('a stateless operator whose order does not matter is shared without a key', async () => {
  const calls = 2000;
  const job = await calling.run({ params: { calls, max: 4, waitMs: 1 }, workers: 1, maxWorkers: 5, spares: 0 });
  const scaled = job.scale('call', 4);
  const seen = new Set<number>();
  for await (const { n } of job.output('answers')) seen.add(n);
  assert.equal(seen.size, calls);
  assert.equal((await scaled).to, 4);
  const shares = job
    .metrics()
    .operators.find(({ name }) => name === 'call')
    ?.replicas.map(({ tuplesIn }) => tuplesIn);
  assert.equal(shares?.length, 4);
  assert.ok(
    shares?.every((tuples) => tuples > 0),
    `${shares}`,
  );
  await job.done;
});
