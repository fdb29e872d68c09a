// Goal: systems of spawned actors hold what they promise under the simulation's crashes and hand-overs; a seed is the same again.
// Seeds that a fault was found by stay here: 195 (what all threads share is no earlier than a thread's own time), 503 (a thread that
// died as it added a definition).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSystemSeed } from '../../proof/simulate/system-run.ts';

for (const seed of [4, 195, 503]) {
  test(`seed ${seed} of actors`, async () => {
    const { violations } = await runSystemSeed(seed);
    assert.deepEqual(violations, []);
  });
}

test('the same seed is the same run', async () => {
  const digests = [];
  for (let i = 0; i < 2; i++) digests.push((await runSystemSeed(5)).digest);
  assert.equal(digests[0], digests[1]);
});
