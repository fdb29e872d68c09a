// Goal: a join that fails at one row after the other leaves out these, and goes on: what is done at each does not grow with those before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failingJoin } from '../../kit/flows/failing-joins.ts';
import { noThreadLeft, start, TIMEOUT } from '../../kit/run-flow.ts';

test('many rows of one key at which the closure throws: a dead letter each', TIMEOUT, async () => {
  const count = 60;
  const job = await start(failingJoin, { params: { count }, workers: 1 });
  await job.done;
  assert.equal(job.deadLetters.count, count);
  await noThreadLeft();
});
