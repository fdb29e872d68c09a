// Goal: a batch may linger, and never for what it holds back itself: sources that wait, with bursts that overfill their rings, come to
// their end with all tuples in order.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Dataflow, RunOptions } from '../../src/index.ts';
import { asyncBursts, bursts, manyLingering, pushed, textOf, twice } from '../kit/flows/linger.ts';
import { noThreadLeft, resultOf, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

interface Text {
  readonly n: number;
  readonly text: string;
}

/** The tuples of a run, by number if several replicas have given them. */
async function textsOf<Params, Built>(
  flow: Dataflow<Params, Built>,
  options: RunOptions<Params>,
  isOrdered = true,
): Promise<Text[]> {
  const tuples = await resultOf<Params, Built, Text>(flow, 'out', options);
  return isOrdered ? tuples : tuples.sort((one, other) => one.n - other.n);
}

function checkAll(tuples: readonly Text[], count: number, bytes: number): void {
  assert.equal(tuples.length, count);
  tuples.forEach(({ n, text }, i) => {
    assert.equal(n, i);
    assert.equal(text, textOf(n, bytes));
  });
}

for (const lingerMs of [5, 60_000]) {
  test(`an async iterable through a ring of 4 KiB, with a linger of ${lingerMs} ms`, TIMEOUT, async () => {
    const params = { count: 1500, burst: 12, bytes: 400, partitions: 1 };
    checkAll(await textsOf(asyncBursts, { params, ringBytes: 4096, lingerMs, workers: 1 }), 1500, 400);
  });

  test(`async iterables of several partitions, with a linger of ${lingerMs} ms`, TIMEOUT, async () => {
    const params = { count: 1500, burst: 12, bytes: 400, partitions: 3 };
    checkAll(await textsOf(asyncBursts, { params, ringBytes: 4096, lingerMs, workers: 2 }, false), 1500, 400);
  });

  test(`bursts of 3 tuples of 6 kB through a ring of 64 KiB, with a linger of ${lingerMs} ms`, TIMEOUT, async () => {
    const params = { count: 300, burst: 3, bytes: 6000 };
    checkAll(await textsOf(bursts, { params, ringBytes: 1 << 16, lingerMs, workers: 1 }), 300, 6000);
  });

  test(`tuples of 200 kB through rings of the default size, with a linger of ${lingerMs} ms`, TIMEOUT, async () => {
    const params = { count: 60, burst: 12, bytes: 200_000 };
    checkAll(await textsOf(bursts, { params, lingerMs, workers: 1 }), 60, 200_000);
  });

  test(`what the app pushes without waiting for room, with a linger of ${lingerMs} ms`, TIMEOUT, async () => {
    const job = await start(pushed, { ringBytes: 1 << 14, lingerMs, workers: 1 });
    const input = job.input('app');
    const made = Array.from({ length: 60 }, (_, n) => ({ n, text: textOf(n, 6000) }));
    const tuples = tuplesOf(job.output('out'));
    for (const tuple of made.slice(0, 30)) void input.push(tuple);
    await input.pushAll(made.slice(30));
    input.end();
    checkAll((await tuples) as Text[], 60, 6000);
    await job.done;
  });
}

for (const poison of [-1, 7]) {
  const what = poison < 0 ? 'none of which fails' : 'one of which fails';
  test(
    `a lingering source with a chain, in front of keys that leave texts at their end, ${what}`,
    TIMEOUT,
    async () => {
      const params = { count: 40, burst: 10, bytes: 1500, poison };
      const options = { params, ringBytes: 4096, lingerMs: 60_000, workers: 2 };
      const tuples = await textsOf(twice, options, false);
      const numbers = Array.from({ length: 80 }, (_, n) => n).filter((n) => n >> 1 !== poison);
      assert.deepEqual(
        tuples.map(({ n }) => n),
        numbers,
      );
      assert.ok(tuples.every(({ n, text }) => text === textOf(n, 1500)));
    },
  );
}

test('16 operators that linger, through rings of 16 KiB, whose workers are killed', TIMEOUT, async () => {
  const params = { count: 400, burst: 16, bytes: 1500, operators: 16, copies: 3 };
  const options = { params, ringBytes: 1 << 14, lingerMs: 20, workers: 2, spares: 1 };
  const job = await start(manyLingering, { ...options, supervision: { intensity: 1000 } });
  const tuples: Text[] = [];
  let kills = 0;
  for await (const tuple of job.output('out')) {
    tuples.push(tuple as Text);
    if (tuples.length % 100 !== 50) continue;
    const killed = job.workers()[kills++ % 2];
    await job.killWorker(killed.worker);
  }
  await job.done;
  checkAll(tuples, 400, 1500);
  assert.equal(kills, 4);
});
