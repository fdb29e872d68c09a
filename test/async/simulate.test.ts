// Goal: whole jobs whose operator awaits, from a seed: workers die at any step, key groups change hands, retries wait on the virtual
// clock; each tuple has one result, or one dead letter. MILLRACE_TEST_SEED=<seed> repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { untimed } from '../kit/flows/requests.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { eachSeed } from '../kit/seeds.ts';

const TIMEOUT = { timeout: 120_000 };
const COUNT = 200;
const fails = (n: number): boolean => n % 25 === 7;
/** By the flow's key. */
const byKey = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => (a % 50) - (b % 50));
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

for (const ordered of [true, false, 'key'] as const) {
  for (const parallelism of [1, { min: 1, max: 3 }]) {
    test(`ordered: ${ordered}, replicas: ${JSON.stringify(parallelism)}`, TIMEOUT, async (context) => {
      await eachSeed(context, shortOrLong(3, 20), async (seed) => {
        const params = { count: COUNT, ordered, parallelism };
        const run = await simulate(untimed, { seed, params, workers: 2, crashes: 0.03, ringBytes: 4096 });
        const numbers = run.outputs.out.map(({ n }) => n);
        const all = Array.from({ length: COUNT }, (_, n) => n);
        const expected = all.filter((n) => !fails(n));
        assert.deepEqual(ordered === true && parallelism === 1 ? numbers : ascending(numbers), expected);
        if (ordered === 'key') assert.deepEqual(byKey(numbers), byKey(expected));
        assert.equal(new Set(run.outputs.out.map(({ id }) => id)).size, expected.length);
        const lost = run.deadLetters.map(({ tuple }) => (tuple as { n: number }).n);
        assert.deepEqual(ascending(lost), all.filter(fails));
      });
    });
  }
}
