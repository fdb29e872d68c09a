// Goal: sources with several partitions on real threads: their replicas come, go and are moved, and workers die, while the source
// is read; each partition's tuples come once and in order, and the stream ends when all partitions have.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobEvent, RunOptions } from '../../src/index.ts';
import { files, type PartitionedParams, partitioned } from '../kit/flows/partitioned.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { enlisted } from '../kit/readings.ts';
import { noThreadLeft, start } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const TIMEOUT = { timeout: 120_000 };
const firstSeed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

afterEach(noThreadLeft);

type Options = Omit<RunOptions<PartitionedParams>, 'params'>;
type Running = Awaited<ReturnType<typeof partitioned.run>>;

/** Runs the flow while `change` changes it. Each partition's tuples must come once and in order; returns how many came. */
async function run(
  params: PartitionedParams,
  options: Options,
  change: (job: Running, seen: readonly number[]) => Promise<unknown>,
): Promise<{ seen: readonly number[]; events: readonly JobEvent[] }> {
  const job = await start(partitioned, { params, supervision: { intensity: 1_000_000 }, ...options });
  const events: JobEvent[] = [];
  job.on('*', (event) => events.push(event), { past: true });
  const seen: number[] = new Array(params.partitions).fill(0);
  const leftOut = params.bad;
  const follow = async (): Promise<void> => {
    for await (const { partition, n } of job.output('all')) {
      if (partition === leftOut?.partition && seen[partition] === leftOut.n) seen[partition]++;
      assert.equal(n, seen[partition], `partition ${partition}`);
      seen[partition]++;
    }
  };
  const following = follow();
  const lasts = new Map<number, { next: number; wrong: number }>();
  const gather = async (): Promise<void> => {
    for await (const { partition, ...last } of job.output('last')) lasts.set(partition, last);
  };
  await Promise.all([following, gather(), change(job, seen)]);
  await job.done;
  for (const [partition, { next, wrong }] of lasts) {
    const isBad = partition === leftOut?.partition && seen[partition] > leftOut.n;
    assert.deepEqual({ next, wrong }, { next: seen[partition], wrong: isBad ? 1 : 0 }, `partition ${partition}`);
  }
  assert.equal(lasts.size, seen.filter((count) => count > 0).length);
  return { seen, events };
}

const replicasOf = (job: Job): number => enlisted(job, 'numbers');

/** Restarts a replica of the source on any worker. */
async function moveOne(job: Job, random: (below: number) => number): Promise<void> {
  const workers = job.workers().filter(({ state }) => state === 'active');
  const replicas = workers.flatMap(({ actors }) => actors).filter(({ operator }) => operator === 'numbers');
  const to = workers[random(workers.length)];
  const moved = replicas[random(replicas.length)];
  // One of the two may have been on a worker that dies.
  if (moved !== undefined) await job.move('numbers', moved.replica, to.worker).catch(() => {});
}

/** Resolves when every partition has given `more` tuples more. */
async function progress(seen: readonly number[], more: number): Promise<void> {
  const from = [...seen];
  while (seen.some((count, partition) => count < from[partition] + more)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const kind of ['read', 'generate'] as const) {
  test(`partitions of a source (${kind}) change hands while workers die`, TIMEOUT, async (context) => {
    const seed = firstSeed;
    context.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
    const random = randomOf(seed);
    const params = { partitions: 7, parallelism: { max: 4 }, kind };
    const { events } = await run(
      params,
      { workers: 2, maxWorkers: 4, spares: 1, ringBytes: 1 << 14 },
      async (job, seen) => {
        await progress(seen, 1);
        for (let i = 0; i < shortOrLong(8, 15); i++) {
          const replicas = 1 + random(4);
          const changing = i % 5 === 4 ? job.rebalance('numbers') : job.scale('numbers', replicas);
          if (i % 3 === 1) {
            const workers = job.workers().filter(({ state }) => state === 'active');
            const { worker } = workers[random(workers.length)];
            await job.killWorker(worker).catch(() => {});
          }
          const result = await changing;
          if (i % 5 !== 4) assert.equal(result.to, replicas);
          assert.equal(replicasOf(job), result.to);
          if (i % 4 === 2) await moveOne(job, random);
          await progress(seen, 10);
        }
        await job.stop();
      },
    );
    const count = (type: JobEvent['type']): number => events.filter((event) => event.type === type).length;
    assert.ok(count('handOver') > 0);
    assert.ok(count('crash') > 0);
    context.diagnostic(`${count('handOver')} hand-overs, ${count('crash')} crashes`);
  });
}

test('all replicas read until the last partition has ended', TIMEOUT, async () => {
  const counts = [3, 0, shortOrLong(4000, 20_000), 1, 1000];
  for (const parallelism of [1, 2, 5]) {
    const params: PartitionedParams = { partitions: 5, parallelism, counts, kind: 'read' };
    // With a worker for each actor nobody is woken for another's sake; nor by whoever looks for hangs.
    for (const workers of shortOrLong([parallelism + 2], [2, parallelism + 2])) {
      const { seen } = await run(params, { workers, spares: 0, hangTimeoutMs: 0 }, async () => {});
      assert.deepEqual(seen, counts);
    }
  }
  const dealt = await run({ partitions: 5, parallelism: 3, counts: [10_003], kind: 'generate' }, {}, async () => {});
  assert.deepEqual(dealt.seen, [2001, 2001, 2001, 2000, 2000]);
});

test('a replica whose partitions have ended takes over those of another', TIMEOUT, async () => {
  const params = { partitions: 2, parallelism: { start: 2, min: 1, max: 2 }, counts: [10], kind: 'read' } as const;
  await run(params, { workers: 2 }, async (job, seen) => {
    while (seen[0] < 10 || seen[1] === 0) await new Promise((resolve) => setImmediate(resolve));
    const { from, to, groups } = await job.scale('numbers', 1);
    assert.deepEqual({ from, to, groups }, { from: 2, to: 1, groups: 1 });
    const before = seen[1];
    while (seen[1] < before + 10) await new Promise((resolve) => setImmediate(resolve));
    await job.stop();
  });
});

for (const how of ['exit', 'hang', 'throw'] as const) {
  for (const [kind, where] of [
    ['read', 'map'],
    ['generate', 'map'],
    ['generate', 'make'],
  ] as const) {
    test(`a tuple of one partition that makes a thread ${how} is left out (${kind}, ${where})`, TIMEOUT, async () => {
      const bad = { partition: 2, n: 300, how, where };
      const counts = kind === 'read' ? [1000, 1000, 1000, 1000] : [4000];
      const params = { partitions: 4, parallelism: 2, counts, kind, bad };
      const options = { workers: 2, hangTimeoutMs: 400 };
      const { seen, events } = await run(params, options, async (job) => {
        const letters = [];
        for await (const letter of job.deadLetters) letters.push(letter);
        assert.equal(letters.length, 1);
        assert.equal(letters[0].operator, where === 'map' ? 'passed' : 'numbers');
        assert.deepEqual(letters[0].tuple, where === 'map' ? { partition: 2, n: 300 } : { index: 300 * 4 + 2 });
        assert.equal(letters[0].position, "position 300 of partition 2 of source 'numbers'");
      });
      assert.deepEqual(seen, [1000, 1000, 1000, 1000]);
      const crashes = events.filter(({ type }) => type === 'crash').length;
      assert.ok(how === 'throw' ? crashes === 0 : crashes >= 2);
    });
  }
}

test('a partition is closed by one replica before another opens it', TIMEOUT, async () => {
  const open = new Int32Array(new SharedArrayBuffer(6 * 4));
  const params = { partitions: 6, parallelism: { max: 3 }, kind: 'read', open } as const;
  await run(params, { workers: 3, ringBytes: 1 << 14 }, async (job, seen) => {
    for (const replicas of [3, 1, 2, 3, 1]) {
      assert.equal((await job.scale('numbers', replicas)).to, replicas);
      await progress(seen, 1);
    }
    await job.stop();
  });
  // What was opened twice at once stays marked; and all have been closed.
  assert.deepEqual([...open], [0, 0, 0, 0, 0, 0]);
});

test('files are partitions: each keeps its lines in order, whoever reads it', TIMEOUT, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-partitions-'));
  try {
    const counts = shortOrLong([10_000, 1, 0, 6000, 15_000], [40_000, 1, 0, 25_000, 60_000]);
    const paths = counts.map((count, file) => {
      const path = join(folder, `${file}.txt`);
      writeFileSync(path, Array.from({ length: count }, (_, line) => `${file} ${line}\n`).join(''));
      return path;
    });
    const job = await start(files, { params: { paths, parallelism: { max: 3 } }, workers: 2, ringBytes: 1 << 14 });
    const next = counts.map(() => 0);
    let scaledTo = 0;
    const scaling = job.scale('lines', 3).then(({ to }) => {
      scaledTo = to;
    });
    for await (const { line } of job.output('out')) {
      const [file, number] = line.split(' ').map(Number);
      assert.equal(number, next[file], `file ${file}`);
      next[file]++;
      // The ring is small, and hardly read meanwhile: the files have not ended.
      if (scaledTo === 0) await sleep(1);
    }
    await Promise.all([scaling, job.done]);
    assert.equal(scaledTo, 3);
    assert.deepEqual(next, counts);
    await assert.rejects(start(files, { params: { paths: [...paths, join(folder, 'no')], parallelism: { max: 3 } } }), {
      code: 'INPUT_FILE',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
