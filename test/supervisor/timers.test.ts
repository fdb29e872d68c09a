// Goal: on worker threads timers fire while no input comes; those that were overdue when their worker died fire once; one that kills its
// worker is found and left out; a job does not wait for what is pending.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ticking } from '../kit/flows/ticking.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

test('timers fire in a silent stream, each once, though their worker dies', TIMEOUT, async () => {
  const job = await start(ticking, { workers: 1 });
  const input = job.input('orders');
  for (let n = 0; n < 50; n++) await input.push({ key: n, ms: 20 + n, deadly: false });
  const seen: number[] = [];
  for await (const { key } of job.output('fired')) {
    seen.push(key);
    if (seen.length === 10) await job.killWorker(0);
    if (seen.length < 50) continue;
    await input.push({ key: 100, ms: 1e12, deadly: false });
    input.end();
  }
  await job.done;
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, n) => n),
  );
  await noThreadLeft();
});

test('a timer whose closure ends its worker is a dead letter; the others fire', TIMEOUT, async () => {
  const job = await start(ticking, { workers: 1, supervision: { intensity: 20 } });
  const input = job.input('orders');
  for (let n = 0; n < 6; n++) await input.push({ key: n, ms: 1, deadly: n === 3 });
  const letters = tuplesOf(job.deadLetters);
  const seen: number[] = [];
  for await (const { key } of job.output('fired')) {
    seen.push(key);
    if (seen.length === 5) input.end();
  }
  await job.done;
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    [0, 1, 2, 4, 5],
  );
  const [{ key, tuple, error, position }, ...others] = await letters;
  assert.deepEqual([key, tuple, (error as { code?: string }).code, others], [3, undefined, 'TUPLE_KILLED_WORKER', []]);
  assert.match(position, /^the timer "3" of /);
  await noThreadLeft();
});
