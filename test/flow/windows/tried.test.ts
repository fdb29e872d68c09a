// Goal: results that are made at once, each with a time of its own, keep these while the operators behind them are tried one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILS_AT, TRIED_AT, windowsTried } from '../../kit/flows/windows-tried.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { randomOf } from '../../kit/seeds.ts';

for (const combine of [false, true]) {
  test(`sessions that end together go to windows of their own times, though one fails on the way; combined: ${combine}`, () => {
    const job = LocalJob.of(windowsTried, { params: { combine } });
    job.run(randomOf(1));
    assert.equal(job.letters.length, 1);
    assert.deepEqual(
      job.tuples.get('out')?.map(({ windowStart, sessions }) => [windowStart, sessions]),
      TRIED_AT.filter((at) => at !== FAILS_AT).map((at) => [at, 1]),
    );
  });
}
