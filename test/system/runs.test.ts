// Goal: an async handler of an actor whose key group another replica owns now goes on in vain, also if the group comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk } from '../../src/system/worker/desk.ts';
import { Run, Runs } from '../../src/system/worker/runs.ts';

test('a handler of an actor that is elsewhere now is told of no more', async () => {
  const runs = new Runs({ rules: { handlerTimeoutMs: 0 }, wake: () => {} } as Desk);
  const ends = new Map<number, () => void>();
  const closed: number[] = [];
  for (const id of [1, 2]) {
    const call = (): Promise<void> => new Promise((resolve) => ends.set(id, resolve));
    runs.add(new Run({ number: id, id, life: 1, context: { close: () => closed.push(id) }, call } as never));
  }
  runs.committed();
  await Promise.resolve();
  runs.keepOnly((id) => id === 1);
  for (const end of ends.values()) end();
  await new Promise((resolve) => setImmediate(resolve));
  const settled: number[] = [];
  runs.eachSettled(({ id }) => settled.push(id));
  assert.deepEqual([settled, closed, runs.of(2)], [[1], [2], undefined]);
});
