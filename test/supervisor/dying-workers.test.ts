// Goal: a worker that dies fails its job with WORKER_DIED and never the app's process; no thread is left, and everyone who waits
// hears of it.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { noThreadLeft, rejection, start, TIMEOUT } from '../actors/run-flow.ts';
import { type Death, dying } from '../flows/dying.ts';

afterEach(noThreadLeft);

for (const death of ['exit', 'throw-later', 'reject-later'] as Death[]) {
  for (const workers of [1, 2]) {
    test(
      `${death} in an operator, with ${workers} workers: WORKER_DIED with the worker and its actors`,
      TIMEOUT,
      async () => {
        const job = await start(dying, { params: { death, at: 5000 }, workers, ringBytes: 1 << 14 });
        const outcomes: string[] = [];
        job.on((event) => void (event.type === 'ended' && outcomes.push(event.outcome)));
        let seen = 0;
        const reading = (async () => {
          for await (const { n } of job.output('out')) assert.equal(n, seen++);
        })();
        const outputError = rejection(reading, 'WORKER_DIED');
        const error = await rejection(job.done, 'WORKER_DIED');
        assert.equal(await outputError, error);
        assert.equal(error.details.worker, workers - 1);
        assert.ok((error.details.actors as string[]).includes('deadly'));
        assert.ok(death === 'exit' ? seen <= 5000 : true);
        assert.deepEqual(outcomes, ['failed']);
        if (death !== 'exit')
          assert.match(error.message, death === 'throw-later' ? /out of nowhere/ : /nobody caught this/);
      },
    );
  }
}
