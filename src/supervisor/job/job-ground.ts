// What a job stands on: the numbers of its hosts, the words that they sleep on and step by, and threads that begin to start.
// Promises: made before anything is loaded that directs a job, so that threads start meanwhile: half of what a small job took.
// Relies on: whoever cannot make a job of it closes the pool.

import { StepWords } from '../../actors/vitals/step-words.ts';
import type { Plan } from '../../flow/plan.ts';
import { WakeWords } from '../../mailbox/wake.ts';
import type { ThreadPool } from '../../workers/pool.ts';
import type { Platform } from './platform.ts';
import type { CheckedOptions } from './run-options.ts';

/** Host numbers beyond those in use, so that a new thread need not have the number of one that has just gone. */
const HOSTS_BEYOND = 2;
/** After the workers' hosts come the app's thread, and the same thread as the reader of dead letters and as the supervisor. */
const APP_HOSTS = 3;

export interface JobGround {
  /** Numbers that workers may have, from 0 on. */
  readonly hosts: number;
  /** Workers that the job begins with. */
  readonly firstWorkers: number;
  readonly wakeWords: WakeWords;
  readonly stepWords: StepWords;
  readonly pool: ThreadPool;
}

/** @throws MillraceError WORKER_START */
export function layGround(plan: Plan, options: CheckedOptions, platform: Platform): JobGround {
  const hosts = options.maxWorkers + options.spares + HOSTS_BEYOND;
  const firstWorkers = Math.min(options.workers, actorsOf(plan));
  const wakeWords = platform.wakeWords(WakeWords.allocate(hosts + APP_HOSTS));
  const stepWords = new StepWords(StepWords.allocate(hosts));
  const buffers = { wakeWords: wakeWords.buffer, stepWords: stepWords.buffer };
  return { hosts, firstWorkers, wakeWords, stepWords, pool: platform.pool(firstWorkers, hosts, buffers, options) };
}

/**
 * Actors that may be on workers, those that may join included: more workers would have nothing to do. One at least, which finds out
 * whether the flow's module can be loaded at all.
 */
function actorsOf({ stages }: Plan): number {
  const onWorkers = stages.filter(({ place }) => place !== 'app');
  return Math.max(
    1,
    onWorkers.reduce((sum, { replicas }) => sum + replicas, 0),
  );
}
