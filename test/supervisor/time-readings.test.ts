// Goal: an app sees how far event time has come at each operator, how far that is behind what was read, what is late, and why an input
// is where it is: idle, ended or held up; and how many rows `ttlMs` has let go, exactly, whatever failed meanwhile.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job, TimeReading } from '../../src/index.ts';
import { met } from '../kit/flows/idle-sources.ts';
import { expiring, parted, stuckSink } from '../kit/flows/time-readings.ts';
import { operatorOf } from '../kit/readings.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

type Read = Pick<Job, 'reading' | 'topology'>;

function timeOf(job: Read, operator: string): TimeReading {
  const { time } = operatorOf(job, operator);
  if (time === undefined) throw new Error(`'${operator}' has no event time`);
  return time;
}

const statesOf = (job: Read, operator: string): string[] =>
  timeOf(job, operator).inputs.map(({ from, state }) => `${from} ${state}`);

test('watermark, lag, late tuples, and an input that is idle, comes back, and ends', TIMEOUT, async () => {
  const job = await start(met, { params: { idleAfterMs: 80 }, workers: 1, spares: 0 });
  const a = job.input('a');
  const b = job.input('b');
  const late = tuplesOf(job.output('late'));
  const rows = tuplesOf(job.output('out'));
  const nothing = timeOf(job, 'counts');
  assert.deepEqual(
    [nothing.watermark, nothing.newestMs, nothing.lagMs, nothing.movedAtMs],
    [-Infinity, -Infinity, 0, 0],
  );
  await a.push({ key: 'k', at: 10 });
  await until(() => timeOf(job, 'a-time').watermark === 10, 'the time of a');
  assert.deepEqual([timeOf(job, 'a-time').newestMs, timeOf(job, 'a-time').lagMs], [10, 0]);
  // What has read both and heard of one has come nowhere.
  assert.deepEqual([timeOf(job, 'counts').watermark, timeOf(job, 'counts').lagMs], [-Infinity, Infinity]);
  for (const at of [20, 150, 350]) await a.push({ key: 'k', at });
  await until(() => timeOf(job, 'counts').watermark === 350, 'b to be idle, and to go on with a');
  assert.equal(timeOf(job, 'b-time').newestMs, 350, 'it is judged by the time it goes on with');
  assert.ok(Math.abs(timeOf(job, 'counts').movedAtMs - Date.now()) < 60_000);
  await until(() => statesOf(job, 'b-time')[0] === 'b idle', 'b to be idle');
  assert.ok(statesOf(job, 'counts').includes('b-time idle'));
  for (const at of [60, 360]) await b.push({ key: 'k', at });
  await until(() => timeOf(job, 'b-time').late === 1, 'the late one');
  await until(() => timeOf(job, 'b-time').watermark === 360, 'the time of b');
  const counts = timeOf(job, 'counts');
  assert.deepEqual([counts.watermark, counts.newestMs, counts.lagMs, counts.late], [350, 360, 10, 1]);
  assert.deepEqual(
    job.topology().operators.find(({ name }) => name === 'counts')?.time?.watermark,
    350,
    'and so says the topology',
  );
  b.end();
  await until(() => statesOf(job, 'b-time')[0] === 'b ended', 'the end of b');
  assert.ok(statesOf(job, 'counts').includes('b-time ended'));
  a.end();
  await Promise.all([rows, late, job.done]);
  const over = timeOf(job, 'counts');
  assert.deepEqual([over.watermark, over.lagMs, over.newestMs, over.late], [Infinity, 0, 360, 1]);
  assert.equal(operatorOf(job, 'out').time, undefined, 'what runs in the app has none');
  assert.equal(operatorOf(job, 'a').time, undefined, 'and a source neither, before its tuples have times');
});

test(
  'if all inputs are idle time stands still, and the reading says why; what comes then is on time',
  TIMEOUT,
  async () => {
    const job = await start(met, { params: { idleAfterMs: 40 }, workers: 1, spares: 0 });
    const rows = tuplesOf(job.output('out'));
    const late = tuplesOf(job.output('late'));
    for (const name of ['a', 'b'] as const) await job.input(name).push({ key: 'k', at: 110 });
    await until(() => statesOf(job, 'counts').join() === 'a-time idle,b-time idle', 'both to be idle');
    const { watermark, movedAtMs } = timeOf(job, 'counts');
    assert.equal(watermark, 110);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([timeOf(job, 'counts').watermark, timeOf(job, 'counts').movedAtMs], [110, movedAtMs]);
    await job.input('b').push({ key: 'k', at: 120 });
    for (const name of ['a', 'b'] as const) job.input(name).end();
    await job.done;
    assert.deepEqual(
      [(await rows).map(({ windowStart, n }) => [windowStart, n]), await late, timeOf(job, 'counts').late],
      [[[100, 3]], [], 0],
    );
  },
);

test('of a source with partitions each is an input: the one behind, the ones that have ended', TIMEOUT, async () => {
  const gate = new SharedArrayBuffer(4);
  const job = await start(parted, { params: { gate }, workers: 2 });
  const rows = tuplesOf(job.output('out'));
  const inputs = (): TimeReading['inputs'] => timeOf(job, 'numbers-time').inputs;
  await until(() => inputs().filter(({ state }) => state === 'ended').length === 2, 'the partitions that end at once');
  assert.deepEqual(
    inputs().map(({ partition }) => partition),
    [0, 1, 2],
  );
  const [slow] = inputs();
  assert.deepEqual([slow.from, slow.watermark, slow.state !== 'ended'], ['numbers', 4, true]);
  await until(() => timeOf(job, 'windows').watermark === 4, 'its time at the windows');
  const { newestMs, lagMs } = timeOf(job, 'windows');
  assert.deepEqual([newestMs, lagMs], [99, 95]);
  Atomics.store(new Int32Array(gate), 0, 1);
  await Promise.all([rows, job.done]);
  assert.ok(inputs().every(({ state }) => state === 'ended'));
});

test('an input that waits for room is held, and not idle', TIMEOUT, async () => {
  const gate = new SharedArrayBuffer(4);
  const job = await start(stuckSink, { params: { gate }, workers: 2, ringBytes: 4096 });
  await until(() => statesOf(job, 'numbers-time')[0] === 'numbers held', 'the source to be held up');
  const first = timeOf(job, 'numbers-time');
  assert.ok(Number.isFinite(first.watermark) && first.late === 0);
  // Longer than idleAfterMs: nothing is asked meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(statesOf(job, 'numbers-time'), ['numbers held']);
  Atomics.store(new Int32Array(gate), 0, 1);
  Atomics.notify(new Int32Array(gate), 0);
  await job.done;
  assert.equal(timeOf(job, 'numbers-time').late, 0);
});

test('rows that expire are counted once each, whatever tuples fail and threads die', TIMEOUT, async () => {
  const exited = new SharedArrayBuffer(4);
  const job = await start(expiring, { params: { keys: 1000, failEvery: 200, exited }, workers: 2 });
  const rows = await tuplesOf(job.output('counts'));
  await job.done;
  assert.equal(Atomics.load(new Int32Array(exited), 0), 1, 'a worker has exited');
  assert.ok(
    rows.every(({ seen }) => seen === 1),
    'no tuple has seen a row that has expired',
  );
  const { deadLetters, expired } = operatorOf(job, 'count');
  assert.equal(deadLetters, 10);
  const left = rows.filter((row) => row.left === 1).length;
  const made = rows.length - left;
  assert.deepEqual([made, expired], [1990, made - left]);
  // Of each key that is heard of twice the first row has expired, by its timer or when the second tuple came.
  assert.ok(expired >= 990, `${expired} rows`);
});

for (const [what, at, hints] of [
  ['seconds of our days', 1_774_000_000, ['a-time']],
  ['milliseconds of our days', 1_774_000_000_000, []],
  ['milliseconds of a clock that began at 0 a week ago', 604_800_000, []],
] as const) {
  test(`${what}, taken for milliseconds: ${hints.length === 0 ? 'no hint' : 'a hint'}`, TIMEOUT, async () => {
    const job = await start(met, { params: { idleAfterMs: 1000 }, workers: 1, spares: 0 });
    const reading = Promise.all([tuplesOf(job.output('late')), tuplesOf(job.output('out'))]);
    for (const ms of [at, at + 1]) await job.input('a').push({ key: 'k', at: ms });
    await until(() => timeOf(job, 'a-time').newestMs === at + 1, 'both');
    const before = job.reading().hints;
    job.input('a').end();
    job.input('b').end();
    await reading;
    await job.done;
    for (const told of [before, job.reading().hints]) {
      assert.deepEqual(
        told.map(({ operator }) => operator),
        hints,
      );
      for (const { option, text } of told) {
        assert.equal(option, 'withEventTime');
        assert.match(text, /1774000001, which is 1970-01-21T12:46:40\.001Z.*2026-03-20T09:46:41/);
      }
    }
  });
}
