// Goal: a job ends in exactly one way. stop() processes everything that was accepted; cancel() and an AbortSignal end at once;
// afterwards no thread is left, and everyone who waits hears of it.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import { Cell, endless, endlessOutput, waiting } from '../kit/flows/control.ts';
import { chain } from '../kit/flows/operators.ts';
import { fromApp } from '../kit/flows/sources.ts';
import { latestRates } from '../kit/readings.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const outcomesOf = (job: Job<never>): string[] => {
  const outcomes: string[] = [];
  job.on('ended', ({ outcome }) => outcomes.push(outcome), { past: true });
  return outcomes;
};

for (const [what, options] of [
  ['at full speed', {}],
  ['through 4 KiB rings', { ringBytes: 4096 }],
  ['with a linger time', { lingerMs: 50 }],
] as const) {
  test(`stop() of an endless source processes every tuple that it has made, ${what}`, TIMEOUT, async () => {
    const seen = new SharedArrayBuffer(16);
    const cells = new Int32Array(seen);
    const job = await start(endless, { params: { seen }, workers: 2, ...options });
    const outcomes = outcomesOf(job as Job<never>);
    await until(() => Atomics.load(cells, Cell.processed) > 5000, 'some tuples');
    await job.stop();
    await job.done;
    const made = cells[Cell.made];
    assert.equal(cells[Cell.processed], made);
    assert.equal(cells[Cell.sum] >>> 0, Number(((BigInt(made) * BigInt(made - 1)) / 2n) % (1n << 32n)));
    assert.deepEqual(outcomes, ['done']);
  });
}

test('stop() of a push source processes what was pushed, and what waits in its outbox', TIMEOUT, async () => {
  const count = 5000;
  const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
  for (let n = 0; n < count; n++) void job.input('app').push({ n, text: 'x' });
  const reading = tuplesOf(job.output('out'));
  await job.stop();
  assert.equal((await reading).length, count);
  await job.done;
});

test('stop() waits for the app to read its outputs', TIMEOUT, async () => {
  const job = await start(endlessOutput, { workers: 1, ringBytes: 1 << 14 });
  const rates = latestRates(job);
  await until(() => rates().operators[0].blocked > 0.5, 'the rings to be full');
  let stopped = false;
  const stopping = job.stop().then(() => {
    stopped = true;
  });
  await sleep(50);
  assert.equal(stopped, false, 'tuples still wait in rings');
  const tuples = await tuplesOf(job.output('out'));
  for (const [i, { n }] of tuples.entries()) assert.equal(n, i);
  await stopping;
});

test('stop() twice, and after the end, resolves', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 1 }, workers: 1 });
  await Promise.all([job.stop(), job.stop()]);
  await job.stop();
  await job.done;
});

test('cancel() ends a running job at once: done rejects with JOB_CANCELLED and its reason', TIMEOUT, async () => {
  const seen = new SharedArrayBuffer(16);
  const job = await start(endless, { params: { seen }, workers: 2 });
  const outcomes = outcomesOf(job as Job<never>);
  const reason = new Error('enough');
  await job.cancel(reason);
  const error = await rejection(job.done, 'JOB_CANCELLED');
  assert.equal(error.cause, reason);
  assert.equal(error.details.flow, 'endless');
  assert.deepEqual(outcomes, ['cancelled']);
  const made = Atomics.load(new Int32Array(seen), Cell.made);
  await sleep(20);
  assert.equal(Atomics.load(new Int32Array(seen), Cell.made), made, 'nobody works on');
  await job.cancel();
  await rejection(job.stop(), 'JOB_CANCELLED');
});

test('cancel() after the end changes nothing', TIMEOUT, async () => {
  const job = await start(chain, { params: { count: 10, fuse: true }, workers: 1 });
  await tuplesOf(job.output('out'));
  await job.done;
  await job.cancel();
  await job.done;
});

test('an output of a cancelled job yields what is there, then throws JOB_CANCELLED', TIMEOUT, async () => {
  const job = await start(endlessOutput, { workers: 1, ringBytes: 1 << 14 });
  const iterator = job.output('out')[Symbol.asyncIterator]();
  assert.deepEqual(await iterator.next(), { done: false, value: { n: 0 } });
  await job.cancel();
  const rest = (async () => {
    for (let expected = 1; ; expected++) {
      const { done, value } = await iterator.next();
      if (done) return;
      assert.deepEqual(value, { n: expected });
    }
  })();
  await rejection(rest, 'JOB_CANCELLED');
});

test('a reader that waits when the job is cancelled hears of it', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 1 }, workers: 1 });
  const reading = rejection(tuplesOf(job.output('out')), 'JOB_CANCELLED');
  await sleep(10);
  await job.cancel();
  await reading;
});

test('an AbortSignal that is aborted before the start: run() rejects, and nothing starts', TIMEOUT, async () => {
  const signal = AbortSignal.abort('too late');
  const error = await rejection(waiting.run({ params: { actors: 1 }, workers: 1, signal }), 'JOB_CANCELLED');
  assert.equal(error.cause, 'too late');
});

test('an AbortSignal that is aborted during the start: run() rejects', TIMEOUT, async () => {
  for (const afterMs of [0, 5, 30]) {
    const controller = new AbortController();
    const starting = rejection(
      waiting.run({ params: { actors: 1 }, workers: 2, signal: controller.signal }).then((job) => job.done),
      'JOB_CANCELLED',
    );
    await sleep(afterMs);
    controller.abort();
    await starting;
    await noThreadLeft();
  }
});

test('an AbortSignal that is aborted while the job runs cancels it, with its reason', TIMEOUT, async () => {
  const controller = new AbortController();
  const seen = new SharedArrayBuffer(16);
  const job = await start(endless, { params: { seen }, workers: 1, signal: controller.signal });
  const reason = new Error('abort');
  controller.abort(reason);
  const error = await rejection(job.done, 'JOB_CANCELLED');
  assert.equal(error.cause, reason);
});

test(
  'an AbortSignal that is aborted after the end changes nothing, and the job keeps no listener on it',
  TIMEOUT,
  async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const job = await start(chain, { params: { count: 10, fuse: true }, workers: 1, signal });
    await tuplesOf(job.output('out'));
    await job.done;
    await sleep(1);
    assert.equal(listeners, 0);
    controller.abort();
    await job.done;
  },
);

test('events of a job that is done: started, each operator ended once, ended', TIMEOUT, async () => {
  const job = await start(chain, { params: { count: 1000, fuse: false }, workers: 2 });
  const events: string[] = [];
  const off = job.on('*', (event) => void events.push(event.type === 'operatorEnded' ? event.operator : event.type), {
    past: true,
  });
  await tuplesOf(job.output('out'));
  await job.done;
  assert.equal(events[0], 'started');
  assert.equal(events.at(-1), 'ended');
  assert.deepEqual(events.slice(1, -1).sort(), ['copies', 'numbers', 'triple', 'wanted']);
  off();
});

test('a listener that is taken off hears nothing more', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 1 }, workers: 1 });
  const events: string[] = [];
  const off = job.on('*', (event) => void events.push(event.type), { past: true });
  off();
  await job.stop();
  assert.deepEqual(events, ['started']);
});

test('two jobs of one flow run side by side', TIMEOUT, async () => {
  const jobs = await Promise.all(
    [1, 2].map((count) => start(chain, { params: { count: count * 1000, fuse: true }, workers: 1 })),
  );
  const results = await Promise.all(jobs.map((job) => tuplesOf(job.output('out'))));
  await Promise.all(jobs.map((job) => job.done));
  assert.ok(results[1].length > results[0].length);
});
