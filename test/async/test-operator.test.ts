// Goal: testOperator drives an operator that awaits: what was fed is asked about, settled() awaits it, and a restart asks again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MillraceError } from '../../src/index.ts';
import { testOperator } from '../../src/testing.ts';
import { partCount, requests, several } from '../kit/flows/requests.ts';

const fed = (count: number): { n: number; key: number }[] => Array.from({ length: count }, (_, n) => ({ n, key: 0 }));

test('results of what was fed are there when they have settled, in order, with those fused behind', async () => {
  const operator = testOperator(requests, 'ask', { params: { count: 0, capacity: 4, delayMs: 4 } });
  operator.feed(fed(20));
  await operator.settled();
  assert.deepEqual(
    operator.emitted().map(({ n }) => n),
    fed(20).map(({ n }) => n),
  );
  operator.feed(fed(3));
  operator.end();
  await operator.settled();
  assert.equal(operator.emitted().length, 3);
  operator.close();
});

test('what fails is a dead letter, or fails the test', async () => {
  const params = { count: 0, failing: 5, delayMs: 2 };
  const operator = testOperator(requests, 'ask', { params });
  operator.feed(fed(20));
  await operator.settled();
  assert.deepEqual(
    operator.deadLetters().map(({ tuple }) => (tuple as { n: number }).n),
    [4, 9, 14, 19],
  );
  assert.equal(operator.emitted().length, 16);
  operator.close();
  const strict = testOperator(requests, 'ask', { params: { ...params, failure: 'stop' } });
  strict.feed(fed(20));
  await assert.rejects(strict.settled(), (error: MillraceError) => error.code === 'OPERATOR_FAILED');
  strict.close();
});

test('a restart with requests in flight asks again, and nothing comes twice', async () => {
  const operator = testOperator(several, 'several', { params: { count: 0 }, alone: true });
  operator.feed(fed(8).map(({ n }) => ({ n })));
  operator.restart();
  await operator.settled();
  const counts = fed(8).map(({ n }) => partCount(n));
  assert.equal(
    operator.emitted().length,
    counts.reduce((sum, each) => sum + each),
  );
  operator.close();
});
