// Goal: what keeps a job on one thread though its source could be shared is named, with the option that cures it; and nothing else is.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { type Behind, funnelled, type HintedParams, hinted } from '../kit/flows/hinted.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const hintsOf = (params: HintedParams, workers: number, maxWorkers = workers) =>
  hintsIn(start(hinted, { params, workers, maxWorkers, spares: 0 }));

const hintsBehind = (behind: Behind, replicas = 2) =>
  hintsIn(start(funnelled, { params: { behind, replicas }, workers: 2, spares: 0 }));

async function hintsIn(started: Promise<unknown>) {
  const job = (await started) as Job;
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

test('what gets the tuples of several replicas of a source on one thread', TIMEOUT, async () => {
  const all = 'has one replica, which gets the tuples of all 2 replicas of source';
  const unordered =
    "If the order of its tuples does not matter, call unordered() before it. Give it the option 'parallelism'";
  const cases: readonly (readonly [behind: Behind, operator: string, option: string, text: string])[] = [
    [
      'unfused',
      'same',
      'fuse',
      `map 'same' ${all} 'numbers': it runs, with 'more' in the same actor, on one thread. Leave out the option 'fuse: false', and it runs in the replicas of the source`,
    ],
    ['forEach', 'end', 'parallelism', `forEach 'end' ${all} 'numbers': it runs on one thread. ${unordered}`],
    [
      'second reader',
      'same',
      'parallelism',
      `map 'same' ${all} 'numbers': it runs, with 'end' in the same actor, on one thread. ${unordered}`,
    ],
  ];
  for (const [behind, operator, option, text] of cases) {
    assert.deepEqual(await hintsBehind(behind), [{ operator, option, text }], behind);
  }
});

test('no hint of what is fused, shared, has state, or is behind one replica', TIMEOUT, async () => {
  for (const behind of ['fused', 'forEach of many', 'keyed', 'state'] as const) {
    assert.deepEqual(await hintsBehind(behind), [], behind);
  }
  const [hint, ...others] = await hintsBehind('forEach', 1);
  assert.deepEqual([hint.operator, others], ['numbers', []]);
});
