// Goal: on worker threads each tuple has one result, in order, whatever the capacity and however long its requests take.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { requests } from '../kit/flows/requests.ts';
import { noThreadLeft, resultOf, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const numbersOf = (tuples: readonly Record<string, unknown>[]): unknown[] => tuples.map(({ n }) => n);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

for (const capacity of [1, 4, 256]) {
  test(`capacity ${capacity}: results keep the order of their tuples`, TIMEOUT, async () => {
    const count = capacity === 1 ? 200 : 3000;
    for (const ringBytes of [1 << 12, 1 << 20]) {
      const params = { count, capacity, delayMs: 5 };
      const tuples = await resultOf(requests, 'out', { params, workers: 1, ringBytes });
      assert.deepEqual(numbersOf(tuples), upTo(count));
      assert.equal(new Set(tuples.map(({ id }) => id)).size, count);
    }
  });
}
