// Goal: a message that ends its thread is given up wherever it comes from, and costs nobody else anything; what an actor has under way goes
// on elsewhere. Numbers are those of the project's list of faults that other actor systems had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActorSystem } from '../../src/index.ts';
import { keeper, speaker, watcher } from '../kit/actors/asking.ts';
import { hoarder } from '../kit/actors/ending.ts';
import { brave, deadly, ticker } from '../kit/actors/kinds.ts';
import { counter, log } from '../kit/actors/probe.ts';
import { asked, withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

const LONG = { timeoutMs: 50_000 };
const OPTIONS = { workers: 1, supervision: { directive: 'resume', intensity: 1000 } } as const;

async function killOne(system: ActorSystem): Promise<void> {
  const busy = system.job.workers().find(({ state, actors }) => state === 'active' && actors.length > 0);
  if (busy !== undefined) await system.job.killWorker(busy.worker).catch(() => {});
}

test('12: a message that ends its thread, in a timer, and put aside', TIMEOUT, () =>
  withSystem(OPTIONS, async (system) => {
    const neighbour = system.spawn(counter);
    await neighbour.ask.add({ n: 1 });
    let failures = 0;
    system.on('actorFailed', () => void failures++);
    const one = system.spawn(deadly, { args: { exits: false } });
    await one.tell.inTimer({});
    await until(() => failures === 1, 'the tick is given up', 50_000);
    assert.deepEqual(await one.ask.add({}, LONG), { n: 1 });
    const aside = rejection(one.ask.putAside({}, LONG), 'ACTOR_FAILED');
    await one.tell.release({});
    await aside;
    assert.deepEqual(await one.ask.add({}, LONG), { n: 2 });
    assert.deepEqual(await neighbour.ask.get({}, LONG), { n: 1 });
    assert.equal(failures, 2);
  }),
);

test('12: a start that ends its thread: there is no such actor, and its parent is told', TIMEOUT, () =>
  withSystem(OPTIONS, async (system) => {
    const failures: string[] = [];
    system.on('actorFailed', ({ error }) => failures.push(error.message));
    const one = system.spawn(brave);
    const { address } = await one.ask.child({});
    await rejection(system.ref(deadly, address).ask.add({}, LONG), 'TARGET_STOPPED');
    await until(() => failures.length === 1, 'the start is given up', 50_000);
    assert.match(failures[0], /'start' of actor 'deadly' failed/);
    await asked(() => one.ask.children({}, LONG), { ended: 1 });
    const ended = system.watch(one);
    one.stop();
    assert.equal((await ended).reason, 'stopped');
  }),
);

test('12: the first message of a virtual actor, and a handler that does not come back', TIMEOUT, () =>
  withSystem({ ...OPTIONS, hangTimeoutMs: 500 }, async (system) => {
    const neighbour = system.spawn(counter);
    await neighbour.ask.add({ n: 1 });
    const one = system.get(deadly, 'key');
    await rejection(one.ask.exit({ way: 'at once' }, LONG), 'ACTOR_FAILED');
    assert.deepEqual(await one.ask.add({}, LONG), { n: 1 });
    await rejection(one.ask.exit({ way: 'loop' }, LONG), 'ACTOR_FAILED');
    assert.deepEqual(await one.ask.add({}, LONG), { n: 2 });
    assert.deepEqual(await neighbour.ask.get({}, LONG), { n: 1 });
  }),
);

test('10: tells and asks keep their order, wherever a worker dies between them', TIMEOUT, () =>
  withSystem({ ...OPTIONS, workers: 2 }, async (system) => {
    for (let at = 0; at < 10; at += 3) {
      const lines = system.spawn(log);
      const echo = system.spawn(keeper);
      const answers: number[] = [];
      for (let n = 0; n < 20; n++) {
        await lines.tell.add({ line: String(n) });
        answers.push((await echo.ask.echo({ n }, LONG)).n);
        if (n % 10 === at) await killOne(system);
      }
      const numbers = Array.from({ length: 20 }, (_, n) => n);
      assert.deepEqual(answers, numbers);
      assert.deepEqual(await lines.ask.all({}, LONG), { lines: numbers.map(String) });
    }
  }),
);

test('40: timers with data, mail put aside, an open ask, a watch, a name and a group go on elsewhere', TIMEOUT, () =>
  withSystem({ ...OPTIONS, workers: 2 }, async (system) => {
    const lines = system.spawn(log);
    const aside = system.spawn(hoarder, { name: 'aside' });
    const ticking = system.get(ticker, 'ticking');
    const kept = system.spawn(keeper);
    const one = system.spawn(watcher, { args: { log: lines.address } });
    const watched = system.spawn(speaker);
    await one.ask.watch({ address: watched.address });
    const group = system.group(keeper, 'moved');
    group.join(kept);
    await ticking.ask.begin({ periodMs: 5 });
    const asks = [1, 2, 3].map((n) => aside.ask.asked({ n }, LONG));
    const open = kept.ask.keep({ n: 1 }, LONG);
    await asked(async () => (await kept.ask.count({}, LONG)).kept, 1);
    for (let i = 0; i < 4; i++) {
      await killOne(system);
      const { ticks } = await ticking.ask.get({}, LONG);
      await until(async () => (await ticking.ask.get({}, LONG)).ticks > ticks, 'it ticks on', 50_000);
    }
    assert.equal((await ticking.ask.get({}, LONG)).data, 'with data');
    await system.find(hoarder, 'aside').tell.release({});
    assert.deepEqual(await Promise.all(asks), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    await kept.tell.release({ times: 1 });
    assert.deepEqual(await open, { n: 1 });
    assert.deepEqual(await group.next.ask.echo({ n: 9 }, LONG), { n: 9 });
    watched.stop();
    await asked(() => lines.ask.all({}, LONG), { lines: [`stopped ${watched.address}`] });
  }),
);
