// Goal: spawned actors through crashes of their threads: no mail is lost, doubled or reordered; money stays; asks are answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActorSystem } from '../../src/index.ts';
import { account } from '../kit/actors/bank.ts';
import { counter, door, log } from '../kit/actors/probe.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT } from '../kit/run-flow.ts';

/** Kills a worker that is at work again and again, until it is told to end. */
function killing(system: ActorSystem, everyMs: number, most = 6) {
  let isOver = false;
  let kills = 0;
  const done = (async () => {
    while (!isOver && kills < most) {
      await sleep(everyMs);
      // All replicas answer: whoever was killed before is back.
      await system.metrics();
      const workers = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      if (workers.length === 0) continue;
      const { worker } = workers[kills % workers.length];
      await system.job.killWorker(worker).then(
        () => {
          kills++;
        },
        () => {},
      );
    }
  })();
  return {
    async end(): Promise<number> {
      isOver = true;
      await done;
      return kills;
    },
  };
}

test('money moves between accounts while workers are killed, and none is lost or made', TIMEOUT, async () => {
  await withSystem({ workers: 2, ringBytes: 1 << 16 }, async (system) => {
    const ACCOUNTS = 50;
    const accounts = Array.from({ length: ACCOUNTS }, () => system.spawn(account, { args: { cents: 1_000_000 } }));
    for (const each of accounts) await each.ask.balance({});
    const chaos = killing(system, 60);
    const TRANSFERS = 20_000;
    for (let i = 0; i < TRANSFERS; i++) {
      const [from, to] = [accounts[(i * 7) % ACCOUNTS], accounts[(i * 13 + 1) % ACCOUNTS]];
      const room = from.tell.send({ cents: i % 100, to: to.address });
      if (room !== undefined) await room;
      if (i % 2000 === 0) await sleep(20);
    }
    const kills = await chaos.end();
    let sum = -1;
    for (let tries = 0; tries < 200 && sum !== ACCOUNTS * 1_000_000; tries++) {
      const balances = await Promise.all(accounts.map((each) => each.ask.balance({}, { timeoutMs: 30_000 })));
      sum = balances.reduce((total, { cents }) => total + cents, 0);
    }
    assert.equal(sum, ACCOUNTS * 1_000_000);
    assert.ok(kills > 0, 'somebody was killed');
  });
});

test('mail keeps its order, also through async handlers and timers, while workers are killed', TIMEOUT, async () => {
  await withSystem({ workers: 2 }, async (system) => {
    const lines = system.spawn(log);
    const slow = system.spawn(counter);
    const ticking = system.spawn(door);
    await ticking.ask.start({ periodMs: 3, times: 100 });
    const chaos = killing(system, 70);
    const added: Promise<unknown>[] = [];
    for (let n = 0; n < 150; n++) {
      await lines.tell.add({ line: String(n) });
      added.push(slow.ask.addLater({ n: 1, ms: 1 }, { timeoutMs: 40_000 }));
      await sleep(4);
    }
    await Promise.all(added);
    const kills = await chaos.end();
    assert.ok(kills > 0, 'somebody was killed');
    assert.deepEqual(await lines.ask.all({}), { lines: Array.from({ length: 150 }, (_, n) => String(n)) });
    assert.deepEqual(await slow.ask.get({}), { n: 150 });
    let ticks = 0;
    for (let tries = 0; tries < 1000 && ticks < 100; tries++) {
      ({ ticks } = await ticking.ask.ticks({}));
      await sleep(5);
    }
    assert.equal(ticks, 100);
  });
});

test('a message that ends its thread is given up, and its actor goes on', TIMEOUT, async () => {
  await withSystem({ workers: 2 }, async (system) => {
    const one = system.spawn(counter);
    const other = system.spawn(counter, { beside: one });
    await one.ask.add({ n: 1 });
    other.tell.add({ n: 1 });
    const deadly = one.ask.exit({}, { timeoutMs: 50_000 });
    const behind = one.ask.add({ n: 2 }, { timeoutMs: 50_000 });
    const error = await rejection(deadly, 'ACTOR_FAILED');
    assert.match(error.message, /exit/);
    await behind;
    assert.deepEqual(await other.ask.get({}, { timeoutMs: 30_000 }), { n: 1 });
  });
});
