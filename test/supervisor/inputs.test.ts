// Goal: a push source takes what the app gives it, exactly and in order, makes the app wait when there is no room, and says so
// when it takes no more.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { appToApp, fromApp } from '../kit/flows/sources.ts';
import { noThreadLeft, rejection, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const tuple = (n: number) => ({ n, text: `text ${n}` });

test('push makes the app await room in a small ring, and loses nothing', TIMEOUT, async () => {
  const count = 20_000;
  const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
  const input = job.input('app');
  const reading = tuplesOf(job.output('out'));
  let waits = 0;
  for (let n = 0; n < count; n++) {
    const room = input.push(tuple(n));
    if (room === undefined) continue;
    waits++;
    await room;
  }
  input.end();
  assert.deepEqual(
    await reading,
    Array.from({ length: count }, (_, n) => tuple(n)),
  );
  await job.done;
  assert.ok(waits > 50, `${waits} waits for room`);
});

test('pushAll takes any iterable and waits for room itself', TIMEOUT, async () => {
  const count = 20_000;
  const job = await start(fromApp, { workers: 1, ringBytes: 1 << 14 });
  const reading = tuplesOf(job.output('out'));
  await job.input('app').pushAll(
    (function* () {
      for (let n = 0; n < count; n++) yield tuple(n);
    })(),
  );
  job.input('app').end();
  assert.equal((await reading).length, count);
  await job.done;
});

test('pushAll takes an async iterable, and waits for room and for the iterable', TIMEOUT, async () => {
  const count = 5000;
  const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
  const reading = tuplesOf(job.output('out'));
  await job.input('app').pushAll(
    (async function* () {
      for (let n = 0; n < count; n++) yield tuple(n);
    })(),
  );
  job.input('app').end();
  assert.deepEqual(
    await reading,
    Array.from({ length: count }, (_, n) => tuple(n)),
  );
  await job.done;
});

test('what is no iterable is refused by pushAll: BAD_OPTION', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1 });
  for (const tuples of [tuple(1), null, 5]) await rejection(job.input('app').pushAll(tuples as never), 'BAD_OPTION');
  await job.cancel();
});

test(
  'writable takes what a Web stream gives, with back-pressure, and ends the input when it is closed',
  TIMEOUT,
  async () => {
    const count = 5000;
    const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
    let given = 0;
    const numbers = new ReadableStream<{ n: number; text: string }>({
      pull(controller) {
        if (given === count) controller.close();
        else controller.enqueue(tuple(given++));
      },
    });
    const input = job.input('app');
    assert.equal(input.writable, input.writable, 'one stream');
    const piping = numbers.pipeTo(input.writable);
    // Nobody reads: the ring fills, and the stream is not asked for all.
    for (let before = -1; before !== given; await new Promise((resolve) => setTimeout(resolve, 50))) before = given;
    assert.ok(given < count, `${given} of ${count} were taken, though there was no room`);
    const tuples = await tuplesOf(job.output('out'));
    await piping;
    await job.done;
    assert.deepEqual(
      tuples,
      Array.from({ length: count }, (_, n) => tuple(n)),
    );
  },
);

test('a Web stream that breaks off cancels the job: what has come is not the whole', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1 });
  const broken = new Error('the line is dead');
  const numbers = new ReadableStream<{ n: number; text: string }>({
    start: (controller) => controller.enqueue(tuple(0)),
    pull: (controller) => controller.error(broken),
  });
  const done = rejection(job.done, 'JOB_CANCELLED');
  await assert.rejects(numbers.pipeTo(job.input('app').writable), broken);
  assert.equal((await done).cause, broken);
});

test('who does not await room spills into the outbox, in order, up to its limit: OUTBOX_FULL', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1, ringBytes: 4096, outboxBytes: 1 << 18 });
  const input = job.input('app');
  let pushed = 0;
  const error = thrown(() => {
    for (;;) {
      void input.push(tuple(pushed))?.catch(() => {});
      pushed++;
    }
  }, 'OUTBOX_FULL');
  assert.equal(error.details.operator, 'app');
  assert.match(error.message, /await push\(\)/);
  await job.cancel();
});

test('what spilled into the outbox comes out before end()', TIMEOUT, async () => {
  const count = 5000;
  const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
  const input = job.input('app');
  for (let n = 0; n < count; n++) void input.push(tuple(n));
  input.end();
  assert.deepEqual(
    await tuplesOf(job.output('out')),
    Array.from({ length: count }, (_, n) => tuple(n)),
  );
  await job.done;
});

test('what is pushed in one tick, and fits in parts only, comes out though nobody pushes again', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
  const output = job.output('out')[Symbol.asyncIterator]();
  let from = 0;
  // Each push() finds the room that it needs; all of a tick need not, where the ring comes round at a bad place.
  const sized = (n: number) => ({ n, text: 'x'.repeat((n * 397) % 900) });
  for (let i = 0; i < 500; i++) {
    const to = from + 1 + (i % 4);
    for (let n = from; n < to; n++) job.input('app').push(sized(n));
    for (; from < to; from++) assert.deepEqual((await output.next()).value, sized(from));
  }
  await job.stop().catch(() => {});
  await job.done;
});

test('a pushed tuple is processed without a second one pushing it on', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1 });
  const output = job.output('out')[Symbol.asyncIterator]();
  for (let n = 0; n < 20; n++) {
    await job.input('app').push(tuple(n));
    assert.deepEqual((await output.next()).value, tuple(n));
  }
  await job.stop().catch(() => {});
  await job.done;
});

test('push after end() and after the end of the job: JOB_CLOSED', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1 });
  const input = job.input('app');
  input.push(tuple(0));
  input.end();
  input.end();
  thrown(() => input.push(tuple(1)), 'JOB_CLOSED');
  await rejection(input.pushAll([tuple(1)]), 'JOB_CLOSED');
  assert.deepEqual(await tuplesOf(job.output('out')), [tuple(0)]);
  await job.done;
  thrown(() => input.push(tuple(1)), 'JOB_CLOSED');
});

test('an app that waits for room when the job is cancelled hears of it: JOB_CLOSED', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
  const input = job.input('app');
  const pushing = input.pushAll(Array.from({ length: 100_000 }, (_, n) => tuple(n)));
  const refused = rejection(pushing, 'JOB_CLOSED');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await job.cancel();
  await refused;
});

test('an input of another name: UNKNOWN_NAME with the known ones', TIMEOUT, async () => {
  const job = await start(fromApp, { workers: 1 });
  const error = thrown(() => job.input('none' as 'app'), 'UNKNOWN_NAME');
  assert.deepEqual(error.details.known, ['app']);
  await job.cancel();
});

test('push straight into collect, with no actor on a worker between them', TIMEOUT, async () => {
  const job = await start(appToApp, { workers: 1 });
  const reading = tuplesOf(job.output('out'));
  await job.input('app').pushAll([{ n: 1 }, { n: 2 }]);
  job.input('app').end();
  assert.deepEqual(await reading, [{ n: 1 }, { n: 2 }]);
  await job.done;
});
