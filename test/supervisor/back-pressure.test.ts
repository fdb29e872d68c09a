// Goal: rings bound what is under way: a fast source waits for a slow sink, and memory does not grow. And linger: commits wait for
// more tuples, yet no longer than they may.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cell, endless, endlessOutput, waiting } from '../kit/flows/control.ts';
import { inOneOf, noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

test('a fast source stays within the rings of a slow sink', TIMEOUT, async () => {
  const seen = new SharedArrayBuffer(16);
  const cells = new Int32Array(seen);
  const ringBytes = 1 << 14;
  const job = await start(endless, { params: { seen, sinkMs: 1 }, workers: 2, ringBytes });
  await until(() => Atomics.load(cells, Cell.processed) > 20, 'some tuples');
  let most = 0;
  for (let i = 0; i < 30; i++) {
    await sleep(10);
    most = Math.max(most, Atomics.load(cells, Cell.made) - Atomics.load(cells, Cell.processed));
  }
  // A u32 tuple takes at least 4 bytes; there are three rings on the way, and what overflowed of one batch of each actor.
  const ringTuples = ringBytes / 4;
  assert.ok(most <= 2 * 3 * ringTuples + 3 * 4096, `${most} tuples under way`);
  await job.cancel();
});

test('memory does not grow while the app reads slowly', TIMEOUT, async () => {
  const job = await start(endlessOutput, { workers: 1, ringBytes: 1 << 16 });
  let batches = 0;
  let early = 0;
  for await (const _ of job.output('out').batches()) {
    batches++;
    await sleep(1);
    if (batches === 100) early = process.memoryUsage().rss;
    if (batches === 400) break;
  }
  const grown = process.memoryUsage().rss - early;
  assert.ok(grown < 48 * 2 ** 20, `${(grown / 2 ** 20).toFixed(1)} MiB more after 300 batches`);
  await job.cancel();
});

const arriveInFewCommits = async (): Promise<void> => {
  const lingerMs = 60;
  const commits = async (options: { lingerMs?: number }) => {
    const job = await start(waiting, { params: { actors: 1 }, workers: 1, ...options });
    const output = job.output('out').batches()[Symbol.asyncIterator]();
    const input = job.input('app');
    let slowest = 0;
    let batches = 0;
    for (let round = 0; round < 3; round++) {
      const started = performance.now();
      for (let n = 0; n < 10; n++) {
        await input.push({ n });
        await sleep(2);
      }
      for (let n = 0; n < 10; batches++) n += (await output.next()).value.length;
      slowest = Math.max(slowest, performance.now() - started);
    }
    await job.stop();
    return { slowest, batches };
  };
  const lingering = await commits({ lingerMs });
  const prompt = await commits({});
  assert.ok(lingering.batches <= 6, `${lingering.batches} batches with linger`);
  assert.ok(prompt.batches >= 15, `${prompt.batches} batches without`);
  assert.ok(lingering.slowest < lingerMs + 150, `${lingering.slowest} ms`);
};

test('with lingerMs tuples arrive in few commits, and within the linger time', TIMEOUT, () =>
  inOneOf(5, arriveInFewCommits),
);

test('a single lingering tuple arrives without a second one, after about the linger time', TIMEOUT, async () => {
  const lingerMs = 50;
  const job = await start(waiting, { params: { actors: 2 }, workers: 1, lingerMs });
  const output = job.output('out')[Symbol.asyncIterator]();
  let leastMs = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n++) {
    const started = performance.now();
    await job.input('app').push({ n });
    assert.deepEqual((await output.next()).value, { n });
    const tookMs = performance.now() - started;
    assert.ok(tookMs > lingerMs * 0.8, `${tookMs} ms through two actors`);
    leastMs = Math.min(leastMs, tookMs);
  }
  assert.ok(leastMs < 2 * lingerMs + 150, `${leastMs} ms through two actors`);
  await job.stop();
});
