// Goal: a wait fails after its limit of ticks, however much time one tick takes, and long waits are told in one text, ever more rarely.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/platform/clock.ts';
import { Patience } from '../../src/workers/patience.ts';

/** Timers that fire when they are told to. */
function handClock() {
  const timers = new Set<{ ms: number; action: () => void }>();
  const clock: Clock = {
    now: () => 0,
    sharedNow: () => 0,
    epochMs: () => 0,
    yield: () => Promise.resolve(),
    after: (ms, action) => {
      const timer = { ms, action };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    every: () => assert.fail('ticks are ordered one by one'),
  };
  /** Fires what is due once; returns the time that it had been ordered for. */
  const tick = (): number => {
    const [timer] = timers;
    timers.delete(timer);
    timer.action();
    return timer.ms;
  };
  return { clock, tick, timers };
}

const failure = () => new Error('it has not come');

test('a wait fails after as many ticks as make up the limit, and not before', async () => {
  for (const limitMs of [100, 60_000]) {
    const { clock, tick, timers } = handClock();
    const patience = new Patience(clock, limitMs, () => {});
    let error: unknown;
    patience.await(new Promise(() => {}), { what: 'x', failure }).catch((rejected) => {
      error = rejected;
    });
    let waitedMs = 0;
    let ticks = 0;
    while (timers.size > 0) {
      await Promise.resolve();
      assert.equal(error, undefined);
      waitedMs += tick();
      ticks++;
    }
    await new Promise(setImmediate);
    assert.ok(waitedMs >= limitMs - 1e-6 && waitedMs < limitMs * 1.06, `${waitedMs} of ${limitMs} ms`);
    assert.ok(ticks >= 20, 'one late tick is a small part of the limit');
    assert.match(String(error), /it has not come/);
  }
});

test('what comes, or fails, in time is passed on, and no timer is left', async () => {
  const { clock, tick, timers } = handClock();
  const patience = new Patience(clock, 100, () => {});
  let come!: (value: number) => void;
  const value = patience.await(new Promise<number>((resolve) => (come = resolve)), { what: 'x', failure });
  tick();
  come(7);
  assert.equal(await value, 7);
  await assert.rejects(patience.await(Promise.reject(new Error('no')), { what: 'x', failure }), /no/);
  assert.equal(timers.size, 0);
});

test('long waits are told together, after 5 s, 20 s, 80 s', async () => {
  const { clock, tick } = handClock();
  const told: string[] = [];
  let waitedMs = 0;
  const patience = new Patience(clock, 200_000, (text) => told.push(`${waitedMs / 1000} ${text}`));
  for (const what of ['a', 'b', 'c', 'd', 'e']) {
    patience.await(new Promise(() => {}), { what, failure }).catch(() => {});
  }
  while (waitedMs < 199_000) {
    waitedMs += 500;
    assert.equal(tick(), 500);
  }
  assert.deepEqual(told, [
    "5 waits for a, b, c and 2 more: 5 s so far, 200 s at most ('startTimeoutMs')",
    "20 waits for a, b, c and 2 more: 20 s so far, 200 s at most ('startTimeoutMs')",
    "80 waits for a, b, c and 2 more: 80 s so far, 200 s at most ('startTimeoutMs')",
  ]);
});
