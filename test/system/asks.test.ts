// Goal: an ask is settled once and at once, whatever becomes of who is asked, and asks that wait for each other are found out.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActorRef, MillraceError } from '../../src/index.ts';
import { testSystem } from '../../src/testing.ts';
import { asksParent, caller, client, keeper } from '../kit/actors/asking.ts';
import { leaky } from '../kit/actors/leaky.ts';
import { asked, withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

/** In order, in an order that is drawn, and with all that a handler does rolled back once, or adopted by another thread. */
const WAYS = [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const FOR_EVER = { timeoutMs: 1e9 };

/** The error that a handler's own ask failed with. */
async function causeOf(asking: Promise<unknown>): Promise<MillraceError> {
  let error = (await rejection(asking, 'ACTOR_FAILED')) as MillraceError;
  while (error.code === 'ACTOR_FAILED' && error.cause !== undefined) error = error.cause as MillraceError;
  return error;
}

for (const how of WAYS) {
  test(`1: the late answer to an actor's ask is no message, and no answer to another ask${named(how)}`, async () => {
    const system = testSystem(how);
    const [slow, echo, one] = [system.spawn(keeper), system.spawn(keeper), system.spawn(client)];
    const run = one.ask.run({ slow: slow.address, echo: echo.address, asks: 100 }, FOR_EVER);
    await system.advance(20);
    assert.deepEqual(await run, { matching: 100, code: 'ASK_TIMEOUT' });
    await slow.tell.release({ times: 1 });
    assert.deepEqual(await one.ask.seen({}), { lines: [] });
    assert.deepEqual([system.deadLetters(), system.failures()], [[], []]);
  });

  test(`2: whoever is asked and fails, ends, or has ended says so at once${named(how)}`, async () => {
    for (const directive of ['resume', 'restart', 'stop'] as const) {
      const system = testSystem({ supervision: { directive }, ...how });
      const one = system.spawn(keeper);
      const asks = [one.ask.fail({}, FOR_EVER), one.ask.echo({ n: 7 }, FOR_EVER)];
      assert.equal(((await rejection(asks[0], 'ACTOR_FAILED')).cause as Error).message, 'fails');
      if (directive === 'stop') await rejection(asks[1], 'TARGET_STOPPED');
      else assert.deepEqual(await asks[1], { n: 7 });
    }
    const system = testSystem(how);
    const one = system.spawn(keeper);
    // What stands behind a message that ends the actor, and a message that is put aside by it, are told so.
    const [quit, behind] = [one.ask.quit({}, FOR_EVER), one.ask.echo({ n: 1 }, FOR_EVER)];
    await rejection(quit, 'NO_REPLY');
    await rejection(behind, 'TARGET_STOPPED');
    await rejection(one.ask.echo({ n: 1 }, FOR_EVER), 'TARGET_STOPPED');
    // One failure more than the intensity.
    const last = system.spawn(keeper);
    for (let i = 0; i < 3; i++) await rejection(last.ask.fail({}, FOR_EVER), 'ACTOR_FAILED');
    const asks = [last.ask.fail({}, FOR_EVER), last.ask.echo({ n: 1 }, FOR_EVER)];
    await rejection(asks[0], 'ACTOR_FAILED');
    await rejection(asks[1], 'TARGET_STOPPED');
    assert.equal(system.nowMs, 0);
  });

  test(`2: a child that asks its parent, which is being stopped, is told at once${named(how)}`, async () => {
    const system = testSystem(how);
    const parent = system.spawn(caller);
    const { address } = await parent.ask.child({ name: '' });
    const child = system.ref(asksParent, address);
    const ended = system.watch(parent);
    parent.stop();
    await rejection(child.ask.askUp({}, FOR_EVER), 'TARGET_STOPPED');
    assert.equal((await ended).reason, 'stopped');
    assert.equal(system.nowMs, 0);
  });

  test(`33: actors that await each other in a ring are told at once, and named${named(how)}`, async () => {
    for (const length of [1, 2, 3, 5]) {
      const system = testSystem({ supervision: { directive: 'resume', intensity: 100 }, ...how });
      const ring = Array.from({ length }, () => system.spawn(caller));
      const to = [...ring.slice(1), ring[0]].map(({ address }) => address);
      const error = await causeOf(ring[0].ask.along({ to }, FOR_EVER));
      assert.equal(error.code, 'ASK_CYCLE');
      if (length > 1) {
        for (const { address } of ring)
          assert.match(error.message, new RegExp(`actor 'caller' ${address.split('/')[2]}`));
      }
      assert.equal(system.nowMs, 0);
      // All of them go on.
      const calls = await Promise.all(ring.map(async (each) => (await each.ask.get({}, FOR_EVER)).calls));
      // As after a timeout: the message that nobody awaits any more is handled.
      assert.deepEqual(calls, [length > 1 ? 1 : 0, ...ring.slice(1).map(() => 0)]);
    }
  });

  test(`33: the same with virtual actors, and with asks that cross${named(how)}`, async () => {
    const system = testSystem({ supervision: { directive: 'resume', intensity: 100 }, ...how });
    const [a, b] = ['a', 'b'].map((key) => system.get(caller, key));
    // Each waits for a gate before it asks the other one: neither ask is the reason of the other.
    const gate = system.standIn(caller);
    const crossing = [
      a.ask.behind({ gate: gate.address, to: [b.address] }, FOR_EVER),
      b.ask.behind({ gate: gate.address, to: [a.address] }, FOR_EVER),
    ];
    await system.settled();
    for (const each of gate.received()) void each.reply({ calls: 0 });
    const settled = await Promise.allSettled(crossing);
    assert.equal(system.nowMs, 0);
    const failed = settled.filter(({ status }) => status === 'rejected');
    assert.ok(failed.length >= 1, 'one of them gives way');
    for (const each of failed) {
      const promise = Promise.reject((each as PromiseRejectedResult).reason);
      assert.equal((await causeOf(promise)).code, 'ASK_CYCLE');
    }
    for (const each of [a, b]) await each.ask.get({}, FOR_EVER);
  });

  test(`33: a child whose start asks its parent, which awaits it${named(how)}`, async () => {
    const system = testSystem({ supervision: { directive: 'resume', intensity: 100 }, ...how });
    const parent = system.spawn(caller);
    // Both are on their way before the child begins: its start asks the parent, which asks it.
    const spawned = parent.ask.child({ name: 'kid' }, FOR_EVER);
    const address = system.find(asksParent, 'kid').address;
    const askedChild = parent.ask.askChild({ address }, FOR_EVER).catch(() => {});
    await Promise.all([spawned, askedChild]);
    const codes = system.failures().map(({ error }) => (error.cause as MillraceError).code);
    assert.ok(codes.includes('ASK_CYCLE'), codes.join(' '));
    // Once it has begun they ask each other in turn.
    const { address: other } = await parent.ask.child({ name: '' });
    await system.settled();
    assert.deepEqual(await parent.ask.askChild({ address: other }, FOR_EVER), { calls: 0 });
    assert.deepEqual(await system.ref(asksParent, other).ask.askUp({}, FOR_EVER), { calls: 0 });
    await parent.ask.stopSelf({}, FOR_EVER);
    await rejection(parent.ask.get({}, FOR_EVER), 'TARGET_STOPPED');
    assert.equal(system.nowMs, 0);
  });

  test(`33: chains that end are no rings${named(how)}`, async () => {
    const system = testSystem({ supervision: { directive: 'resume', intensity: 100 }, ...how });
    const all = Array.from({ length: 6 }, () => system.spawn(caller));
    const chain = (from: number): Promise<unknown> => {
      // Always from a lower one to a higher one: whoever awaits, none of them awaits who is before it.
      const to = all.slice(from + 1).map(({ address }) => address);
      return all[from].ask.along({ to }, FOR_EVER);
    };
    for (let round = 0; round < 5; round++) await Promise.all([0, 1, 2, 3, 4].map(chain));
    assert.deepEqual(system.failures(), []);
    assert.equal(system.nowMs, 0);
  });

  test(`one ask has one answer: a second one is refused, or late${named(how)}`, async () => {
    const system = testSystem({ supervision: { directive: 'resume', intensity: 100 }, ...how });
    const one = system.spawn(keeper);
    for (const way of ['reply', 'replyLater', 'both'] as const) {
      const error = await causeOf(one.ask.twice({ way }, FOR_EVER));
      assert.equal(error.code, 'REPLIED_TWICE', way);
    }
    const kept = one.ask.keep({ n: 5 }, FOR_EVER);
    await one.tell.release({ times: 3 });
    assert.deepEqual(await kept, { n: 3 });
    assert.equal((await causeOf(one.ask.wrong({ replyTo: 'nowhere' }, FOR_EVER))).code, 'BAD_OPTION');
  });
}

test('3: limits of time that are none, or over, or long', TIMEOUT, async () => {
  const system = testSystem();
  const one = system.spawn(keeper);
  for (const timeoutMs of [Number.NaN, 0, -5, '5', null]) {
    await rejection(one.ask.echo({ n: 1 }, { timeoutMs: timeoutMs as never }), 'BAD_OPTION');
  }
  let settled = 0;
  for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 31, 30 * 86_400_000]) {
    const count = (): void => void settled++;
    one.ask.keep({ n: 1 }, { timeoutMs }).then(count, count);
  }
  await system.advance(1000);
  assert.equal(settled, 0);
  await system.advance(2 ** 31 - 1000);
  assert.equal(settled, 1);
  await system.advance(6 * 86_400_000);
  assert.equal(settled, 2);
});

test('1, 33: late and second answers are counted, rings are found, on two workers', TIMEOUT, () =>
  withSystem({ workers: 2, supervision: { directive: 'resume', intensity: 1000 } }, async (system) => {
    const late: string[] = [];
    system.on('lateAnswer', ({ from, to }) => late.push(`${from} to ${to}`));
    const idOf = ({ address }: { readonly address: string }): string => address.split('/')[2];
    const [slow, echo, one] = [system.spawn(keeper), system.spawn(keeper), system.spawn(client)];
    const run = await one.ask.run({ slow: slow.address, echo: echo.address, asks: 100 }, { timeoutMs: 50_000 });
    assert.deepEqual(run, { matching: 100, code: 'ASK_TIMEOUT' });
    const kept = echo.ask.keep({ n: 1 });
    await echo.tell.release({ times: 2 });
    assert.deepEqual(await kept, { n: 2 });
    await slow.tell.release({ times: 1 });
    await until(() => late.length === 2, 'both are told of');
    const expected = [`actor 'keeper' ${idOf(echo)} to the app`, `actor 'keeper' ${idOf(slow)} to actor ${idOf(one)}`];
    assert.deepEqual(late.sort(), expected.sort());
    assert.equal((await system.metrics()).lateAnswers, 2);

    for (let round = 0; round < 20; round++) {
      const ring: ActorRef<typeof caller>[] = Array.from({ length: 2 + (round % 3) }, () => system.spawn(caller));
      const to = [...ring.slice(1), ring[0]].map(({ address }) => address);
      const error = await causeOf(ring[0].ask.along({ to }, FOR_EVER));
      assert.equal(error.code, 'ASK_CYCLE');
      await asked(() => ring[0].ask.get({}), { calls: 1 });
    }
  }),
);

test('33: a ring is found, though a worker dies as it closes', TIMEOUT, () =>
  withSystem({ workers: 2, supervision: { directive: 'resume', intensity: 1000 } }, async (system) => {
    for (let round = 0; round < 3; round++) {
      const ring = Array.from({ length: 3 }, () => system.spawn(caller));
      for (const each of ring) await each.ask.get({});
      const to = [...ring.slice(1), ring[0]].map(({ address }) => address);
      const asking = ring[0].ask.along({ to }, FOR_EVER);
      const busy = system.job.workers().find(({ state, actors }) => state === 'active' && actors.length > 0);
      await system.job.killWorker(busy?.worker ?? 0).catch(() => {});
      assert.equal((await causeOf(asking)).code, 'ASK_CYCLE');
    }
  }),
);

test('a state object that one actor has kept is refused in another one, and changes neither', async () => {
  for (const how of WAYS.slice(0, 2)) {
    const system = testSystem({ supervision: { directive: 'resume' }, ...how });
    const [one, other] = [system.spawn(leaky), system.spawn(leaky)].map((ref) => system.tested(ref));
    await one.tell.keep({ n: 1 });
    assert.equal((await causeOf(other.ask.use({ n: 5 }, FOR_EVER))).code, 'STALE_STATE');
    assert.deepEqual([one.state, other.state], [{ n: 1 }, { n: 0 }]);
  }
});
