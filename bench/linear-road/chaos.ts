// Kills workers of a running job at random, as often as they come back.
// Promises: the same seed gives the same pauses and choices; a strike hits a worker that has actors, and not before something
// was done since the last one, however slow the machine is.
// Relies on: the job's supervisor, which takes up what was killed.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, MillraceError } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';

/** Actors that were resumed work with cold code: without a pause a run would consist of crashes. */
const PAUSE_MS_MIN = 50;
const PAUSE_MS_SPAN = 400;

/** The first strike comes as soon as anything is done: a short run may be over before a pause is. */
const FIRST_PAUSE_MS = 2;

export interface Strikes {
  /** Ends the strikes. */
  stop(): Promise<void>;
  readonly kills: number;
  readonly recoveries: number;
}

const tuplesOf = (job: Job): number =>
  job.metrics().operators.reduce((sum, { tuplesIn, tuplesOut }) => sum + tuplesIn + tuplesOut, 0);

/** Begins at once, and goes on until it is told to stop, or has killed so many. */
export function strike(job: Job, seed: number, killsMax: number): Strikes {
  const random = new Random(seed);
  const counts = { kills: 0, recoveries: 0 };
  let stopped = false;
  const unsubscribe = job.on((event) => {
    if (event.type === 'restart') counts.recoveries++;
  });
  let doneBefore = 0;
  const striking = (async () => {
    while (!stopped && counts.kills < killsMax) {
      await sleep(counts.kills === 0 ? FIRST_PAUSE_MS : PAUSE_MS_MIN + random.below(PAUSE_MS_SPAN));
      const done = tuplesOf(job);
      if (done === doneBefore) continue;
      const workers = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      if (stopped || workers.length === 0) continue;
      try {
        await job.killWorker(random.pick(workers).worker);
        counts.kills++;
        doneBefore = tuplesOf(job);
      } catch (error) {
        // It has ended meanwhile.
        if ((error as MillraceError).code !== 'UNKNOWN_NAME') throw error;
      }
    }
  })();
  return {
    async stop() {
      stopped = true;
      await striking;
      unsubscribe();
    },
    get kills() {
      return counts.kills;
    },
    get recoveries() {
      return counts.recoveries;
    },
  };
}
