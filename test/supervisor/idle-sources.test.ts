// Goal: a source that has nothing holds windows back until it is idle, and for ever without `idleAfterMs`; what it gives when it comes
// back is judged by where the others have come; its end, while it is idle, closes what is open.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { met } from '../kit/flows/idle-sources.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

interface Row {
  readonly key: string;
  readonly windowStart: number;
  readonly n: number;
}

/** A job whose rows gather as they come. */
async function running(idleAfterMs: number) {
  const job = await start(met, { params: { idleAfterMs }, workers: 1, spares: 0 });
  const rows: string[] = [];
  const late: number[] = [];
  const read = async (): Promise<void> => {
    for await (const row of job.output('out') as AsyncIterable<Row>)
      rows.push(`${row.key} ${row.windowStart} ${row.n}`);
  };
  const readLate = async (): Promise<void> => {
    for await (const { at } of job.output('late')) late.push(at);
  };
  return { job, rows, late, reading: Promise.all([read(), readLate()]) };
}

test('windows close without a source that is idle, and what comes there later may be late', TIMEOUT, async () => {
  const { job, rows, late, reading } = await running(80);
  const a = job.input('a');
  const b = job.input('b');
  for (const at of [10, 20, 150, 350]) await a.push({ key: 'k', at });
  await until(() => rows.length > 1, 'the first windows');
  // Each of the two may go on with the other: what is told is only where they have come.
  assert.deepEqual(rows, ['k 0 2', 'k 100 1']);
  for (const at of [60, 360]) await b.push({ key: 'k', at });
  await until(() => late.length > 0, 'the late one');
  assert.deepEqual(late, [60]);
  b.end();
  a.end();
  await reading;
  await job.done;
  assert.deepEqual(rows, ['k 0 2', 'k 100 1', 'k 300 2']);
});

test('without idleAfterMs nothing closes until the source speaks, and nothing is late', TIMEOUT, async () => {
  const { job, rows, late, reading } = await running(Number.POSITIVE_INFINITY);
  for (const at of [10, 350]) await job.input('a').push({ key: 'k', at });
  await setTimeout(150);
  assert.deepEqual(rows, []);
  for (const at of [60, 360]) await job.input('b').push({ key: 'k', at });
  await until(() => rows.length > 0, 'the first window');
  assert.deepEqual(rows, ['k 0 2']);
  job.input('a').end();
  job.input('b').end();
  await reading;
  await job.done;
  assert.deepEqual([rows.at(-1), late], ['k 300 2', []]);
});

test('the end of sources of which one, or all, are idle closes what is open, once', TIMEOUT, async () => {
  const { job, rows, reading } = await running(40);
  await job.input('a').push({ key: 'k', at: 10 });
  await job.input('b').push({ key: 'j', at: 20 });
  // If all are idle time stands still.
  await setTimeout(200);
  assert.deepEqual(rows, []);
  job.input('b').end();
  await setTimeout(100);
  job.input('a').end();
  await reading;
  await job.done;
  assert.deepEqual(rows.sort(), ['j 0 1', 'k 0 1']);
});
