// Goal: in whole jobs whose workers die at any store, while replicas come and go, each timer has one fate.
// MILLRACE_TEST_SEED=<seed> repeats one.

import { test } from 'node:test';
import { simulate } from '../../src/testing.ts';
import { assertFates, keptTimers } from '../kit/flows/timers.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { eachSeed } from '../kit/seeds.ts';

test('timers of simulated jobs', { timeout: 120_000 }, async (context) => {
  await eachSeed(context, shortOrLong(6, 60), async (seed) => {
    const parallelism = seed % 2 === 0 ? 1 + (seed % 3) : { max: 3 };
    const params = { count: 300, keys: 17, longestMs: 1 + ((seed * 37) % 60), parallelism };
    const { outputs } = await simulate(keptTimers, { seed, params });
    assertFates(outputs.fates, params);
  });
});
