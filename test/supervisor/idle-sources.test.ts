// Goal: a source that has nothing holds windows back until it is idle, and for ever without `idleAfterMs`; what it gives when it comes
// back is judged by where the others have come; its end, while it is idle, closes what is open.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { met } from '../kit/flows/idle-sources.ts';
import { SLOW_KEYS, SLOW_TUPLES, slowGivers } from '../kit/flows/slow-givers.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

interface Row {
  readonly key: string;
  readonly windowStart: number;
  readonly n: number;
}

/** A job whose rows gather as they come. */
async function running(idleAfterMs: number, outOfOrderMs = 0) {
  const job = await start(met, { params: { idleAfterMs, outOfOrderMs }, workers: 1, spares: 0 });
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

test('of a source that may be as late as it likes nothing is late, though it falls silent', TIMEOUT, async () => {
  const { job, rows, late, reading } = await running(40, Number.POSITIVE_INFINITY);
  await job.input('b').push({ key: 'k', at: 50 });
  for (const at of [10, 350]) await job.input('a').push({ key: 'k', at });
  await setTimeout(200);
  for (const at of [60, 360]) await job.input('b').push({ key: 'k', at });
  job.input('a').end();
  job.input('b').end();
  await reading;
  await job.done;
  assert.deepEqual([rows.sort(), late], [['k 0 3', 'k 300 2'], []]);
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

for (const [what, pace] of [
  ['gives a tuple and waits for the next, time and again', { openMs: 0, everyMs: 15, exitAt: -1 }],
  ['is opened again, which takes long,', { openMs: 300, everyMs: 0, exitAt: 30 }],
] as const) {
  for (const partitions of [1, 2] as const) {
    test(`a source of ${partitions === 1 ? 'one partition' : 'two'} that ${what} is not idle`, TIMEOUT, async () => {
      const done = new SharedArrayBuffer(8);
      const params = { partitions, idleAfterMs: 40, done, ...pace };
      const job = await start(slowGivers, { params, workers: 2 });
      const [late, closed] = await Promise.all([tuplesOf(job.output('late')), tuplesOf(job.output('closed'))]);
      await job.done;
      assert.equal(Atomics.load(new Int32Array(done), 1), pace.exitAt >= 0 ? 1 : 0, 'its worker has exited');
      // The other source is ahead by all of it, and would have made it late.
      assert.deepEqual(late, []);
      const own = closed.filter(({ key }) => key >= SLOW_KEYS);
      const counted = own.reduce((sum, { tuples }) => sum + tuples, 0);
      assert.equal(counted, partitions * SLOW_TUPLES);
      assert.equal(own.length, partitions * (SLOW_TUPLES / 10), 'each window of a key once');
    });
  }
}
