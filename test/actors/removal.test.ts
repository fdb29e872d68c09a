// Goal: context.remove() takes a key's row away with its tables when the closure returns; the key begins anew, also within
// the same chunk of look-ups and with several replicas.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removal } from '../kit/flows/removal.ts';

for (const [count, keys, parallelism] of [
  [20_000, 5, 1],
  [20_000, 1000, 1],
  [20_000, 300, 3],
] as const) {
  test(`a removed key begins anew: ${keys} keys, ${parallelism} replicas`, { timeout: 30_000 }, async () => {
    const job = await removal.run({ params: { count, keys, parallelism }, workers: 2 });
    const counts = new Map<string, number>();
    let tuples = 0;
    for await (const { key, count: counted, seen } of job.output('out')) {
      const expected = ((counts.get(key) ?? 0) % 3) + 1;
      assert.deepEqual({ key, counted, seen }, { key, counted: expected, seen: expected });
      counts.set(key, expected);
      tuples++;
    }
    await job.done;
    assert.equal(tuples, count);
    assert.equal(counts.size, keys);
  });
}
