// Goal: a thread looks on only where a core is free for it, and less and less often where that finds nothing.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { LookOut } from '../../src/mailbox/look-out.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';

/** A clock that moves by a microsecond whenever it is asked. */
function countingClock(): () => number {
  let now = 0;
  return () => {
    now += 0.001;
    return now;
  };
}

const hosts = availableParallelism() + 1;

test('it finds what comes while it looks', () => {
  const lookOut = new LookOut(new WakeWords(WakeWords.allocate(hosts)), countingClock());
  for (let round = 0; round < 100; round++) {
    let looks = 0;
    assert.ok(lookOut.finds(() => ++looks === 20));
  }
});

test('after looks in vain it skips more and more, up to a bound', () => {
  const lookOut = new LookOut(new WakeWords(WakeWords.allocate(hosts)), countingClock());
  let looked = 0;
  const parks = 10_000;
  for (let park = 0; park < parks; park++) {
    let looks = 0;
    lookOut.finds(() => {
      looks++;
      return false;
    });
    if (looks > 0) looked++;
  }
  assert.ok(looked > parks / 100 && looked < parks / 50, `looked before ${looked} of ${parks} parks`);
  // What it finds then makes it look again.
  while (!lookOut.finds(() => true));
  assert.ok(lookOut.finds(() => true));
});

test('it does not look while as many threads are awake as there are cores, beside its own', () => {
  const words = new WakeWords(WakeWords.allocate(hosts));
  const lookOut = new LookOut(words, countingClock());
  for (let host = 0; host < hosts; host++) words.stayAwake(host);
  assert.equal(words.awake(), hosts);
  assert.ok(!lookOut.finds(() => true));
  words.announcePark(0);
  assert.ok(lookOut.finds(() => true));
  words.stayAwake(0);
  words.leave(1);
  assert.ok(lookOut.finds(() => true));
});
