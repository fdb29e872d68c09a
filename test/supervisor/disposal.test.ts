// Goal: `await using` leaves no job behind, however its block is left, and never throws by itself.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { fromApp } from '../kit/flows/sources.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

test(
  'a job whose block is left by an exception is cancelled, and the exception is what is thrown',
  TIMEOUT,
  async () => {
    let left: Pick<Job, 'done'> | undefined;
    await assert.rejects(async () => {
      await using job = await start(fromApp, { workers: 1 });
      left = job;
      await job.input('app').push({ n: 1, text: 'one' });
      throw new Error('not today');
    }, /^Error: not today$/);
    await rejection((left as Pick<Job, 'done'>).done, 'JOB_CANCELLED');
  },
);

test('a job that has ended is left as it is', TIMEOUT, async () => {
  const tuples: unknown[] = [];
  let ended: Promise<void> | undefined;
  {
    await using job = await start(fromApp, { workers: 1 });
    const input = job.input('app');
    await input.pushAll([{ n: 1, text: 'one' }]);
    input.end();
    tuples.push(...(await tuplesOf(job.output('out'))));
    await job.done;
    ended = job.done;
  }
  await ended;
  assert.deepEqual(tuples, [{ n: 1, text: 'one' }]);
});
