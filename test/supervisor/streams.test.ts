// Goal: streams at both ends of a job. A stream that a worker opens counts once through crashes where it can be opened again, and
// fails the job where it cannot; one that the app pushes counts once in any case. Streams of Node.js keep back-pressure, carry the
// job's error, and let go of the job when they are destroyed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import { twoOutputs } from '../kit/flows/control.ts';
import { appToApp, fromApp, fromStream, fromValues, misfitting, type StreamParams } from '../kit/flows/sources.ts';
import { noThreadLeft, rejection, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const upTo = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const COUNT = 30_000;

for (const kind of ['node', 'web', 'iterable'] as const) {
  for (const resume of ['replay', 'seek'] as const) {
    test(
      `a ${kind} stream that can be opened again counts once, though its worker dies: ${resume}`,
      TIMEOUT,
      async () => {
        const openings = new Int32Array(new SharedArrayBuffer(4));
        const params: StreamParams = { count: COUNT, kind, resume, openings };
        const job = await start(fromStream, { params, workers: 1, ringBytes: 4096 });
        const tuples: { n: number }[] = [];
        for await (const tuple of job.output('out')) {
          tuples.push(tuple);
          if (tuples.length === COUNT / 3) await job.killWorker(job.workers()[0].worker);
        }
        await job.done;
        assert.deepEqual(tuples, upTo(COUNT));
        assert.equal(openings[0], 2);
      },
    );
  }
}

test('a stream that cannot be opened again fails the job; what came out before is its beginning', TIMEOUT, async () => {
  const openings = new Int32Array(new SharedArrayBuffer(4));
  const params: StreamParams = { count: COUNT, kind: 'node', openings };
  const job = await start(fromStream, { params, workers: 1, ringBytes: 4096 });
  const tuples: { n: number }[] = [];
  const reading = (async () => {
    for await (const tuple of job.output('out')) {
      tuples.push(tuple);
      if (tuples.length === 1000) await job.killWorker(0);
    }
  })();
  const [error] = await Promise.all([rejection(job.done, 'INPUT_STREAM'), rejection(reading, 'INPUT_STREAM')]);
  assert.match(error.message, /opened again after tuple \d+/);
  assert.ok(tuples.length >= 1000 && tuples.length < COUNT);
  assert.deepEqual(tuples, upTo(tuples.length));
  assert.equal(openings[0], 1);
});

test('without a crash it is read to its end', TIMEOUT, async () => {
  const job = await start(fromStream, { params: { count: COUNT, kind: 'web' }, workers: 1 });
  assert.deepEqual(await tuplesOf(job.output('out')), upTo(COUNT));
  await job.done;
});

test('a stream that the app pushes counts once, though workers die', TIMEOUT, async () => {
  for (const how of ['pushAll', 'nodeWritable', 'writable'] as const) {
    const job = await start(fromApp, { workers: 1, ringBytes: 4096 });
    const input = job.input('app');
    const tuples = Array.from({ length: COUNT }, (_, n) => ({ n, text: `text ${n}` }));
    const pushing = {
      pushAll: () => input.pushAll(Readable.from(tuples)).then(() => input.end()),
      nodeWritable: () => pipeline(Readable.from(tuples), input.nodeWritable),
      writable: () => ReadableStream.from(tuples).pipeTo(input.writable as WritableStream),
    }[how]();
    const got: object[] = [];
    for await (const tuple of job.output('out')) {
      got.push(tuple);
      if (got.length % 10_000 === 0)
        await job.killWorker(job.workers().filter(({ state }) => state === 'active')[0].worker);
    }
    await pushing;
    await job.done;
    assert.deepEqual(got, tuples, how);
  }
});

test('a tuple that fails is named where its stream cannot be opened again', TIMEOUT, async () => {
  const job = await start(misfitting, { workers: 1 });
  const error = await rejection(job.done, 'INPUT_STREAM');
  assert.match(error.message, /opened again.*had failed: .*field 'n'.*"x"/);
  assert.match(String((error.cause as Error).message), /field 'n'.*"x"/);
});

test('nodeWritable waits for room', TIMEOUT, async () => {
  const job = await start(appToApp, { ringBytes: 4096 });
  const input = job.input('app');
  assert.equal(input.nodeWritable, input.nodeWritable, 'one stream');
  let given = 0;
  async function* numbers() {
    while (given < COUNT) yield { n: given++ };
  }
  const piping = pipeline(Readable.from(numbers()), input.nodeWritable);
  for (let before = -1; before !== given; await sleep(50)) before = given;
  assert.ok(given < COUNT, `${given} of ${COUNT} were taken, though there was no room`);
  assert.deepEqual(await tuplesOf(job.output('out')), upTo(COUNT));
  await piping;
  await job.done;
});

test('a stream that breaks off cancels the job, and so does a tuple that does not fit', TIMEOUT, async () => {
  const cause = new Error('the line broke');
  async function* broken() {
    yield { n: 1 };
    throw cause;
  }
  for (const [numbers, of] of [
    [broken(), cause],
    [[{ n: 1 }, { n: -1 }], undefined],
  ] as const) {
    const job = await start(appToApp, {});
    const reading = tuplesOf(job.output('out'));
    const piping = pipeline(Readable.from(numbers), job.input('app').nodeWritable);
    const [error] = await Promise.all([
      rejection(job.done, 'JOB_CANCELLED'),
      rejection(reading, 'JOB_CANCELLED'),
      of === undefined ? rejection(piping, 'BAD_VALUE') : assert.rejects(piping, of),
    ]);
    if (of !== undefined) assert.equal(error.cause, of);
  }
  const job = await start(appToApp, {});
  const reading = tuplesOf(job.output('out'));
  job.input('app').nodeWritable.destroy();
  await Promise.all([rejection(job.done, 'JOB_CANCELLED'), rejection(reading, 'JOB_CANCELLED')]);
});

const twice = (count: number, ringBytes?: number) =>
  start(twoOutputs, { params: { count }, workers: 1, ringBytes }) as unknown as Promise<
    Job<{ a: { n: number }; b: { n: number } }>
  >;

test('nodeReadable gives the same tuples, and is one reader', TIMEOUT, async () => {
  const job = await twice(COUNT, 4096);
  const output = job.output('a');
  const tuples: { n: number }[] = [];
  const slow = new Writable({
    objectMode: true,
    write(tuple, _encoding, callback) {
      tuples.push(tuple);
      if (tuples.length % 100 === 0) setImmediate(callback);
      else callback();
    },
  });
  await Promise.all([tuplesOf(job.output('b')), pipeline(output.nodeReadable, slow)]);
  await job.done;
  assert.deepEqual(tuples, upTo(COUNT));
  assert.equal(output.nodeReadable, output.nodeReadable, 'one stream');
  thrown(() => output[Symbol.asyncIterator](), 'OUTPUT_TAKEN');
});

test('an output without a tuple is a stream without a chunk', TIMEOUT, async () => {
  const job = await start(fromValues, { params: { count: 0, isAsync: false } });
  assert.deepEqual(await job.output('out').nodeReadable.toArray(), []);
  await job.done;
});

test(
  'nodeReadable holds what nobody reads in the rings, and leaves the output when it is destroyed',
  TIMEOUT,
  async () => {
    const job = await twice(100_000, 4096);
    const stream = job.output('a').nodeReadable;
    await once(stream, 'readable');
    assert.deepEqual(stream.read(), { n: 0 });
    const reading = tuplesOf(job.output('b'));
    const readOfA = () => job.reading().operators.find(({ name }) => name === 'a')?.tuplesIn ?? 0;
    for (let before = -1; before !== readOfA(); await sleep(50)) before = readOfA();
    assert.ok(readOfA() < 50_000);
    stream.destroy();
    assert.equal((await reading).length, 100_000);
    await job.done;
  },
);

test('a stream that is destroyed while it waits ends the job whose only output it is', TIMEOUT, async () => {
  const job = await start(appToApp, {});
  const stream = job.output('out').nodeReadable;
  stream.resume();
  await sleep(20);
  stream.destroy();
  await job.done;
});

test('a job that fails destroys nodeReadable with its error, behind what was committed', TIMEOUT, async () => {
  const job = await start(fromStream, { params: { count: COUNT, kind: 'node' }, workers: 1, ringBytes: 4096 });
  const stream = job.output('out').nodeReadable;
  const tuples: { n: number }[] = [];
  const reading = (async () => {
    for await (const tuple of stream) {
      tuples.push(tuple);
      if (tuples.length === 1000) await job.killWorker(0);
    }
  })();
  const errors = await Promise.all([rejection(job.done, 'INPUT_STREAM'), rejection(reading, 'INPUT_STREAM')]);
  assert.equal(errors[0], errors[1]);
  assert.deepEqual(tuples, upTo(tuples.length));
  assert.ok(stream.destroyed);
});
