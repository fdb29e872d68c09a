// Goal: an end is told once, truly, and to all who are concerned; what is left over finds its way, or is told of.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MillraceError } from '../../src/index.ts';
import { testSystem } from '../../src/testing.ts';
import { speaker, watcher } from '../kit/actors/asking.ts';
import { hoarder, lingerer } from '../kit/actors/ending.ts';
import { counter, log } from '../kit/actors/probe.ts';
import { asked, withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

const WAYS = [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const FOR_EVER = { timeoutMs: 1e9 };

for (const how of WAYS) {
  test(`19: an end is told once, behind the last words, with its reason${named(how)}`, async () => {
    const ways = ['stops', 'is stopped twice', 'throws', 'dead before'] as const;
    for (const way of ways) {
      for (const watches of [0, 1, 3]) {
        const system = testSystem({ supervision: { directive: way === 'throws' ? 'stop' : 'restart' }, ...how });
        const lines = system.spawn(log);
        const target = system.spawn(speaker);
        const [one, other] = [0, 1].map(() => system.spawn(watcher, { args: { log: lines.address } }));
        const { address } = target;
        await target.ask.get({}, FOR_EVER);
        if (way === 'dead before') {
          target.stop();
          await system.settled();
        }
        for (let i = 0; i < watches; i++) await one.ask.watch({ address }, FOR_EVER);
        await other.ask.watch({ address }, FOR_EVER);
        await other.ask.unwatch({ address }, FOR_EVER);
        const isDead = way === 'dead before';
        if (!isDead) {
          await system.settled();
          if (way === 'is stopped twice') {
            target.stop();
            target.stop({ now: true });
          } else await target.tell.last({ to: one.address, way: way === 'throws' ? 'throw' : 'stop' });
        }
        await system.settled();
        const reason = isDead ? 'gone' : way === 'throws' ? 'failed' : 'stopped';
        const told = Array.from({ length: isDead ? watches : Math.min(1, watches) }, () => `${reason} ${address}`);
        const words = way === 'stops' || way === 'throws' ? ['last words'] : [];
        const heard = (await lines.ask.all({}, FOR_EVER)).lines;
        // One who has been told that somebody is gone may watch it again; `other` has unwatched it in time, or been told before.
        const own = isDead ? heard.slice(0, watches) : heard;
        assert.deepEqual(own, [...words, ...told], `${way}, watched ${watches} times`);
        assert.equal((await system.watch(target)).reason, 'gone');
      }
    }
  });

  test(`19: a virtual actor that is not there is told of at once, with its key${named(how)}`, async () => {
    const system = testSystem(how);
    const lines = system.spawn(log);
    const one = system.spawn(watcher, { args: { log: lines.address } });
    const target = system.get(speaker, 'some key');
    await one.ask.watch({ address: target.address }, FOR_EVER);
    assert.deepEqual(await lines.ask.all({}, FOR_EVER), { lines: [`gone ${target.address}`] });
    target.stop();
    target.stop({ now: true });
    await system.settled();
    assert.equal(system.tested(target).isThere, false);
    await target.ask.get({}, FOR_EVER);
    await one.ask.watch({ address: target.address }, FOR_EVER);
    target.stop();
    await system.settled();
    assert.deepEqual((await lines.ask.all({}, FOR_EVER)).lines[1], `stopped ${target.address}`);
  });

  test(`37: a dead letter names its sender, as an actor of a definition${named(how)}`, async () => {
    const system = testSystem(how);
    const gone = system.spawn(watcher, { args: { log: '' } });
    gone.stop();
    await system.settled();
    const one = system.spawn(speaker);
    await one.tell.last({ to: gone.address, way: 'stop' });
    const [letter] = system.deadLetters();
    const [, , goneId] = gone.address.split('/');
    const [, , id] = one.address.split('/');
    assert.deepEqual(
      [letter.message, letter.from, letter.to],
      ['said', `actor 'speaker' ${id}`, `actor 'watcher' ${goneId}`],
    );
  });

  test(`26: what is put aside and the ticks that wait are told of at the end${named(how)}`, async () => {
    const system = testSystem(how);
    const one = system.spawn(hoarder);
    const asks = [0, 1, 2].map((n) => one.ask.asked({ n }, FOR_EVER));
    for (let n = 0; n < 5; n++) await one.tell.told({ n });
    await one.tell.begin({});
    await system.advance(10);
    const tested = system.tested(one);
    assert.equal(tested.stashed, 9);
    one.stop();
    await system.settled();
    for (const ask of asks) await rejection(ask, 'TARGET_STOPPED');
    const letters = system.deadLetters();
    assert.deepEqual(letters.map(({ message }) => message).sort(), ['tick', ...Array(5).fill('told')]);
  });

  test(`26: a restart and a resumption keep what is put aside, in order${named(how)}`, async () => {
    for (const directive of ['restart', 'resume'] as const) {
      const system = testSystem({ supervision: { directive }, ...how });
      const one = system.spawn(hoarder);
      const first = one.ask.asked({ n: 1 }, FOR_EVER);
      for (const n of [2, 3]) await one.tell.told({ n });
      await rejection(one.ask.fail({}, FOR_EVER), 'ACTOR_FAILED');
      await one.tell.begin({});
      await system.advance(10);
      await one.tell.release({});
      assert.deepEqual(await first, { n: 1 });
      await system.settled();
      assert.deepEqual(system.tested(one).state?.seen, [1, 2, 3, 99]);
      assert.deepEqual(system.deadLetters(), []);
    }
  });

  test(`28: mail that meets a virtual actor as it ends is for its next life, in order${named(how)}`, async () => {
    const system = testSystem({ outsideMs: 50, ...how });
    const one = system.get(lingerer, 'key');
    const gate = system.standIn(log);
    await one.ask.add({ n: 1, gate: gate.address }, FOR_EVER);
    one.stop();
    await system.settled();
    // Its stop hook waits for the gate.
    // A handler that begins again asks again.
    const held = gate.received();
    assert.ok(held.length > 0);
    const asks = [2, 3].map((n) => one.ask.add({ n, gate: gate.address }, FOR_EVER));
    one.stop();
    const last = one.ask.add({ n: 4, gate: gate.address }, FOR_EVER);
    await system.settled();
    for (const each of held) await each.reply({ lines: [] });
    // A new state, and both of them in order; then it ends again, and begins a third time.
    assert.deepEqual(await Promise.all(asks), [{ sum: 2 }, { sum: 5 }]);
    for (const each of gate.received()) await each.reply({ lines: [] });
    assert.deepEqual(await last, { sum: 4 });
    assert.deepEqual(system.deadLetters(), []);
  });
}

test('21: stop while a timer ticks faster than it is handled; a hook that awaits; a hook that throws', async () => {
  const system = testSystem();
  const one = system.spawn(hoarder);
  await one.tell.begin({});
  await system.advance(100);
  one.stop();
  await system.settled();
  assert.equal(system.tested(one).isThere, false);
  const slow = system.spawn(lingerer);
  const gate = system.standIn(log);
  await slow.ask.add({ n: 1, gate: gate.address });
  let ends = 0;
  const ended = [0, 1].map(() => system.watch(slow).then(() => void ends++));
  slow.stop();
  slow.stop({ now: true });
  await system.settled();
  assert.equal(ends, 0);
  await gate.received()[0].fail(new Error('the hook throws'));
  await system.settled();
  await Promise.all(ended);
  assert.equal(system.failures().length, 1);
  assert.equal(system.tested(slow).isThere, false);
});

test('21: a hook that never settles is given up by name', TIMEOUT, () =>
  withSystem({ workers: 1, handlerTimeoutMs: 200 }, async (system) => {
    const failures: MillraceError[] = [];
    system.on('actorFailed', ({ error }) => failures.push(error.cause as MillraceError));
    const stuck = system.spawn(lingerer);
    await stuck.ask.wait({});
    stuck.stop();
    await system.watch(stuck);
    await until(() => failures.length >= 1, 'the hook is given up');
    assert.ok(failures.some(({ code }) => code === 'HANDLER_TIMEOUT'));
  }),
);

test('28: asks of virtual actors that are stopped again and again are answered, on two workers', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const letters: string[] = [];
    system.on('deadLetter', ({ reason }) => letters.push(reason));
    const open = system.spawn(log);
    const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`);
    const asks: Promise<unknown>[] = [];
    for (let round = 0; round < 50; round++) {
      for (const key of keys) {
        const one = system.get(lingerer, key);
        asks.push(one.ask.add({ n: 1, gate: open.address }, { timeoutMs: 50_000 }));
        if (round % 3 === 0) one.stop();
      }
      if (round % 10 === 0) await Promise.all(asks.splice(0));
    }
    await Promise.all(asks);
    assert.deepEqual(letters, []);
    for (const key of keys) system.get(lingerer, key).stop();
    await asked(async () => (await system.metrics()).actors, 1);
    const again = await system.get(counter, 'other').ask.get({});
    assert.deepEqual(again, { n: 0 });
  }),
);
