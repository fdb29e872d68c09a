// Goal: each timer has one fate, whatever happens: its actor dies at any store, again in its recovery, its key group changes hands
// meanwhile. MILLRACE_TEST_SEED=<seed> repeats the order of steps.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replacing } from '../../proof/explore/mutants/mutant.ts';
import type { Actor } from '../../src/actors/actor.ts';
import { memoryBackup } from '../../src/state/images/backup.ts';
import { KeyTimers } from '../../src/state/timers/key-timers.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { assertFates, type Fate, keptTimers } from '../kit/flows/timers.ts';
import { LocalHandOvers, type Wish } from '../kit/local-hand-overs.ts';
import { LocalJob } from '../kit/local-run.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { eachSeed, randomOf } from '../kit/seeds.ts';

const SIZES = { workers: 1, ringBytes: 4096, stateBytes: 1 << 20, outboxBytes: 1 << 20 };
const LINGER_MS = 0.3;

interface TimerRun {
  readonly seed: number;
  readonly count: number;
  readonly longestMs: number;
  /** Points of the crashes, each counted from the recovery of the one before. */
  readonly blows: readonly number[];
  readonly wishes?: readonly Wish[];
}

/** One run to the end, judged. Resolves to the points that it has passed, and to what became of the timers. */
async function run({
  seed,
  count,
  longestMs,
  blows,
  wishes = [],
}: TimerRun): Promise<{ points: number; fates: Fate[] }> {
  const memory = new CrashingMemory();
  const random = randomOf(seed);
  const left = [...blows];
  let nowMs = 0;
  return memory.within(async () => {
    const tick = (): void => {
      nowMs += 0.2;
    };
    const of = { count, keys: 7, longestMs, parallelism: wishes.length === 0 ? 1 : { max: 3 } };
    const params = { ...of, point: () => memory.point(), now: () => nowMs, tick };
    const job = LocalJob.of(
      keptTimers,
      { ...SIZES, lingerMs: LINGER_MS, params },
      { memory, now: () => nowMs, parks: true },
    );
    await job.openSources();
    const handOvers = new LocalHandOvers(job, memory, wishes);
    const choose = (below: number): number => {
      nowMs += 0.01;
      return random(below);
    };
    const arm = (): void => {
      memory.crashAt = left.length > 0 ? memory.points + (left.shift() as number) : Number.POSITIVE_INFINITY;
    };
    const onCrash = ({ descriptor }: Actor): void => {
      handOvers.away.add(descriptor);
      const actor = job.actors.find((each) => each.descriptor === descriptor) as Actor;
      arm();
      while (job.resume(actor, { isolate: choose(2) === 0 }) === CRASH) arm();
      handOvers.away.delete(descriptor);
    };
    arm();
    await job.runAsync({ choose, onTurn: () => handOvers.look(), onCrash });
    while (handOvers.isBusy) handOvers.look();
    assert.deepEqual(
      job.letters.map(({ error }) => error.message),
      [],
    );
    const fates = job.tuples.get('fates') as unknown as Fate[];
    assertFates(fates, of);
    return { points: memory.points, fates };
  });
}

const count = (fates: readonly Fate[], what: Fate['what']): number => fates.filter((fate) => fate.what === what).length;

test('timers fire in batches that die at any store', { timeout: 60_000 }, async (context) => {
  await eachSeed(context, shortOrLong(1, 3), async (seed) => {
    const random = randomOf(seed);
    const kind = { seed, count: 60, longestMs: 12 };
    const { points, fates } = await run({ ...kind, blows: [] });
    assert.ok(count(fates, 'fired') > 10, 'timers fire while tuples come');
    const stride = shortOrLong(199, 23);
    for (let at = random(stride); at < points; at += stride) {
      await run({ ...kind, blows: [at, ...Array.from({ length: random(3) }, () => random(400))] });
    }
  });
});

const give = (from: number, to: number, takes: Wish['takes'] = () => true): Wish => ({
  operator: 'timed',
  from,
  to,
  takes,
});

test('timers move with their key groups, and back, while actors die', { timeout: 60_000 }, async (context) => {
  const even = (group: number): boolean => group % 2 === 0;
  const wishes = [give(0, 1, even), give(1, 2), give(0, 2), give(2, 0, even), give(2, 1), give(1, 0)];
  await eachSeed(context, shortOrLong(8, 60), async (seed) => {
    const random = randomOf(seed);
    const kind = { seed, count: 150, longestMs: 1 + random(60), wishes };
    const { points } = await run({ ...kind, blows: [] });
    await run({ ...kind, blows: Array.from({ length: 1 + random(4) }, () => random(points)) });
  });
});

const broken = { seed: 5, count: 400, longestMs: 20 };

test('a timer that is left in its row when it fires is caught', { timeout: 60_000 }, async () => {
  interface Inside {
    readonly row: number;
    readonly cell: number;
    readonly atMs: number;
    readonly foundArena: { readonly f64: Float64Array };
  }
  const undo = replacing<Inside, unknown[], void>(
    KeyTimers.prototype,
    'takeFound',
    (original) =>
      function (...values) {
        original.apply(this, values);
        this.foundArena.f64[(this.row + this.cell) >> 1] = this.atMs + 1;
      },
  )();
  try {
    await assert.rejects(run({ ...broken, longestMs: 3, blows: [20_000, 2000] }));
  } finally {
    undo();
  }
});

test('timers that are lost at a hand-over are caught', { timeout: 60_000 }, async () => {
  const wishes = [give(0, 1, (group) => group % 2 === 0), give(1, 2), give(0, 2)];
  const undo = replacing<unknown, [], void>(KeyTimers.prototype, 'ownersChanged', () => () => {})();
  try {
    await assert.rejects(run({ ...broken, blows: [], wishes }), /was forgotten/);
  } finally {
    undo();
  }
  await run({ ...broken, blows: [], wishes });
});

test('state is not restored from a backup if timers have fired since: no timer fires twice', () => {
  let nowMs = 0;
  const backup = { everyMs: 1e9, store: memoryBackup(() => {}) };
  const tick = (): void => {
    nowMs += 0.2;
  };
  const params = { count: 2000, keys: 3, longestMs: 5, tick };
  const job = LocalJob.of(keptTimers, { ...SIZES, params }, { now: () => nowMs, parks: true, backup });
  const random = randomOf(1);
  const choose = (below: number): number => {
    nowMs += 0.01;
    return random(below);
  };
  const fates = job.tuples.get('fates') as unknown as Fate[];
  while (count(fates, 'fired') === 0) job.take(20, { choose });
  const actor = job.actor('timed');
  const restore = job.restoreOf(actor, false);
  assert.ok(restore !== undefined, 'state is to be restored');
  job.resume(actor, { restore });
  job.run(choose);
  assertFates(fates, params);
});
