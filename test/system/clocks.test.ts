// Goal: timers come when they are due, once, however long they are and however late their actor; nobody is put away meanwhile.
// Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MillraceError } from '../../src/index.ts';
import { testSystem } from '../../src/testing.ts';
import { ticker } from '../kit/actors/kinds.ts';
import { door, log } from '../kit/actors/probe.ts';
import { rejection } from '../kit/run-flow.ts';

const WAYS = [{}, { seed: 3 }, { seed: 11, rollback: true }, { restartAfterEachMessage: true }];
const named = (options: object): string => `, ${JSON.stringify(options)}`;
const FOR_EVER = { timeoutMs: 1e12 };
const DAY_MS = 86_400_000;

for (const how of WAYS) {
  test(`23: of ticks that were missed one is made up for, and the rhythm stays${named(how)}`, async () => {
    const system = testSystem({ handlerTimeoutMs: 0, ...how });
    const one = system.tested(system.spawn(ticker));
    const gate = system.standIn(log);
    await one.tell.begin({ periodMs: 10 });
    const held = one.ask.hold({ gate: gate.address }, FOR_EVER);
    await system.advance(3_600_005);
    assert.deepEqual([one.state?.ticks, one.waiting], [0, 1]);
    for (const each of gate.received()) await each.reply({ lines: [] });
    await held;
    assert.equal(one.state?.ticks, 1);
    await system.advance(4.9);
    assert.equal(one.state?.ticks, 1);
    await system.advance(0.1);
    assert.equal(one.state?.ticks, 2);
    await system.advance(30);
    assert.equal(one.state?.ticks, 5);
  });

  test(`24: delays of weeks are weeks, and bad ones are refused${named(how)}`, async () => {
    const system = testSystem({ supervision: { directive: 'resume', intensity: 100 }, ...how });
    const one = system.tested(system.spawn(door));
    for (const delayMs of [0, 2 ** 31, 30 * DAY_MS]) await one.tell.once({ delayMs });
    await one.tell.start({ periodMs: 60 * DAY_MS, times: 0 });
    await system.advance(1000);
    assert.equal(one.state?.ticks, 1);
    await system.advanceTo(29 * DAY_MS);
    assert.equal(one.state?.ticks, 2);
    await system.advanceTo(31 * DAY_MS);
    assert.equal(one.state?.ticks, 3);
    await system.advanceTo(121 * DAY_MS);
    assert.equal(one.state?.ticks, 5);
    for (const delayMs of [-1, Number.NaN, 1e308, Number.POSITIVE_INFINITY]) {
      const error = await rejection(one.ask.once({ delayMs }, FOR_EVER), 'ACTOR_FAILED');
      assert.equal((error.cause as MillraceError).code, 'BAD_OPTION');
    }
  });

  test(`25, 30: a virtual actor at rest keeps its state and its timers${named(how)}`, async () => {
    const system = testSystem({ handlerTimeoutMs: 0, ...how });
    const one = system.tested(system.get(ticker, 'key'));
    const gate = system.standIn(log);
    await one.tell.add({ n: 3 });
    await one.tell.begin({ periodMs: 10 * DAY_MS });
    await system.advance(DAY_MS);
    // While it is at work nobody ends it either, and what waits is handled.
    const held = one.ask.hold({ gate: gate.address }, FOR_EVER);
    const behind = Array.from({ length: 50 }, () => one.tell.add({ n: 1 }));
    await Promise.all(behind);
    await system.advance(10 * DAY_MS);
    for (const each of gate.received()) await each.reply({ lines: [] });
    await held;
    assert.deepEqual(one.state, { n: 53, ticks: 1, data: 'with data' });
    await system.advance(DAY_MS);
    assert.deepEqual([system.failures(), system.deadLetters()], [[], []]);
  });

  test(`31: what follows an await after the actor was stopped is seen by nobody${named(how)}`, async () => {
    const system = testSystem({ handlerTimeoutMs: 0, ...how });
    const lines = system.spawn(log);
    const one = system.spawn(ticker);
    const gate = system.standIn(log);
    const asked = one.ask.late({ gate: gate.address, to: lines.address }, FOR_EVER);
    const behind = one.ask.get({}, FOR_EVER);
    await system.settled();
    one.stop({ now: true });
    await system.settled();
    for (const each of [asked, behind]) await rejection(each, 'TARGET_STOPPED');
    for (const each of gate.received()) await each.reply({ lines: [] });
    assert.deepEqual(await lines.ask.all({}, FOR_EVER), { lines: [] });
    assert.equal(system.tested(one).isThere, false);
  });

  test(`31: state is rolled back before the next message, also after an await${named(how)}`, async () => {
    const system = testSystem({ handlerTimeoutMs: 0, supervision: { directive: 'resume' }, ...how });
    const one = system.spawn(ticker);
    const gate = system.standIn(log);
    const asked = one.ask.late({ gate: gate.address, to: gate.address }, FOR_EVER);
    const behind = Array.from({ length: 10 }, () => one.ask.add({ n: 1 }, FOR_EVER));
    await system.settled();
    for (const each of gate.received()) await each.fail(new Error('no'));
    await rejection(asked, 'ACTOR_FAILED');
    await Promise.all(behind);
    assert.equal((await one.ask.get({}, FOR_EVER)).n, 10);
  });
}
