// Goal: a bound on a mailbox holds for all senders outside, loses nothing where it is to wait, and never lets an actor stand still.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inbox } from '../../src/index.ts';
import { testSystem } from '../../src/testing.ts';
import { counter, log } from '../kit/actors/probe.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { waiting1, waiting4 } from '../kit/actors/waiting.ts';
import { TIMEOUT, thrown } from '../kit/run-flow.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

for (const how of [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }]) {
  test(`7: as many messages are under way as the mailbox holds, for each copy of the reference, ${JSON.stringify(how)}`, async () => {
    for (const [definition, capacity] of [
      [waiting1, 1],
      [waiting4, 4],
    ] as const) {
      const system = testSystem({ handlerTimeoutMs: 0, supervision: { directive: 'resume' }, ...how });
      const ref = system.spawn(definition);
      const one = system.tested(ref);
      const gate = system.standIn(log);
      const held = one.tell.hold({ gate: gate.address });
      await held;
      for (const n of numbers(20)) void (n % 2 === 0 ? ref : system.ref(definition, ref.address)).tell.add({ n });
      await system.settled();
      // The one that is handled is one of them.
      assert.equal(one.waiting, capacity - 1);
      const other = system.spawn(definition);
      await other.tell.add({ n: 7 });
      assert.deepEqual(system.tested(other).state?.seen, [7]);
      void ref.tell.fail({});
      const seen = ref.ask.seen({}, { timeoutMs: 1e9 });
      ref.stop();
      for (const each of gate.received()) await each.reply({ lines: [] });
      await system.settled();
      assert.deepEqual(await seen, { seen: numbers(20) });
      assert.deepEqual(
        system.deadLetters().map(({ message }) => message),
        ['fail'],
      );
      assert.equal(one.isThere, false);
      await ref.tell.add({ n: 1 });
      assert.equal(system.deadLetters().length, 1);
    }
  });

  test(`5: an actor is not held back by its own mailbox, ${JSON.stringify(how)}`, async () => {
    const system = testSystem(how);
    const one = system.tested(system.spawn(waiting1));
    await one.tell.flood({ times: 50 });
    assert.deepEqual(one.state?.seen, numbers(50));
  });
}

test(
  '5, 7: all that is told is handled, in order, and stop() waits for what is held back, on two workers',
  TIMEOUT,
  () =>
    withSystem({ workers: 2, ringBytes: 4096 }, async (system) => {
      const [one, unawaited, other] = [system.spawn(waiting1), system.spawn(waiting4), system.spawn(counter)];
      for (const n of numbers(300)) void unawaited.tell.add({ n });
      for (const n of numbers(300)) {
        await one.tell.add({ n });
        if (n % 50 === 0) await other.ask.add({ n: 1 });
      }
      assert.deepEqual(await one.ask.seen({}), { seen: numbers(300) });
      const seen = unawaited.ask.seen({}, { timeoutMs: 50_000 });
      await system.stop();
      assert.deepEqual(await seen, { seen: numbers(300) });
    }),
);

test('an inbox cannot hold actors back', () => {
  thrown(() => inbox(import.meta.url, 'waits', { messages: {}, mailbox: { full: 'wait' } }), 'BAD_ACTOR');
});
