// Goal: one actor, or a system of them, is tested in the calling thread, by the code that handles them on workers, in virtual time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MillraceError } from '../../src/index.ts';
import { testActor, testSystem } from '../../src/testing.ts';
import { account } from '../kit/actors/bank.ts';
import { flaky } from '../kit/actors/faults.ts';
import { counter, door, log, oldest, parent } from '../kit/actors/probe.ts';
import { storm } from '../kit/actors/storm.ts';
import { buyer, forgetful } from '../kit/actors/tested.ts';

/** Each test of what is right holds however the actors are disturbed. */
const WAYS = [
  {},
  { rollback: true },
  { restartAfterEachMessage: true },
  { rollback: true, restartAfterEachMessage: true },
  { seed: 7 },
  { seed: 7, rollback: true, restartAfterEachMessage: true },
];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const code = (expected: string) => (error: unknown) => (error as MillraceError).code === expected;

for (const how of WAYS) {
  test(`state, replies and what is sent${named(how)}`, async () => {
    const one = testActor(account, { args: { cents: 500 }, ...how });
    const other = one.system.spawn(account, { args: { cents: 1 } });
    await one.ask.deposit({ cents: 5 });
    assert.deepEqual(one.state, { cents: 505, log: [] });
    await one.tell.withdraw({ cents: 3 });
    assert.deepEqual(one.state, { cents: 502, log: ['-3'] });
    assert.deepEqual(await one.ask.balance({}), { cents: 502 });
    assert.deepEqual(one.sent(), []);
    await one.tell.send({ cents: 2, to: other.address });
    const [sent, ...more] = one.sent();
    assert.deepEqual([sent.message, sent.fields, sent.isAsked, more], ['deposit', { cents: 2 }, false, []]);
    assert.ok(sent.to?.equals(other));
    assert.deepEqual(one.system.tested(other).state, { cents: 3, log: [] });
    assert.deepEqual(one.sent(), []);
  });

  test(`failures${named(how)}`, async () => {
    const one = testActor(account, { args: { cents: 1 }, supervision: { directive: 'resume' }, ...how });
    await assert.rejects(one.ask.fail({ text: 'no' }), code('ACTOR_FAILED'));
    assert.deepEqual([one.state?.cents, one.sent()], [1, []]);
    await one.tell.withdraw({ cents: 2 });
    const [first, second] = one.failures();
    assert.ok(first.ref.equals(one.ref));
    assert.deepEqual([first.decision, (first.error.cause as Error).message], ['resume', 'no']);
    assert.match(second.error.message, /too little money/);
    const [letter] = one.deadLetters();
    assert.deepEqual([letter.message, letter.from], ['withdraw', 'the test']);
    await one.stop();
    assert.deepEqual([one.isThere, one.state], [false, undefined]);
    await assert.rejects(one.ask.balance({}), code('TARGET_STOPPED'));
  });

  test(`timers tick in virtual time, in their order${named(how)}`, async () => {
    const one = testActor(buyer, { startMs: 1000, ...how });
    await one.tell.begin({ periodMs: 10 });
    assert.deepEqual(
      one.timers.map(({ dueMs, periodMs, message }) => ({ dueMs, periodMs, message })),
      [
        { dueMs: 1010, periodMs: 10, message: 'tick' },
        { dueMs: 1025, periodMs: 0, message: 'tick' },
      ],
    );
    await one.advance(9.9);
    assert.deepEqual([one.state?.ticks, one.nowMs], [null, 1009.9]);
    await one.advanceTo(1045);
    assert.deepEqual(one.state?.ticks, [2, 2, 1, 2, 2]);
    assert.equal(one.timers.length, 1);
  });

  test(`asks of a handler go to a stand-in, and time out in virtual time${named(how)}`, async () => {
    const one = testActor(buyer, how);
    const shop = one.standIn(account, { answers: { balance: () => ({ cents: 77 }) } });
    assert.deepEqual(await one.ask.buy({ shop: shop.address }), { text: 'got 77' });
    const [{ message, isAsked }] = shop.received();
    assert.deepEqual([message, isAsked], ['balance', true]);
    assert.deepEqual(one.sent()[0].isAsked, true);
    const silent = one.standIn(account);
    const asked = one.ask.buy({ shop: silent.address });
    await one.advance(999);
    assert.equal(one.state !== undefined, true);
    const [got] = silent.received();
    await one.advance(1);
    assert.deepEqual(await asked, { text: 'ASK_TIMEOUT' });
    await got.reply({ cents: 1 });
    const again = one.ask.buy({ shop: silent.address });
    await one.settled();
    const [ask] = silent.received();
    await ask.fail(new Error('closed'));
    assert.deepEqual(await again, { text: 'ACTOR_FAILED' });
    const last = one.ask.buy({ shop: silent.address });
    await one.settled();
    await silent.received()[0].reply({ cents: 5 });
    assert.deepEqual(await last, { text: 'got 5' });
  });

  test(`what a handler awaits from outside is awaited${named(how)}`, async () => {
    const one = testActor(buyer, how);
    const { characters } = await one.ask.size({});
    assert.ok(characters > 100);
  });

  test(`children run, are seen, and restart after a while${named(how)}`, async () => {
    const one = testActor(buyer, how);
    await one.tell.child({ cents: 5, name: 'kid' });
    const [{ ref, actor: definition, name, args, restart }] = one.spawned();
    assert.deepEqual([definition, name, args, restart], ['account', 'kid', { cents: 5 }, 'transient']);
    assert.ok(one.watched()[0].equals(ref));
    assert.ok(one.children.length === 1);
    const child = one.system.tested(one.system.find(account, 'kid'));
    await child.tell.deposit({ cents: 1 });
    assert.equal(child.state?.cents, 6);
    await child.tell.fail({ text: 'no' });
    assert.equal(one.failures()[0].decision, 'ask');
    await child.tell.deposit({ cents: 2 });
    assert.deepEqual([child.state?.cents, child.waiting], [6, 1]);
    await one.advance(100);
    assert.deepEqual([child.state?.cents, child.waiting], [7, 0]);
    child.ref.stop();
    await one.settled();
    assert.deepEqual(one.state?.ticks, ['stopped'.length]);
    assert.equal(one.children.length, 0);
  });

  test(`groups, behaviours and what is put aside${named(how)}`, async () => {
    const one = testActor(buyer, { key: 'me', ...how });
    assert.equal(one.isThere, false);
    const member = one.system.spawn(account, { args: { cents: 0 } });
    one.system.group(account, 'all').join(member);
    await one.tell.both({});
    assert.equal(one.behaviour, 'closed');
    assert.deepEqual(
      one.sent().map(({ to, message, fields }) => ({ to, message, fields })),
      [{ to: undefined, message: 'deposit', fields: { cents: 3 } }],
    );
    assert.equal(one.system.tested(member).state?.cents, 3);
    await one.tell.tick({ n: 1 });
    assert.equal(one.stashed, 1);
  });

  test(`many actors, whoever's turn it is${named(how)}`, async () => {
    const system = testSystem(how);
    const numbers = Array.from({ length: 15 }, (_, i) => i);
    const target = system.spawn(log);
    const flakies = [system.spawn(flaky), system.spawn(flaky)];
    for (const n of numbers) for (const each of flakies) void each.tell.take({ n, log: target.address });
    await system.settled();
    const right = numbers.filter((n) => n % 10 !== 3).map(String);
    const { lines } = await target.ask.all({});
    assert.equal(lines.length, 2 * right.length);
    assert.deepEqual([...new Set(lines)].sort(), [...right].sort());
    assert.equal(system.failures().length, 4);
  });
}

test('a handler that takes too long fails in virtual time', async () => {
  const one = testActor(buyer, { handlerTimeoutMs: 3000, outsideMs: 1 });
  const asked = one.ask.never({});
  await one.advance(2999);
  assert.deepEqual(one.failures(), []);
  await one.advance(1);
  await assert.rejects(asked, (error: Error) => code('HANDLER_TIMEOUT')(error.cause ?? error));
  assert.equal(one.isThere, true);
});

test('an ask of the test times out in virtual time', async () => {
  const one = testActor(door);
  const asked = one.ask.enter({ name: 'a' }, { timeoutMs: 70 });
  await one.advance(70);
  await assert.rejects(asked, code('ASK_TIMEOUT'));
});

test('a mailbox that is full drops', async () => {
  const one = testActor(oldest);
  const [gate, lines] = [one.standIn(door), one.standIn(log)];
  const asked = one.ask.wait({ gate: gate.address });
  for (const n of [1, 2, 3]) await one.tell.add({ n, lines: lines.address });
  assert.equal(one.waiting, 2);
  await gate.received()[0].reply({ place: 1 });
  await asked;
  const left = lines.received().map(({ fields }) => fields.line);
  assert.deepEqual(left, ['2', '3']);
  assert.match(one.deadLetters()[0].reason, /the capacity of its mailbox/);
});

test('a parent hears of the ends of those whom it watches, stand-ins too', async () => {
  const system = testSystem();
  const lines = system.standIn(log);
  const watcher = system.spawn(parent, { args: { log: lines.address } });
  const target = system.standIn(counter, { key: 'x' });
  await watcher.ask.watch({ address: target.address });
  await target.end('failed');
  assert.deepEqual(lines.received()[0].fields, { line: 'ended: failed' });
  const other = system.spawn(counter);
  const ended = system.watch(other);
  other.stop();
  assert.equal((await ended).reason, 'stopped');
});

test('who watches an actor that has gone hears of the reference that it watched', async () => {
  const one = testActor(buyer);
  const other = one.system.spawn(account, { name: 'gone', args: { cents: 0 } });
  other.stop();
  await one.tell.watch({ address: other.address });
  assert.equal(one.state?.ended, other.address);
});

test('a variable of the module is found by rollback, and by a restart', async () => {
  const rolledBack = testActor(forgetful, { rollback: true });
  await assert.rejects(rolledBack.ask.count({}), (error: MillraceError) => {
    assert.equal(error.code, 'NOT_REPEATABLE');
    assert.match(error.message, /'count' of actor 'forgetful' left \d+ in 'calls' of its state instead of \d+/);
    return true;
  });
  await assert.rejects(rolledBack.settled(), code('NOT_REPEATABLE'));
  const telling = testActor(forgetful, { rollback: true });
  const { address } = telling.standIn(account);
  await assert.rejects(async () => telling.tell.tellOn({ to: address }), /sent 'deposit' {"cents":\d+} instead of/);
  const restarted = testActor(forgetful, { restartAfterEachMessage: true });
  await restarted.ask.count({});
  await restarted.ask.count({});
  assert.equal(restarted.state?.calls, 1);
});

test('the same seed gives the same order, others another one', async () => {
  const orderOf = async (seed: number): Promise<string> => {
    const system = testSystem({ seed });
    const target = system.spawn(log);
    const flakies = Array.from({ length: 6 }, () => system.spawn(flaky));
    for (const [i, each] of flakies.entries())
      for (const n of [0, 1, 2]) void each.tell.take({ n: 100 * (i + 1) + n, log: target.address });
    await system.settled();
    return (await target.ask.all({})).lines.join(' ');
  };
  const orders = await Promise.all([1, 2, 3, 4, 5].map(orderOf));
  assert.deepEqual(await Promise.all([1, 2, 3, 4, 5].map(orderOf)), orders);
  assert.ok(new Set(orders).size > 1);
  for (const order of orders) assert.equal(order.split(' ').length, 18);
});

test('a storm through the smallest rings', async () => {
  const system = testSystem({ ringBytes: 4096, seed: 3 });
  const [size, fan, depth] = [10, 3, 5];
  await system.get(storm, '0').tell.hit({ depth, fan, size, text: '' });
  let hits = 0;
  for (let i = 0; i < size; i++) hits += (await system.get(storm, String(i)).ask.hits({})).hits;
  assert.equal(hits, (fan ** (depth + 1) - 1) / (fan - 1));
});

test('misuse', async () => {
  const bad = code('BAD_OPTION');
  assert.throws(() => testActor({} as never), bad);
  assert.throws(() => testActor(account, { key: 'a', args: { cents: 1 } }), bad);
  assert.throws(() => testActor(counter, { sed: 1 } as never), bad);
  assert.throws(() => testSystem({ stepsMax: 0 }), bad);
  assert.throws(() => testActor(account, { args: { cents: 'x' as never } }), code('BAD_VALUE'));
  const one = testActor(counter);
  await assert.rejects(one.advance(-1), bad);
  await assert.rejects(one.advanceTo(Number.NaN), bad);
  assert.throws(() => one.standIn(account, { answers: { nope: () => {} } as never }), code('UNKNOWN_MESSAGE'));
  assert.throws(() => one.standIn(account, { key: 'a', name: 'b' }), bad);
  assert.throws(() => testSystem().tested(one.ref), code('FOREIGN_REF'));
  const endless = testActor(buyer, { stepsMax: 100 });
  await assert.rejects(async () => endless.tell.endless({}), code('NOT_SETTLED'));
});
