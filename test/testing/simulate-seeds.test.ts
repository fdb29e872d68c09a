// Goal: the seeds of `npm run simulate` that a test has time for: random flows, random crashes, everything accounted for.
// MILLRACE_TEST_SEED=<seed> runs that one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseOf, describeCase } from '../../proof/simulate/case.ts';
import { runSeed } from '../../proof/simulate/run.ts';

const given = process.env.MILLRACE_TEST_SEED;
const first = given === undefined ? Date.now() % 1_000_000 : Number(given);
const seeds = given === undefined ? 25 : 1;

test(`random flows under random crashes, seeds ${first} to ${first + seeds - 1}`, async () => {
  for (let seed = first; seed < first + seeds; seed++) {
    const { violations } = await runSeed(seed);
    assert.deepEqual(violations, [], `seed ${seed}: ${describeCase(caseOf(seed))}`);
  }
});

test('a seed is the same run again, whatever ran before', async () => {
  const before = await runSeed(20);
  await runSeed(21);
  const again = await runSeed(20);
  assert.ok(before.crashes > 0);
  assert.equal(before.digest, again.digest);
});
