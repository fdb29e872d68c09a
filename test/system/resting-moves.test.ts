// Goal: virtual actors go to rest and wake while their key groups move between threads: each has its mail once and in order, and handles
// none of it while it rests.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { initialOwner } from '../../src/flow/plan.ts';
import { hashDouble, KEY_GROUPS, keyGroupOf } from '../../src/mailbox/hash.ts';
import type { RunningJob } from '../../src/supervisor/job/running-job.ts';
import { nomad } from '../kit/actors/resting.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const ROUNDS = 40;
const KEYS = 12;
const WORKERS = 2;

test('30, 40: actors rest and wake while their key groups move', TIMEOUT, () =>
  withSystem({ workers: WORKERS, placement: { rebalance: false } }, async (system) => {
    const failures: string[] = [];
    system.on('actorFailed', ({ error }) => failures.push(error.message));
    system.on('deadLetter', ({ reason }) => failures.push(reason));
    const refs = Array.from({ length: KEYS }, (_, i) => system.get(nomad, `nomad ${i}`));
    const groups = refs.map(({ address }) => keyGroupOf(hashDouble(Number(address.split('/')[2]))));
    const send = async (key: number): Promise<void> => {
      for (let n = 1; n <= ROUNDS; n++) {
        assert.deepEqual(await refs[key].ask.add({ n }, { timeoutMs: 60_000 }), { sum: (n * (n + 1)) / 2 });
        await sleep((n + key) % 9);
      }
    };
    let isOver = false;
    const move = async (): Promise<void> => {
      const other = Array.from({ length: KEY_GROUPS }, (_, group) => group).filter((group) => !groups.includes(group));
      const heavy = [0, 1].map((replica) => other.find((group) => initialOwner(group, WORKERS) === replica) ?? 0);
      for (let i = 0; !isOver; i++) {
        // One group outweighs all: its replica gives away what else it has.
        const loads = new Array<number>(KEY_GROUPS).fill(0);
        for (const group of groups) loads[group] = 1;
        loads[heavy[i % 2]] = 1000;
        await (system.job as RunningJob).rebalance('actors', loads);
        await sleep(5);
      }
    };
    const moving = move();
    try {
      await Promise.all(refs.map((_, key) => send(key)));
    } finally {
      isOver = true;
      await moving;
    }
    const found = await Promise.all(refs.map((ref) => ref.ask.get({}, { timeoutMs: 60_000 })));
    assert.deepEqual(failures, []);
    const total = (of: 'moves' | 'rests'): number => found.reduce((sum, each) => sum + each[of], 0);
    assert.ok(total('moves') > 0, 'some have moved');
    assert.ok(total('rests') > KEYS, 'they have rested');
  }),
);
