// Goal: the pool follows use: replicas that join get their threads side by side, as many workers as were needed at once stay ready for a
// while and are let go later, and there are never more than may be.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { simulate } from '../../src/testing.ts';
import { counting } from '../kit/flows/elastic.ts';
import { elastic } from '../kit/flows/simulated.ts';
import { newOrders, UNLOADABLE, unloadable } from '../kit/flows/unloadable.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const count = (job: Job, state: string): number => job.workers().filter((worker) => worker.state === state).length;

test('no more threads start than there are actors, those that may join included', TIMEOUT, async () => {
  for (const { max, threads } of [
    { max: 1, threads: 3 },
    { max: 2, threads: 5 },
    { max: 9, threads: 6 },
  ]) {
    const params = { tuples: 1e9, keys: 1000, max, ratePerSecond: 1000 };
    const job = await start(counting, { params, workers: 6, spares: 0 });
    assert.equal(count(job, 'active'), threads);
    const told: number[] = [];
    job.on('started', ({ workers }) => void told.push(workers), { past: true });
    assert.deepEqual(told, [threads]);
    await job.cancel();
  }
});

test('replicas that join get their threads side by side', TIMEOUT, async () => {
  const params = { tuples: 1e9, keys: 1000, max: 4, ratePerSecond: 1000 };
  const job = await start(counting, { params, workers: 1, maxWorkers: 4, spares: 0 });
  const scaling = job.scale('count', 4);
  // Without a turn of the event loop nobody hears that a thread has loaded anything.
  for (let microtasks = 0; microtasks < 20; microtasks++) await undefined;
  assert.equal(count(job, 'starting'), 3);
  const { to } = await scaling;
  assert.equal(to, 4);
  const hosts = job.workers().filter(({ actors }) => actors.some(({ operator }) => operator === 'count'));
  // Each has one of its own; the first shares the only worker that there was.
  assert.equal(hosts.length, 4);
  await job.cancel();
});

test('spares that are ready are taken too, and each replica has a worker of its own', TIMEOUT, async () => {
  const params = { tuples: 1e9, keys: 1000, max: 5, ratePerSecond: 1000 };
  const job = await start(counting, { params, workers: 1, maxWorkers: 5, spares: 2 });
  await until(() => count(job, 'spare') === 2, 'two spares');
  await job.scale('count', 5);
  const replicas = job.workers().map(({ actors }) => actors.filter(({ operator }) => operator === 'count').length);
  assert.deepEqual(
    replicas.filter((here) => here > 0),
    [1, 1, 1, 1, 1],
  );
  await job.cancel();
});

test('replicas share workers when there may be no more', TIMEOUT, async () => {
  const params = { tuples: 1e9, keys: 1000, max: 4, ratePerSecond: 1000 };
  const job = await start(counting, { params, workers: 1, maxWorkers: 2, spares: 0 });
  const { to } = await job.scale('count', 4);
  assert.equal(to, 4);
  assert.equal(count(job, 'active'), 2);
  const replicas = job.workers().map(({ actors }) => actors.filter(({ operator }) => operator === 'count').length);
  assert.deepEqual(replicas, [2, 2]);
  await job.cancel();
});

test('as many spares as were needed at once are kept for a while, within the workers that there may be', async () => {
  for (const { maxWorkers, kept } of [
    { maxWorkers: 5, kept: 2 },
    { maxWorkers: 4, kept: 1 },
  ]) {
    const seen: number[] = [];
    await simulate(elastic, {
      seed: 1,
      crashes: 0,
      changes: 0,
      workers: 1,
      maxWorkers,
      spares: 0,
      params: { tuples: 200, ratePerSecond: 1 },
      app: async (job, sleep) => {
        const look = async (ms: number): Promise<void> => {
          await sleep(ms);
          seen.push(count(job, 'spare'));
        };
        await look(10);
        await job.scale('count', 3);
        // A surge comes first: they are hired a little later.
        await look(1);
        await look(3000);
        await job.scale('count', 1);
        await look(30_000);
        await look(60_000);
      },
    });
    assert.deepEqual(seen, [0, 0, kept, 2, 0], `at most ${maxWorkers} workers`);
  }
});

test('spares that were given back are let go after ten seconds if nobody had needed as many', async () => {
  const seen: number[] = [];
  await simulate(elastic, {
    seed: 2,
    crashes: 0,
    changes: 0,
    workers: 3,
    maxWorkers: 3,
    spares: 1,
    params: { tuples: 100, ratePerSecond: 1 },
    app: async (job, sleep) => {
      await sleep(5000);
      seen.push(count(job, 'spare'));
      await job.scale('count', 3);
      await job.scale('count', 1);
      await sleep(20_000);
      seen.push(count(job, 'spare'));
    },
  });
  assert.deepEqual(seen, [1, 1]);
});

test('no worker for one of two replicas: the other one joins, with its share, and both are told', TIMEOUT, async () => {
  const params = { orders: newOrders().buffer as SharedArrayBuffer, count: 1_000_000, perMs: 2 };
  const job = await start(unloadable, { params, workers: 2, maxWorkers: 4, spares: 1 });
  const changes: unknown[] = [];
  job.on('scaled', (event) => {
    changes.push([event.from, event.to, event.groups]);
  });
  const reading = tuplesOf(job.output('out'));
  await until(() => count(job, 'spare') === 1, 'a spare');
  process.env[UNLOADABLE] = 'yes';
  try {
    await rejection(job.scale('pass', 3), 'NO_SPARE');
  } finally {
    delete process.env[UNLOADABLE];
  }
  // A third of the groups, as if the other third had gone as well.
  assert.equal(changes.length, 1);
  const [[from, to, groups]] = changes as [[number, number, number]];
  assert.deepEqual([from, to], [1, 2]);
  assert.ok(groups === 85 || groups === 86, String(groups));
  await job.stop();
  const numbers = (await reading).map(({ n }) => n).sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    numbers.map((_, n) => n),
  );
});
