// Goal: outputs are read once, tuple by tuple or in batches; who stops early holds nobody up, who does not read does.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import { twoOutputs } from '../kit/flows/control.ts';
import { batchesOf, noThreadLeft, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const run = (count: number, ringBytes?: number) =>
  start(twoOutputs, { params: { count }, workers: 1, ringBytes }) as unknown as Promise<
    Job<{ a: { n: number }; b: { n: number } }>
  >;
const expected = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

test('batches() gives the same tuples as iteration, and no empty batch', TIMEOUT, async () => {
  const count = 50_000;
  const job = await run(count);
  const [tuples, batches] = await Promise.all([tuplesOf(job.output('a')), batchesOf(job.output('b'))]);
  await job.done;
  assert.deepEqual(tuples, expected(count));
  assert.deepEqual(batches.flat(), expected(count));
  assert.ok(batches.every((batch) => batch.length > 0));
  assert.ok(batches.length < count / 10);
});

test('readable gives the same tuples as a Web stream, which is one reader', TIMEOUT, async () => {
  const count = 20_000;
  const job = await run(count, 4096);
  const output = job.output('a');
  const tuples: { n: number }[] = [];
  const writable = new WritableStream<{ n: number }>({ write: (tuple) => void tuples.push(tuple) });
  const [batches] = await Promise.all([batchesOf(job.output('b')), output.readable.pipeTo(writable)]);
  await job.done;
  assert.deepEqual(tuples, expected(count));
  assert.equal(batches.flat().length, count);
  assert.equal(output.readable, output.readable, 'one stream');
  thrown(() => output[Symbol.asyncIterator](), 'OUTPUT_TAKEN');
});

test('readable holds what nobody reads in the rings, and leaves the output when it is cancelled', TIMEOUT, async () => {
  const job = await run(100_000, 4096);
  const reader = job.output('a').readable.getReader();
  assert.deepEqual(await reader.read(), { done: false, value: { n: 0 } });
  const reading = tuplesOf(job.output('b'));
  for (let before = -1, now = 0; before !== now; await sleep(50)) {
    before = now;
    now = job.reading().operators.find(({ name }) => name === 'a')?.tuplesIn ?? 0;
  }
  assert.ok((job.reading().operators.find(({ name }) => name === 'a')?.tuplesIn ?? 0) < 50_000);
  await reader.cancel();
  assert.equal((await reading).length, 100_000);
  await job.done;
});

test(
  'an early break out of the iterator, or out of batches(), holds up neither the job nor the other output',
  TIMEOUT,
  async () => {
    const count = 100_000;
    for (const how of ['tuples', 'batches'] as const) {
      const job = await run(count, 4096);
      const reading = tuplesOf(job.output('b'));
      if (how === 'tuples') for await (const { n } of job.output('a')) if (n === 10) break;
      if (how === 'batches') for await (const batch of job.output('a').batches()) if (batch.length > 0) break;
      assert.equal((await reading).length, count);
      await job.done;
    }
  },
);

test('an output that nobody reads holds the job up; the job goes on when it is read', TIMEOUT, async () => {
  const count = 50_000;
  const job = await run(count, 4096);
  const reading = tuplesOf(job.output('a'));
  let done = false;
  void job.done.then(() => {
    done = true;
  });
  await sleep(50);
  assert.equal(done, false);
  assert.equal((await tuplesOf(job.output('b'))).length, count);
  assert.equal((await reading).length, count);
  await job.done;
});

test('outputs can be read after the job is done', TIMEOUT, async () => {
  const job = await run(100);
  await job.done;
  assert.deepEqual(await tuplesOf(job.output('a')), expected(100));
  assert.deepEqual((await batchesOf(job.output('b'))).flat(), expected(100));
});

test('an output that is taken twice: OUTPUT_TAKEN; one of another name: UNKNOWN_NAME', TIMEOUT, async () => {
  const job = await run(10);
  const output = job.output('a');
  output[Symbol.asyncIterator]();
  assert.equal(thrown(() => output[Symbol.asyncIterator](), 'OUTPUT_TAKEN').details.name, 'a');
  thrown(() => job.output('a').batches(), 'OUTPUT_TAKEN');
  const unknown = thrown(() => job.output('c' as 'a'), 'UNKNOWN_NAME');
  assert.deepEqual([unknown.details.name, unknown.details.known], ['c', ['a', 'b']]);
  await job.cancel();
});

test('next() called several times at once gives each tuple once, in order', TIMEOUT, async () => {
  const job = await run(1000);
  const iterator = job.output('a')[Symbol.asyncIterator]();
  const results = await Promise.all(Array.from({ length: 1005 }, () => iterator.next()));
  assert.deepEqual(
    results.slice(0, 1000).map(({ value }) => value),
    expected(1000),
  );
  assert.ok(results.slice(1000).every(({ done }) => done));
  await job.cancel();
});

test('after a break the iterator stays ended', TIMEOUT, async () => {
  const job = await run(10_000);
  const iterator = job.output('a')[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  assert.equal((await iterator.next()).done, true);
  await job.cancel();
});
