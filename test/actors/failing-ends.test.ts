// Goal: a key whose closure fails at the end of the stream is left out with a dead letter, whichever key group it is in: also in the
// first one, whose sweep has not been committed when it fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
import { failingEnds } from '../kit/flows/failing-ends.ts';
import { LocalJob } from '../kit/local-run.ts';
import { randomOf } from '../kit/seeds.ts';

const KEYS = 2000;

test('every key fails at its end, and each is one dead letter', { timeout: 60_000 }, () => {
  const groups = new Set(Array.from({ length: KEYS }, (_, key) => keyGroupOf(mix32(key))));
  assert.ok(groups.has(0) && groups.has(255), 'keys are in the first and the last group');
  const job = LocalJob.of(failingEnds, { params: { keys: KEYS } });
  job.run(randomOf(1));
  assert.deepEqual(job.tuples.get('out'), []);
  assert.deepEqual(
    job.letters.map(({ key }) => Number(key)).sort((a, b) => a - b),
    Array.from({ length: KEYS }, (_, key) => key),
  );
});
