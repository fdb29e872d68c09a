// Goal: a virtual actor that has nothing to do rests, once, and wakes by its next mail as it was; nobody outside sees it.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { actor, t } from '../../src/index.ts';
import { Idling } from '../../src/system/worker/idling.ts';
import { testSystem } from '../../src/testing.ts';
import { counter, log } from '../kit/actors/probe.ts';
import { napper, onCall, restless, sleeper } from '../kit/actors/resting.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { TIMEOUT, until } from '../kit/run-flow.ts';

const WAYS = [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const FOR_EVER = { timeoutMs: 1e12 };

for (const how of WAYS) {
  const scene = () => {
    const system = testSystem({ handlerTimeoutMs: 0, ...how });
    const one = system.tested(system.get(sleeper, 'key'));
    const rests = (): [number | undefined, number | undefined] => [one.state?.starts, one.state?.rests];
    return { system, one, rests };
  };

  test(`25: it rests so long after its last message, and wakes with its state${named(how)}`, async () => {
    const { system, one, rests } = scene();
    await one.tell.add({ n: 1 });
    await system.advance(150);
    await one.tell.add({ n: 2 });
    await system.advance(199);
    assert.deepEqual([rests(), one.isResting], [[1, 0], false]);
    await system.advance(1);
    assert.deepEqual([rests(), one.isResting], [[1, 1], true]);
    await system.advance(10_000);
    assert.deepEqual(rests(), [1, 1]);
    const { n, starts } = await one.ask.get({}, FOR_EVER);
    assert.deepEqual([n, starts], [3, 2]);
    await system.advance(200);
    assert.deepEqual(rests(), [2, 2]);
    assert.deepEqual([system.failures(), system.deadLetters()], [[], []]);
  });

  test(`25, 30: ticks and notices do not keep it awake, and wake it${named(how)}`, async () => {
    const { system, one, rests } = scene();
    await one.tell.every({ periodMs: 150 });
    await system.advance(199);
    assert.deepEqual(rests(), [1, 0]);
    await system.advance(1);
    assert.deepEqual(rests(), [1, 1]);
    await system.advance(100);
    assert.deepEqual([one.state?.ticks, rests()], [2, [2, 1]]);
    await system.advance(200);
    assert.deepEqual([one.state?.ticks, rests()], [3, [2, 2]]);
  });

  test(`25: the end of whom it watches, and of its child${named(how)}`, async () => {
    const { system, one, rests } = scene();
    const other = system.spawn(counter);
    await one.tell.watch({ address: system.tested(other).address });
    const { address } = await one.ask.child({}, FOR_EVER);
    await system.advance(100);
    system.ref(counter, address).stop();
    await system.advance(100);
    assert.deepEqual([rests(), one.children.length], [[1, 1], 0]);
    other.stop();
    await system.settled();
    assert.deepEqual([one.state?.ends, rests()], [1, [2, 1]]);
  });

  test(`30: not while it is at work, or mail waits; a long timer wakes it once${named(how)}`, async () => {
    const { system, one, rests } = scene();
    const gate = system.standIn(log);
    const held = one.ask.hold({ gate: gate.address }, FOR_EVER);
    await system.advance(1000);
    assert.deepEqual(rests(), [1, 0]);
    for (const each of gate.received()) await each.reply({ lines: [] });
    await held;
    await system.advance(199);
    assert.deepEqual(rests(), [1, 0]);
    await system.advance(1);
    assert.deepEqual(rests(), [1, 1]);
    await one.tell.once({ delayMs: 10_000 });
    await system.advance(9999);
    assert.deepEqual([one.state?.ticks, rests()], [0, [2, 2]]);
    await system.advance(1);
    assert.deepEqual([one.state?.ticks, rests()], [1, [3, 2]]);
    await system.advance(100_000);
    assert.deepEqual([one.state?.ticks, rests()], [1, [3, 3]]);
  });

  test(`26: what it has put aside stays${named(how)}`, async () => {
    const { system, one, rests } = scene();
    for (let i = 0; i < 3; i++) await one.tell.putAside({});
    await system.advance(200);
    assert.deepEqual([rests(), one.stashed], [[1, 1], 3]);
    await one.tell.release({});
    assert.deepEqual([one.state?.n, one.stashed], [3, 0]);
    assert.deepEqual(system.deadLetters(), []);
  });

  test(`its last words are told, a rest that fails is told of, and stop() wakes nobody${named(how)}`, async () => {
    const { system, one, rests } = scene();
    const lines = system.spawn(log);
    await one.tell.shout({ log: system.tested(lines).address });
    await system.advance(200);
    one.ref.stop();
    await system.settled();
    assert.equal(one.isThere, false);
    assert.deepEqual(await lines.ask.all({}, FOR_EVER), { lines: ['key rests', 'key stops'] });
    await one.tell.failAtRest({});
    await system.advance(200);
    const [failure] = system.failures();
    assert.equal(failure.decision, 'resume');
    assert.match(failure.error.message, /'rest'.*restless/);
    // What it has changed is taken back, and it rests all the same.
    assert.deepEqual(rests(), [1, 0]);
    await one.tell.add({ n: 1 });
    assert.deepEqual(rests(), [2, 0]);
  });

  test(`30: one that asks for it rests at once, and what waits wakes it, once each${named(how)}`, async () => {
    const { system, one, rests } = scene();
    await one.tell.add({ n: 1 });
    await one.tell.restNow({ n: 2 });
    assert.deepEqual([rests(), one.isResting], [[1, 1], true]);
    await system.advance(10_000);
    assert.deepEqual(rests(), [1, 1]);
    // Mail and a tick wait behind a handler that awaits, each of which asks for a rest again.
    const gate = system.standIn(log);
    const held = one.ask.hold({ gate: gate.address }, FOR_EVER);
    await one.tell.once({ delayMs: 5 });
    const told = [3, 4, 5].map((n) => one.tell.restNow({ n }));
    await system.advance(10);
    for (const each of gate.received()) await each.reply({ lines: [] });
    await Promise.all([held, ...told]);
    await system.settled();
    await system.advance(10_000);
    assert.deepEqual([one.state?.n, one.state?.ticks, one.isResting], [15, 1, true]);
    const [starts, count] = rests();
    assert.ok(starts === count && Number(count) >= 4, `${starts} starts, ${count} rests`);
    assert.deepEqual([system.failures(), system.deadLetters()], [[], []]);
  });

  test(`25: a new time holds from the message on that sets it, also a tick, and a restart ends it${named(how)}`, async () => {
    const { system, one, rests } = scene();
    await one.tell.restAfter({ ms: 50 });
    await system.advance(49);
    assert.deepEqual(rests(), [1, 0]);
    await system.advance(1);
    assert.deepEqual(rests(), [1, 1]);
    await one.tell.add({ n: 1 });
    await system.advance(50);
    assert.deepEqual(rests(), [2, 2]);
    // By a tick, which does not keep it awake: 100 ms have gone since its last message.
    await one.tell.restAfter({ ms: 1000 });
    await one.tell.restAfterTick({ ms: 150, delayMs: 100 });
    await system.advance(149);
    assert.deepEqual(rests(), [3, 2]);
    await system.advance(1);
    assert.deepEqual(rests(), [3, 3]);
    await one.tell.restAfter({ ms: Number.POSITIVE_INFINITY });
    await system.advance(1_000_000);
    assert.deepEqual(rests(), [4, 3]);
    await one.tell.restAfter({ ms: 10 });
    await system.advance(10);
    assert.deepEqual(rests(), [4, 4]);
  });

  test(`one that was spawned never rests${named(how)}`, async () => {
    const system = testSystem(how);
    const one = system.tested(system.spawn(sleeper));
    await one.tell.add({ n: 1 });
    await system.advance(100_000);
    assert.deepEqual([one.state?.starts, one.state?.rests], [1, 0]);
    await one.tell.restNow({ n: 1 });
    const [{ error }] = system.failures();
    assert.match(error.message, /only virtual actors rest/);
  });
}

test('times that are none are refused, and a rest in start', async () => {
  const system = testSystem();
  const one = system.tested(system.get(sleeper, 'key'));
  for (const ms of [0, -1, Number.NaN]) {
    await one.tell.restAfter({ ms });
    const cause = system.failures().at(-1)?.error.cause as { code: string; message: string } | undefined;
    assert.equal(cause?.code, 'BAD_OPTION');
    assert.match(String(cause?.message), /restAfter\(\) of actor 'sleeper'.*milliseconds above 0/);
  }
  const hasty = system.tested(system.get(restless, 'key'));
  await hasty.tell.poke({});
  assert.match(String(system.failures().at(-1)?.error.message), /rests in its start/);
});

test('who rests by itself only is told by Infinity', async () => {
  const system = testSystem();
  const one = system.tested(system.get(onCall, 'key'));
  await one.tell.poke({});
  await system.advance(1e9);
  assert.deepEqual([one.state?.rests, one.isResting], [0, false]);
  await one.tell.rest({});
  assert.deepEqual([one.state?.rests, one.isResting], [1, true]);
});

test('idlers that rest and wake, and change their minds, leave nothing behind', () => {
  const idling = new Idling();
  let rested = 0;
  for (let nowMs = 0; nowMs < 100_000; nowMs += 10) {
    idling.expect(1, nowMs, nowMs % 3 === 0 ? 50 : 500);
    if (nowMs % 150 === 0) {
      idling.forget(1);
      idling.expect(1, nowMs, 500);
    }
    idling.due(nowMs, () => rested++);
    assert.ok(idling.size < 100, `${idling.size} entries at ${nowMs}`);
  }
  assert.equal(rested, 0);
  idling.due(100_490, () => rested++);
  assert.equal(rested, 1);
});

test('it rests and wakes as the times of its messages say', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(500), { maxLength: 12 }), fc.constantFrom(...WAYS), async (gaps, how) => {
      const system = testSystem(how);
      const one = system.tested(system.get(sleeper, 'key'));
      let [starts, rests] = [1, 0];
      await one.tell.add({ n: 1 });
      for (const gap of gaps) {
        await system.advance(gap);
        if (gap >= 200) rests++;
        assert.deepEqual([one.state?.starts, one.state?.rests], [starts, rests]);
        await one.tell.add({ n: 1 });
        if (gap >= 200) starts++;
        assert.deepEqual([one.state?.starts, one.state?.rests], [starts, rests]);
      }
      assert.equal(one.state?.n, 1 + gaps.length);
    }),
    { numRuns: 30 },
  );
});

test('metrics count those that rest, also after a crash and after they wake', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const keys = Array.from({ length: 50 }, (_, i) => `key ${i}`);
    const all = (): Promise<unknown> => Promise.all(keys.map((key) => system.get(sleeper, key).ask.add({ n: 1 })));
    const counts = async (): Promise<string> => {
      const { actors, resting } = await system.metrics();
      return `${actors} ${resting}`;
    };
    await all();
    system.spawn(counter);
    await until(async () => (await counts()) === '51 50', 'all rest');
    for (const { worker } of system.job.workers()) {
      system.job.killWorker(worker);
      await until(async () => (await counts()) === '51 50', 'all rest still');
    }
    await all();
    const got = await Promise.all(keys.map((key) => system.get(sleeper, key).ask.get({})));
    assert.ok(got.every(({ n, starts, rests }) => n === 2 && starts === rests + 1));
    await until(async () => (await counts()) === '51 50', 'they rest again');
    for (const key of keys.slice(0, 20)) system.get(sleeper, key).stop();
    await until(async () => (await counts()) === '31 30', 'some have ended');
  }),
);

test('28: tells and asks meet actors that go to rest all the time, while threads are killed', TIMEOUT, () =>
  withSystem({ workers: 2 }, async (system) => {
    const failures: string[] = [];
    system.on('actorFailed', ({ error }) => failures.push(error.message));
    system.on('deadLetter', ({ reason }) => failures.push(reason));
    const rounds = 50;
    const keys = Array.from({ length: 12 }, (_, i) => `key ${i}`);
    const expected = (rounds * (rounds + 1)) / 2;
    let answers = 0;
    const sender = async (key: string, at: number): Promise<void> => {
      const ref = system.get(napper, key);
      for (let n = 1; n <= rounds; n++) {
        if ((n + at) % 3 === 0) await ref.tell.told({ n });
        else {
          assert.deepEqual(await ref.ask.add({ n }, { timeoutMs: 60_000 }), { sum: (n * (n + 1)) / 2 });
          answers++;
        }
        await sleep((n + at) % 7);
      }
    };
    let isOver = false;
    const killer = async (): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const before = answers;
        await sleep(200);
        // On a machine that is busy they come back later than the next would die.
        while (answers < before + 30 && !isOver) await sleep(20);
        const workers = system.job.workers();
        system.job.killWorker(workers[i % workers.length].worker);
      }
    };
    const killing = killer();
    try {
      await Promise.all(keys.map(sender));
    } finally {
      isOver = true;
      await killing;
    }
    for (const key of keys) assert.deepEqual(await system.get(napper, key).ask.get({}), { sum: expected });
    await until(async () => (await system.metrics()).resting === keys.length, 'all rest');
    assert.deepEqual(failures, []);
  }),
);

test('a rest that nobody can mean is refused', () => {
  const define = (parts: object) => () =>
    actor(import.meta.url, 'one', { messages: { a: {} }, receive: { a() {} }, state: { n: t.u32() }, ...parts });
  for (const restAfterMs of [0, -1, Number.NaN, '5', 1e308])
    assert.throws(define({ restAfterMs }), { code: 'BAD_ACTOR', message: /restAfterMs/ });
  assert.throws(define({ rest() {} }), { code: 'BAD_ACTOR', message: /nobody calls/ });
  assert.throws(define({ rest: 5, restAfterMs: 5 }), { code: 'BAD_ACTOR', message: /no function/ });
});
