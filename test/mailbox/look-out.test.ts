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
  assert.ok(looked > parks / 32 && looked < parks / 8, `looked before ${looked} of ${parks} parks`);
  // What it finds then makes it look again.
  while (!lookOut.finds(() => true));
  assert.ok(lookOut.finds(() => true));
});

test('it does not look where more threads may want a core than there are', () => {
  const words = new WakeWords(WakeWords.allocate(hosts));
  const lookOut = new LookOut(words, countingClock());
  for (let host = 0; host < hosts; host++) words.join(host);
  assert.equal(words.atWork(), hosts);
  assert.ok(!lookOut.finds(() => true));
  words.leave(1);
  assert.ok(lookOut.finds(() => true));
});
