// Goal: what keeps a job on one thread though its source could be shared is named, with the option that cures it; and nothing else is.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { type HintedParams, hinted } from '../kit/flows/hinted.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

async function hintsOf(params: HintedParams, workers: number, maxWorkers = workers) {
  const job = await start(hinted, { params, workers, maxWorkers, spares: 0 });
  const { hints } = job.topology();
  await tuplesOf(job.output('out'));
  await job.done;
  assert.deepEqual(job.reading().hints, hints);
  return hints;
}

test('a source with several partitions that has one replica', TIMEOUT, async () => {
  const text =
    "source 'numbers' has 8 partitions and one replica: it runs, with 'same' in the same actor, on one thread. Give it the option 'parallelism', 8 at most";
  const hint = { operator: 'numbers', option: 'parallelism', text };
  assert.deepEqual(await hintsOf({ partitions: 8, parallelism: 1 }, 2), [hint]);
  assert.deepEqual(await hintsOf({ partitions: 8, parallelism: 1 }, 1, 2), [hint]);
});

test('no hint where nothing could be shared, or is', TIMEOUT, async () => {
  assert.deepEqual(await hintsOf({ partitions: 1, parallelism: 1 }, 2), []);
  assert.deepEqual(await hintsOf({ partitions: 8, parallelism: 1 }, 1), []);
  assert.deepEqual(await hintsOf({ partitions: 8, parallelism: 2 }, 2), []);
  assert.deepEqual(await hintsOf({ partitions: 8, parallelism: { max: 2 } }, 2), []);
});
