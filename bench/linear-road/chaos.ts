// Disturbs a running job at random: kills workers as often as they come back, and meanwhile scales, rebalances and moves.
// Promises: the same seed gives the same pauses and choices; a strike hits a worker that has actors, and not before something
// was done since the last one, however slow the machine is. Throws at the end if a change failed because of anything but that
// what it names had gone.
// Relies on: the job's supervisor, which takes up what was killed.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, MillraceError } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';

/**
 * Actors that were resumed work with cold code: without a pause a run would consist of crashes. The first one comes as soon as
 * anything is done: a short run may be over before a pause is.
 */
const KILL_PAUSE = { firstMs: 2, fromMs: 50, spanMs: 400 };

/** Changes follow on each other so that many kills fall into one. */
const CHANGE_PAUSE_MS_SPAN = 60;
type Change = 'scale' | 'rebalance' | 'move';
const CHANGES: Readonly<Record<Change, number>> = { scale: 6, rebalance: 1, move: 3 };

export interface ChaosOptions {
  readonly seed: number;
  /** 0 for none; by default there is no end of them. */
  readonly killsMax?: number;
  /** Before the first kill, and between two of them. */
  readonly killPause?: { readonly firstMs: number; readonly fromMs: number; readonly spanMs: number };
  /** Operators that are scaled, and the most replicas of each; without any nothing is scaled or moved. */
  readonly elastic?: Readonly<Record<string, number>>;
}

/** What was done so far. */
export interface ChaosCounts {
  readonly kills: number;
  /** Actors that were resumed after a kill. */
  readonly recoveries: number;
  /** Hand-overs of key groups, and actors that moved to another worker. */
  readonly handOvers: number;
  readonly moves: number;
}

export const NO_CHAOS: ChaosCounts = { kills: 0, recoveries: 0, handOvers: 0, moves: 0 };

export interface Chaos {
  readonly counts: ChaosCounts;
  /** Ends it. */
  stop(): Promise<void>;
}

const tuplesOf = (job: Job): number =>
  job.reading().operators.reduce((sum, { tuplesIn, tuplesOut }) => sum + tuplesIn + tuplesOut, 0);

/** What an order names has ended meanwhile, or the job has. */
const isGone = (error: unknown): boolean => (error as MillraceError).code === 'UNKNOWN_NAME';

/** Begins at once, and goes on until it is told to stop. */
export function disturb(job: Job, options: ChaosOptions): Chaos {
  const { seed, killsMax = Number.POSITIVE_INFINITY, killPause = KILL_PAUSE, elastic = {} } = options;
  const counts = { ...NO_CHAOS };
  const stopped = new AbortController();
  const { signal } = stopped;
  const unsubscribe = job.on('*', ({ type }) => {
    if (type === 'restart') counts.recoveries++;
    else if (type === 'handOver') counts.handOvers++;
    else if (type === 'moved') counts.moves++;
  });
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});

  const strike = async (random: Random): Promise<void> => {
    let doneBefore = 0;
    while (!signal.aborted && counts.kills < killsMax) {
      await pause(counts.kills === 0 ? killPause.firstMs : killPause.fromMs + random.below(killPause.spanMs));
      const done = tuplesOf(job);
      if (done === doneBefore) continue;
      const workers = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      if (signal.aborted || workers.length === 0) continue;
      try {
        await job.killWorker(random.pick(workers).worker);
        counts.kills++;
        doneBefore = tuplesOf(job);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  };

  const change = async (random: Random): Promise<void> => {
    const operators = Object.keys(elastic);
    while (!signal.aborted && operators.length > 0) {
      await pause(1 + random.below(CHANGE_PAUSE_MS_SPAN));
      if (signal.aborted) return;
      const kind = random.weighted(CHANGES);
      const operator = random.pick(operators);
      const replicas = 1 + random.below(elastic[operator]);
      const [one, other] = [random.next(), random.next()];
      try {
        if (kind === 'scale') await job.scale(operator, replicas);
        else if (kind === 'rebalance') await job.rebalance(operator);
        else await moveAny(job, one, other);
      } catch (error) {
        if (!isGone(error) && !signal.aborted) throw error;
      }
    }
  };

  const running = Promise.all([strike(new Random(seed)), change(new Random(seed ^ 0x5ca1e))]);
  running.catch(() => {});
  return {
    counts,
    async stop() {
      stopped.abort();
      try {
        await running;
      } finally {
        unsubscribe();
      }
    },
  };
}

/** Moves an actor to a worker; `one` and `other`, from 0 to 1, say which. */
async function moveAny(job: Job, one: number, other: number): Promise<void> {
  const workers = job.workers().filter(({ state }) => state === 'active');
  const actors = workers.flatMap((worker) => worker.actors);
  const actor = actors[Math.floor(one * actors.length)];
  const to = workers[Math.floor(other * workers.length)];
  if (actor !== undefined && to !== undefined) await job.move(actor.operator, actor.replica, to.worker);
}
