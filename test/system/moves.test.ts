// Goal: actors move between threads while they work: by themselves from a busy worker to an idle one, in order and without loss, also
// while workers die; and to threads that have not loaded their definitions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { initialOwner } from '../../src/flow/plan.ts';
import type { ActorSystem, SystemOccurrences } from '../../src/index.ts';
import { hashDouble, KEY_GROUPS, keyGroupOf } from '../../src/mailbox/hash.ts';
import type { RunningJob } from '../../src/supervisor/job/running-job.ts';
import { idOfName } from '../../src/system/addresses.ts';
import { diary, foreman, heir, labourer } from '../kit/actors/movers.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const WORKERS = 2;
const groupOf = (id: number): number => keyGroupOf(hashDouble(id));
const idOf = (ref: { readonly address: string }): number => Number(ref.address.split('/')[2]);

/** Keys of virtual actors, each in a key group of its own, which a replica has at the start. */
function keysOf(system: ActorSystem, definition: typeof labourer | typeof foreman, replica: number, count: number) {
  const groups = new Set<number>();
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const key = `key ${i}`;
    const group = groupOf(idOf(system.get(definition as typeof labourer, key)));
    if (initialOwner(group, WORKERS) !== replica || groups.has(group)) continue;
    groups.add(group);
    keys.push(key);
  }
  return keys;
}

const HOT = 12;
const MICROS = 200;
const UNTIL_MS = 60_000;

/**
 * All work is for the actors of one worker, until some of what is there has moved; then a little more. Returns how much each has got.
 */
async function load(
  system: ActorSystem,
  hasMoved: (keys: readonly string[]) => Promise<boolean>,
  meanwhile: () => Promise<void>,
): Promise<Map<string, number>> {
  const keys = keysOf(system, labourer, 0, HOT);
  const [direct, ...foremen] = ['app', ...keysOf(system, foreman, 0, 2)];
  const given = new Map(keys.map((key) => [key, 0]));
  const refs = keys.map((key) => system.get(labourer, key));
  const untilMs = Date.now() + UNTIL_MS;
  const round = async (n: number): Promise<void> => {
    for (const [i, ref] of refs.entries()) {
      await ref.tell.work({ from: direct, n, micros: MICROS });
      for (const name of foremen) await system.get(foreman, name).tell.pass({ to: keys[i], micros: MICROS });
      given.set(keys[i], (given.get(keys[i]) ?? 0) + 1 + foremen.length);
    }
  };
  let n = 0;
  while (!(await hasMoved(keys)) && Date.now() < untilMs) await round(++n);
  await meanwhile();
  for (let more = 0; more < 100; more++) await round(++n);
  return given;
}

/** The threads on which an actor has worked. */
const threadsOf = async (system: ActorSystem, key: string): Promise<readonly number[]> =>
  (await system.get(labourer, key).ask.report({}, { timeoutMs: 60_000 })).threads;

/** Waits until all work is done. Returns on which threads it was done. */
async function check(system: ActorSystem, given: ReadonlyMap<string, number>): Promise<Set<number>> {
  const workedOn = new Set<number>();
  for (const [key, count] of given) {
    for (;;) {
      const { done, wrong, threads } = await system.get(labourer, key).ask.report({}, { timeoutMs: 60_000 });
      assert.equal(wrong, '');
      assert.ok(done <= count, `${done} of ${count} for '${key}'`);
      for (const thread of threads) workedOn.add(thread);
      if (done === count) break;
      await sleep(5);
    }
  }
  return workedOn;
}

const FAST = { rebalance: true, everyMs: 50, cooldownMs: 200 };

test('a busy worker hands actors over to an idle one, and their mail keeps its order', TIMEOUT, async () => {
  await withSystem({ workers: WORKERS, placement: FAST, ringBytes: 1 << 16 }, async (system) => {
    const moved: SystemOccurrences['moved'][] = [];
    system.on('moved', (event) => moved.push(event));
    // What moves first may be foremen.
    const hasMoved = async (keys: readonly string[]): Promise<boolean> => {
      if (moved.length === 0) return false;
      const threads = await Promise.all(keys.map((key) => threadsOf(system, key)));
      return new Set(threads.flat()).size > 1;
    };
    const given = await load(system, hasMoved, async () => {});
    const threads = await check(system, given);
    assert.ok(moved.length > 0, 'actors have moved');
    assert.notEqual(moved[0].from, moved[0].to);
    assert.equal(threads.size, 2, 'both workers have had some of the actors');
  });
});

test('the same while workers are killed', TIMEOUT, async () => {
  await withSystem({ workers: WORKERS, placement: FAST, ringBytes: 1 << 16 }, async (system) => {
    const moved: unknown[] = [];
    system.on('moved', (event) => moved.push(event));
    let kills = 0;
    let isOver = false;
    const killing = (async () => {
      while (!isOver) {
        await sleep(100);
        const at = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
        const killed = at[kills % Math.max(1, at.length)];
        if (killed === undefined) continue;
        await system.job.killWorker(killed.worker).then(
          () => {
            kills++;
          },
          () => {},
        );
        // All replicas answer: whoever was killed is back, and has time to be measured.
        await system.metrics();
        await sleep(500);
      }
    })();
    const given = await load(
      system,
      async () => moved.length > 0,
      async () => {
        const before = kills;
        while (kills === before) await sleep(10);
      },
    ).finally(() => {
      isOver = true;
    });
    await killing;
    await check(system, given);
    assert.ok(moved.length > 0, 'actors have moved');
    assert.ok(kills > 0, 'workers were killed');
  });
});

test('without rebalancing nothing moves', TIMEOUT, async () => {
  await withSystem({ workers: WORKERS, placement: { ...FAST, rebalance: false } }, async (system) => {
    const moved: unknown[] = [];
    system.on('moved', (event) => moved.push(event));
    const key = keysOf(system, labourer, 0, 1)[0];
    for (let n = 1; n <= 5000; n++) await system.get(labourer, key).tell.work({ from: 'app', n, micros: 100 });
    await check(system, new Map([[key, 5000]]));
    assert.equal(moved.length, 0);
  });
});

/** Has replica 0 give all groups in which it has actors to the other one. */
async function moveAll(system: ActorSystem, ids: readonly number[]): Promise<void> {
  const job = system.job as RunningJob;
  const loads = new Array<number>(KEY_GROUPS).fill(0);
  const hot = new Set(ids.map(groupOf));
  // One group that outweighs all keeps replica 0 busy: it gives away what else it has.
  const kept = loads.findIndex((_, group) => !hot.has(group) && initialOwner(group, WORKERS) === 0);
  loads[kept] = 1000;
  for (const group of hot) loads[group] = 1;
  await job.rebalance('actors', loads);
}

/** A name that leads to replica 0. */
const nameAt = (text: string): string => {
  for (let i = 0; ; i++) if (initialOwner(groupOf(idOfName(`${text} ${i}`)), WORKERS) === 0) return `${text} ${i}`;
};

for (const [what, end] of [
  ['stops when its mail is handled', (ref: { stop(): void }) => ref.stop()],
  ['stops at once', (ref: { stop(options: { now: boolean }): void }) => ref.stop({ now: true })],
] as const) {
  test(`an actor on a thread that has not loaded its definition ${what}, by its own stop()`, TIMEOUT, async () => {
    await withSystem({ workers: WORKERS, placement: { rebalance: false } }, async (system) => {
      const entries: string[] = [];
      system.open(diary, { entry: ({ text }) => void entries.push(text) }, { name: 'diary' });
      const name = nameAt('heir');
      const ref = system.spawn(heir, { name });
      const before = await ref.ask.rest({});
      // Mail goes behind the hand-over that is asked for, and mostly before the module has been loaded.
      await moveAll(system, [idOfName(name)]);
      end(ref as never);
      const { reason } = await system.watch(ref);
      assert.ok(['stopped', 'gone'].includes(reason));
      for (let tries = 0; entries.length < 2 && tries < 1000; tries++) await sleep(5);
      assert.deepEqual(entries, [`${name} starts`, `${name} stops`]);
      assert.ok(before.thread > 0);
    });
  });
}

test('an actor that waits to begin again moves to a thread that has not loaded its definition', TIMEOUT, async () => {
  await withSystem(
    {
      workers: WORKERS,

      placement: { rebalance: false },
      supervision: { backoffMs: 50 },
    },
    async (system) => {
      const entries: string[] = [];
      system.open(diary, { entry: ({ text }) => void entries.push(text) }, { name: 'diary' });
      system.on('actorFailed', () => {});
      system.on('deadLetter', () => {});
      const name = nameAt('heir');
      const ref = system.spawn(heir, { name });
      const before = await ref.ask.rest({});
      await ref.tell.fail({});
      await moveAll(system, [idOfName(name)]);
      const after = await ref.ask.rest({}, { timeoutMs: 60_000 });
      assert.notEqual(after.thread, before.thread);
      assert.deepEqual(entries, [`${name} starts`, `${name} starts`]);
    },
  );
});
