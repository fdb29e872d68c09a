// Goal: no wake-up is lost between real threads, and none is sent that nobody waits for.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { WakeWords } from '../../src/mailbox/wake.ts';
import type { PartnerData } from '../kit/apps/wake-partner.ts';

const ROUNDS = 30_000;
const LOST_AFTER_MS = 10_000;

// A pending waitAsync alone does not keep a process alive.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

test('ping-pong between two threads loses no wake-up', { timeout: 60_000 }, async () => {
  const data: PartnerData = {
    wakeWords: WakeWords.allocate(2),
    counters: new SharedArrayBuffer(8),
    rounds: ROUNDS,
  };
  const words = new WakeWords(data.wakeWords);
  const cells = new Int32Array(data.counters);
  const worker = new Worker(new URL('../kit/apps/wake-partner.js', import.meta.url), { workerData: data });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  for (let round = 1; round <= ROUNDS; round++) {
    Atomics.store(cells, 0, round);
    words.wake(1);
    while (Atomics.load(cells, 1) < round) {
      const ticket = words.announcePark(0);
      if (Atomics.load(cells, 1) >= round) {
        words.stayAwake(0);
        break;
      }
      const outcome = await words.sleep(0, ticket, LOST_AFTER_MS);
      assert.notEqual(outcome, 'timed-out', `a wake-up was lost in round ${round}`);
    }
  }
  assert.equal(await exited, 0);
});

const isSettled = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), delay(20).then(() => false)]);

test('a wake between the announcement and the sleep is seen at once', () => {
  const words = new WakeWords(WakeWords.allocate(1));
  const ticket = words.announcePark(0);
  words.wake(0);
  assert.equal(words.sleep(0, ticket, undefined), undefined);
});

test('a wake before the announcement is not remembered: the re-check finds what it was for', async () => {
  const words = new WakeWords(WakeWords.allocate(1));
  words.wake(0);
  const ticket = words.announcePark(0);
  assert.equal(await words.sleep(0, ticket, 1), 'timed-out');
});

test('a host that stays awake is not notified, and its next park works', async () => {
  const words = new WakeWords(WakeWords.allocate(2));
  const ticket = words.announcePark(0);
  words.stayAwake(0);
  words.wake(0);
  // Nobody was parked, so the word has not moved.
  const sleeping = words.sleep(0, ticket, 1000) as Promise<unknown>;
  assert.equal(await isSettled(sleeping), false);
  words.announcePark(0);
  words.wake(1);
  assert.equal(await isSettled(sleeping), false);
  words.wake(0);
  assert.equal(await sleeping, 'ok');
});

test('an unconditional wake reaches a host whose flag is not set', async () => {
  const words = new WakeWords(WakeWords.allocate(3));
  const ticket = words.announcePark(2);
  const sleeping = words.sleep(2, ticket, 5000);
  words.stayAwake(2);
  words.wakeUnconditionally(2);
  assert.equal(await sleeping, 'ok');
});

test('all waiters of a host are woken', async () => {
  const words = new WakeWords(WakeWords.allocate(1));
  const ticket = words.announcePark(0);
  const waiters = [0, 1, 2].map(() => words.sleep(0, ticket, 5000));
  words.wake(0);
  assert.deepEqual(await Promise.all(waiters), ['ok', 'ok', 'ok']);
});
