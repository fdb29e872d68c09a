// What a job runs on: time, threads, and what they sleep on. Everything of a job that the machine decides comes through here.
// Promises: with `systemPlatform` these are the machine's own. src/testing/ has another one, on which a whole job runs in one
// thread under a seeded scheduler; the job cannot tell.

import { randomUUID } from 'node:crypto';
import { WakeWords } from '../../mailbox/wake.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type HostBuffers, type ThreadOptions, type ThreadPool, WorkerPool } from '../../workers/pool.ts';

export interface Platform {
  /** Time in the app's thread. */
  readonly clock: Clock;
  /** A text that tells one run from all others. */
  newRun(): string;
  /** The wake words of a job, as the app's thread sleeps on them. */
  wakeWords(buffer: SharedArrayBuffer): WakeWords;
  /** The threads of a job: `active` are started at once, and up to `most` as they are hired. */
  pool(active: number, most: number, buffers: HostBuffers, options: ThreadOptions): ThreadPool;
}

export const systemPlatform: Platform = {
  clock: systemClock,
  newRun: randomUUID,
  wakeWords: (buffer) => new WakeWords(buffer),
  pool: (active, most, buffers, options) => new WorkerPool(active, most, buffers, options),
};
