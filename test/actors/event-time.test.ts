// Goal: what actors tell each other of event time is true: nothing that comes is earlier, however many frames a batch takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halves } from '../kit/flows/event-time.ts';
import { LocalJob } from '../kit/local-run.ts';
import { randomOf } from '../kit/seeds.ts';

test('combined rows of a batch take several frames, and only the last one says what time it is', () => {
  // The keys of 0 come first; a replica that owns none of the last key's tuples still reads what time it is.
  for (const seed of [1, 2, 3]) {
    const job = LocalJob.of(halves, { params: { count: 400 }, ringBytes: 4096 }, { now: () => 0 });
    job.run(randomOf(seed));
    assert.equal(job.tuples.get('closed')?.length, 400);
  }
});
