// Goal: systems of spawned actors hold what they promise under the simulation's crashes and hand-overs; a seed is the same again.
// Seeds that a fault was found by stay here: 195 (what all threads share is no earlier than a thread's own time), 503 (a thread that
// died as it added a definition), 3 (a change that was asked for as the job ended).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSystemSeed } from '../../proof/simulate/system-run.ts';

for (const seed of [4, 195, 503]) {
  test(`seed ${seed} of actors`, async () => {
    const { violations } = await runSystemSeed(seed);
    assert.deepEqual(violations, []);
  });
}

test('key groups move all the time, also as the job ends', async () => {
  const { violations, handOvers } = await runSystemSeed(3, { changes: 0.3, changesMax: 200, asyncs: 0.9, talks: 20 });
  assert.deepEqual(violations, []);
  assert.ok(handOvers > 0);
});

test('the same seed is the same run', async () => {
  const digests = [];
  for (let i = 0; i < 2; i++) digests.push((await runSystemSeed(5)).digest);
  assert.equal(digests[0], digests[1]);
});
