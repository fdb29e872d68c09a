// Goal: what a user of spawned actors relies on: order, transactions, answers, errors, life and death, on one worker and on two.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { actor, actorSystem, type MillraceError, type SystemOptions } from '../../src/index.ts';
import { asker, counter, door, log, newest, oldest, parent } from '../kit/actors/probe.ts';
import { asked, withSystem } from '../kit/actors/run-system.ts';
import { noThreadLeft, rejection, TIMEOUT, thrown, until } from '../kit/run-flow.ts';

const options = (workers: number): SystemOptions => ({
  workers,
  supervision: { intensity: 3, periodMs: 60_000 },
  handlerTimeoutMs: 2000,
});

for (const workers of [1, 2]) {
  test(`tells and asks, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const one = system.spawn(counter);
      for (let n = 1; n <= 100; n++) await one.tell.add({ n });
      assert.deepEqual(await one.ask.get({}), { n: 5050 });
      await one.ask.addTwice({ n: 5 });
      await asked(() => one.ask.get({}), { n: 5060 });
      const data = { deep: [1, { a: new Map([['x', 1n]]) }] };
      const answer = await one.ask.kinds({
        flag: true,
        when: new Date(0),
        way: 'down',
        big: -5n,
        bytes: new Uint8Array([1, 2]),
        data,
        text: 'text',
        other: 'täxt ☃',
        maybe: null,
      });
      assert.equal(answer.text, 'true 1970-01-01T00:00:00.000Z down -5 1,2 text täxt ☃ null');
      assert.deepEqual(answer.data, data);
    }),
  );

  test(`an async handler has the actor for itself, and others go on, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const slow = system.spawn(counter);
      const other = system.spawn(counter, { beside: slow });
      const asks = Array.from({ length: 20 }, () => slow.ask.addLater({ n: 1, ms: 2 }));
      await other.tell.add({ n: 7 });
      assert.deepEqual(await other.ask.get({}), { n: 7 });
      await Promise.all(asks);
      assert.deepEqual(await slow.ask.get({}), { n: 20 });
    }),
  );

  test(`actors ask each other, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const [first, second] = [system.spawn(counter), system.spawn(counter)];
      first.tell.add({ n: 1 });
      second.tell.add({ n: 2 });
      const one = system.spawn(asker);
      assert.deepEqual(await one.ask.sum({ first: first.address, second: second.address }), { n: 3 });
      const error = await rejection(one.ask.self({}), 'ACTOR_FAILED');
      assert.equal((error.cause as MillraceError).code, 'ASK_CYCLE');
      first.tell.addLater({ n: 1, ms: 300 });
      assert.deepEqual(await one.ask.slow({ address: first.address, timeoutMs: 20 }), { code: 'ASK_TIMEOUT' });
      assert.deepEqual(await first.ask.get({}), { n: 2 });
    }),
  );

  test(`a handler that throws has done nothing, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      for (const message of ['crash', 'crashLater'] as const) {
        const one = system.spawn(counter);
        await one.ask.add({ n: 4 });
        const error = await rejection(one.ask[message]({ text: 'no' }), 'ACTOR_FAILED');
        assert.equal((error.cause as Error).message, 'no');
        // It began again, as OTP has it: with the state that it was spawned with.
        assert.deepEqual(await one.ask.get({}), { n: 0 });
      }
    }),
  );

  test(`asks of who has ended fail at once, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const one = system.spawn(counter);
      one.tell.quit({});
      const asks = Array.from({ length: 5 }, () => one.ask.get({}, { timeoutMs: Number.POSITIVE_INFINITY }));
      for (const ask of asks) await rejection(ask, 'TARGET_STOPPED');
      await rejection(one.ask.get({}, { timeoutMs: 60_000 }), 'TARGET_STOPPED');
      const busy = system.spawn(counter);
      const held = busy.ask.never({}, { timeoutMs: 60_000 });
      const queued = busy.ask.get({}, { timeoutMs: 60_000 });
      busy.stop({ now: true });
      await rejection(held, 'TARGET_STOPPED');
      await rejection(queued, 'TARGET_STOPPED');
      await rejection(system.spawn(counter).ask.forget({}), 'NO_REPLY');
      const hung = system.spawn(counter);
      await rejection(hung.ask.never({}, { timeoutMs: 20 }), 'ASK_TIMEOUT');
      const error = await rejection(hung.ask.never({}, { timeoutMs: 60_000 }), 'ACTOR_FAILED');
      assert.equal((error.cause as MillraceError).code, 'HANDLER_TIMEOUT');
    }),
  );

  test(`children end before their parent, and who watches is told once, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const lines = system.spawn(log);
      const one = system.spawn(parent, { args: { log: lines.address } });
      const { address } = await one.ask.child({ restart: 'transient' });
      const child = system.ref(counter, address);
      await one.ask.watch({ address });
      await one.ask.watch({ address });
      const watched = [system.watch(child), system.watch(one)];
      await child.ask.add({ n: 1 });
      one.tell.quit({});
      const ends = await Promise.all(watched);
      assert.deepEqual(
        ends.map(({ reason }) => reason),
        ['stopped', 'stopped'],
      );
      await asked(() => lines.ask.all({}), { lines: ['parent stopped'] });
      assert.equal((await system.watch(child)).reason, 'gone');

      const two = system.spawn(parent, { args: { log: lines.address } });
      const { address: other } = await two.ask.child({ restart: 'temporary' });
      await two.ask.watch({ address: other });
      await rejection(system.ref(counter, other).ask.crash({ text: 'x' }), 'ACTOR_FAILED');
      await asked(() => lines.ask.all({}), { lines: ['parent stopped', 'ended: failed'] });
    }),
  );

  test(`a parent gives up, and fails itself, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const one = system.spawn(parent, { args: { log: '' } });
      const { address } = await one.ask.child({ restart: 'transient' });
      const child = system.ref(counter, address);
      await child.ask.add({ n: 1 });
      for (let i = 0; i < 2; i++) {
        await rejection(child.ask.crash({ text: 'x' }), 'ACTOR_FAILED');
        assert.deepEqual(await child.ask.get({}), { n: 0 });
      }
      const ended = system.watch(child);
      await rejection(child.ask.crash({ text: 'x' }), 'ACTOR_FAILED');
      // The parent was restarted by the system: its child is gone, and it has none.
      assert.equal((await ended).reason, 'stopped');
      assert.equal((await one.ask.child({ restart: 'transient' })).address === address, false);
    }),
  );

  test(`names, keys and lives, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const one = system.spawn(counter, { name: 'the one' });
      await one.ask.add({ n: 1 });
      assert.deepEqual(await system.find(counter, 'the one').ask.get({}), { n: 1 });
      const two = system.spawn(counter, { name: 'the one' });
      await rejection(two.ask.get({}), 'TARGET_STOPPED');
      assert.deepEqual(await system.find(counter, 'the one').ask.get({}), { n: 1 });
      const ended = system.watch(one);
      one.stop();
      await ended;
      const three = system.spawn(counter, { name: 'the one' });
      assert.deepEqual(await three.ask.get({}), { n: 0 });
      // A reference to the life before does not reach it.
      await rejection(one.ask.get({}), 'TARGET_STOPPED');

      const alice = system.get(counter, 'alice');
      alice.tell.add({ n: 3 });
      assert.deepEqual(await system.get(counter, 'alice').ask.get({}), { n: 3 });
      assert.deepEqual(await system.get(counter, 'bob').ask.get({}), { n: 0 });
      assert.ok(alice.equals(system.get(counter, 'alice')));
      assert.deepEqual(await system.ref(counter, alice.address).ask.get({}), { n: 3 });
    }),
  );

  test(`what is put aside comes again, in order, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const one = system.spawn(door);
      const places = Array.from({ length: 5 }, (_, i) => one.ask.enter({ name: `guest ${i}` }));
      one.tell.open({});
      places.push(one.ask.enter({ name: 'late' }));
      assert.deepEqual(
        (await Promise.all(places)).map(({ place }) => place),
        [1, 2, 3, 4, 5, 6],
      );
      one.tell.close({});
      const waits = one.ask.enter({ name: 'too late' }, { timeoutMs: 60_000 });
      one.stop();
      await rejection(waits, 'TARGET_STOPPED');
    }),
  );

  test(`groups are told together, in turn and by key, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const group = system.group(counter, 'all');
      await rejection(group.next.ask.get({}), 'TARGET_STOPPED');
      const members = Array.from({ length: 4 }, () => system.spawn(counter));
      for (const each of members) group.join(each);
      group.join(members[0]);
      const sums = async (): Promise<number[]> =>
        (await Promise.all(members.map((each) => each.ask.get({})))).map(({ n }) => n);
      group.tell.add({ n: 1 });
      await asked(sums, [1, 1, 1, 1]);
      for (let i = 0; i < 8; i++) group.next.tell.add({ n: 10 });
      await asked(sums, [21, 21, 21, 21]);
      for (let i = 0; i < 5; i++) await group.keyed('a key').ask.add({ n: 100 });
      assert.deepEqual((await sums()).sort(), [21, 21, 21, 521]);
      assert.deepEqual(await group.keyed('a key').ask.get({}), { n: 521 });

      group.leave(members[0]);
      const ended = system.watch(members[1]);
      members[1].stop();
      await ended;
      members.splice(0, 2);
      const before = await sums();
      await asked(async () => {
        await group.next.ask.get({});
        return system.metrics().then(({ actors }) => actors);
      }, 3);
      group.tell.add({ n: 1 });
      await asked(
        sums,
        before.map((n) => n + 1),
      );
    }),
  );

  test(`timers, on ${workers} workers`, TIMEOUT, () =>
    withSystem(options(workers), async (system) => {
      const one = system.spawn(door);
      const ticksOf = async (): Promise<number> => (await one.ask.ticks({})).ticks;
      await one.ask.once({ delayMs: 0 });
      while ((await ticksOf()) < 1) await sleep(1);
      await one.ask.start({ periodMs: 2, times: 5 });
      while ((await ticksOf()) < 5) await sleep(1);
      await sleep(20);
      assert.equal(await ticksOf(), 5);
      await one.ask.once({ delayMs: 2 ** 31 });
      await sleep(20);
      assert.equal(await ticksOf(), 5);
      for (const delayMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = await rejection(one.ask.once({ delayMs }), 'ACTOR_FAILED');
        assert.equal((error.cause as MillraceError).code, 'BAD_OPTION');
      }
    }),
  );
}

test('a mailbox with a bound leaves out the newest, or the oldest', TIMEOUT, () =>
  withSystem(options(2), async (system) => {
    for (const [definition, expected] of [
      [newest, ['0', '1', '2']],
      [oldest, ['0', '4', '5']],
    ] as const) {
      const letters: string[] = [];
      const off = system.on('deadLetter', ({ reason }) => letters.push(reason));
      const [one, gate, lines] = [system.spawn(definition), system.spawn(door), system.spawn(log)];
      // Mail that comes before its definition has been loaded is not counted.
      await one.tell.add({ n: 0, lines: lines.address });
      await asked(() => lines.ask.all({}), { lines: ['0'] });
      const held = one.ask.wait({ gate: gate.address });
      for (let n = 1; n <= 5; n++) await one.tell.add({ n, lines: lines.address });
      // What it holds, it handles when the door opens: not before the last one has come.
      await until(() => letters.length === 3, 'three are left out');
      gate.tell.open({});
      await held;
      await asked(() => lines.ask.all({}), { lines: [...expected] });
      off();
      assert.equal(letters.length, 3);
      for (const reason of letters) assert.match(reason, /capacity of its mailbox/);
    }
  }),
);

test('what is wrong is refused where it is said', TIMEOUT, async () => {
  const define = (parts: object) => () => actor(import.meta.url, 'wrong', parts as never);
  thrown(define({ messages: { a: {} }, receive: {} }), 'BAD_ACTOR');
  thrown(define({ messages: { 'a b': {} }, receive: {} }), 'BAD_ACTOR');
  thrown(define({ messages: {}, receive: { a() {} } }), 'BAD_ACTOR');
  thrown(define({ messages: {}, receive: {}, other: 1 }), 'BAD_ACTOR');
  thrown(define({ messages: { a: { x: 'u32' } }, receive: { a() {} } }), 'BAD_SCHEMA');
  thrown(define({ messages: {}, receive: {}, supervision: { intensity: -1 } }), 'BAD_OPTION');
  await rejection(actorSystem({ workers: 0 }), 'BAD_OPTION');
  const system = await actorSystem({ workers: 1, notices: false });
  const one = system.spawn(counter);
  thrown(() => one.tell.add({ n: 1.5 }), 'BAD_VALUE');
  thrown(() => one.tell.add({} as never), 'BAD_VALUE');
  thrown(() => one.tell.add({ n: 1, m: 2 } as never), 'UNKNOWN_FIELD');
  thrown(() => one.tell.add(null as never), 'BAD_VALUE');
  thrown(() => system.spawn({} as never), 'BAD_OPTION');
  thrown(() => system.spawn(parent, { args: { log: 5 } as never }), 'BAD_VALUE');
  thrown(() => system.get(counter, ''), 'BAD_OPTION');
  thrown(() => system.ref(counter, 'nowhere'), 'BAD_OPTION');
  for (const timeoutMs of [Number.NaN, 0, -5]) await rejection(one.ask.get({}, { timeoutMs }).then(), 'BAD_OPTION');
  await system.stop();
  thrown(() => one.tell.add({ n: 1 }), 'SYSTEM_STOPPED');
  await system.stop();
  await noThreadLeft();
});

test('what is told before stop() is handled', TIMEOUT, async () => {
  const system = await actorSystem({ workers: 2, notices: false });
  const lines = system.spawn(log);
  const dead: string[] = [];
  system.on('deadLetter', ({ message }) => dead.push(message));
  const counters = Array.from({ length: 100 }, () => system.spawn(counter));
  for (const each of counters) each.tell.addTwice({ n: 1 });
  const asks = counters.map((each) => each.ask.get({}));
  lines.tell.add({ line: 'last' });
  const all = lines.ask.all({});
  await system.stop();
  assert.deepEqual(await all, { lines: ['last'] });
  for (const ask of asks) assert.ok((await ask).n >= 1);
  await noThreadLeft();
});
