// Goal: a promise tells whether anybody waits for it, however that is written; and one that rejects unheard ends no process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeardPromise } from '../../src/supervisor/job/notices/heard-promise.ts';

const WAYS: readonly [string, (promise: Promise<number>) => unknown][] = [
  ['await', async (promise) => await promise],
  ['then', (promise) => promise.then(() => {})],
  ['catch', (promise) => promise.catch(() => {})],
  ['finally', (promise) => promise.finally(() => {})],
  ['Promise.all', (promise) => Promise.all([promise])],
  ['Promise.race', (promise) => Promise.race([promise, 1])],
  ['Promise.allSettled', (promise) => Promise.allSettled([promise])],
  ['the return of an async function', async (promise) => promise],
];

for (const [how, hear] of WAYS) {
  test(`heard by ${how}`, async () => {
    const promise = HeardPromise.of(Promise.resolve(5));
    assert.equal(promise.isHeard, false);
    await hear(promise);
    assert.equal(promise.isHeard, true);
  });
}

test('it is a promise with the outcome of another one, and what follows from it is a plain one', async () => {
  const promise = HeardPromise.of(Promise.resolve(5));
  assert.ok(promise instanceof Promise);
  assert.equal(await promise, 5);
  assert.equal(promise.then(() => {}).constructor, Promise);
  await assert.rejects(HeardPromise.of(Promise.reject(new Error('no'))), /no/);
});

test('a rejection that nobody hears is no unhandled one', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const promise = HeardPromise.of(Promise.reject(new Error('nobody')));
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
  assert.equal(promise.isHeard, false);
});
