// Goal: mail between actors never stands still, however small the rings are: what has no room waits in the outbox, and its sender
// reads on; from outside no more is taken meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActorSystem } from '../../src/index.ts';
import { hog } from '../kit/actors/faults.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { storm } from '../kit/actors/storm.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const RING_BYTES = 4096;

async function hitsOf(system: ActorSystem, size: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: size }, (_, i) => system.get(storm, String(i)).ask.hits({}, { timeoutMs: 30_000 })),
  );
  return answers.reduce((sum, { hits }) => sum + hits, 0);
}

async function untilHits(system: ActorSystem, size: number, expected: number): Promise<void> {
  let hits = -1;
  for (let tries = 0; tries < 2000 && hits !== expected; tries++) {
    hits = await hitsOf(system, size);
    assert.ok(hits <= expected, `${hits} of ${expected} messages: some came twice`);
    if (hits < expected) await sleep(10);
  }
  assert.equal(hits, expected);
}

for (const workers of [1, 2, 3]) {
  test(`all tell all through rings of 4 KiB, on ${workers} workers`, TIMEOUT, async () => {
    await withSystem({ workers, ringBytes: RING_BYTES }, async (system) => {
      const [size, fan, depth] = [40, 5, 6];
      await system.get(storm, '0').tell.hit({ depth, fan, size, text: 'all to all' });
      // 1 + 5 + 25 + …
      await untilHits(system, size, (fan ** (depth + 1) - 1) / (fan - 1));
    });
  });
}

test('an actor fills its own mailbox', TIMEOUT, async () => {
  await withSystem({ workers: 2, ringBytes: RING_BYTES }, async (system) => {
    await system.get(storm, '1').ask.toSelf({ times: 20_000 });
    await untilHits(system, 2, 20_000);
  });
});

test('asks are answered while more mail goes round within than the rings hold', TIMEOUT, async () => {
  await withSystem({ workers: 2, ringBytes: RING_BYTES }, async (system) => {
    const hogs = Array.from({ length: 200 }, () => system.spawn(hog));
    for (const each of hogs) await each.tell.go({});
    for (let i = 0; i < 20; i++) {
      const { turns } = await hogs[i].ask.turns({}, { timeoutMs: 20_000 });
      assert.ok(turns > 0 || i === 0);
    }
    for (const each of hogs) each.stop({ now: true });
  });
});

test('many senders outside, with answers, through rings of 4 KiB', TIMEOUT, async () => {
  await withSystem({ workers: 2, ringBytes: RING_BYTES }, async (system) => {
    const [clients, each] = [40, 100];
    const message = { depth: 1, fan: 2, size: 20, text: 'x'.repeat(100) };
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        for (let i = 0; i < each; i++) {
          await system.get(storm, String(client % 20)).tell.hit(message);
          if (i % 10 === 0) await system.get(storm, String(i % 20)).ask.hits({}, { timeoutMs: 30_000 });
        }
      }),
    );
    await untilHits(system, 20, clients * each * 3);
  });
});

test('a storm goes on while workers die', TIMEOUT, async () => {
  await withSystem({ workers: 2, ringBytes: RING_BYTES }, async (system) => {
    const [size, fan, depth] = [30, 4, 7];
    await system.get(storm, '0').tell.hit({ depth, fan, size, text: 'through crashes' });
    for (let kill = 0; kill < 4; kill++) {
      await system.metrics();
      const at = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      await system.job.killWorker(at[kill % at.length].worker).catch(() => {});
    }
    await untilHits(system, size, (fan ** (depth + 1) - 1) / (fan - 1));
  });
});
