// What a job has, in one bundle: handed to everyone who works for the job, and made in one place (job/running-job.ts).
// Promises: the same objects as long as the job lives. Relies on: whoever gets it takes what it needs, and keeps no more.

import type { StepWords } from '../actors/vitals/step-words.ts';
import type { Plan } from '../flow/plan.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import type { Clock } from '../platform/clock.ts';
import type { WorkerSettings } from '../workers/control.ts';
import type { ThreadPool } from '../workers/pool.ts';
import type { Placement } from './deployment.ts';
import type { AppEnds } from './job/app-ends.ts';
import type { AppHost } from './job/app-host.ts';
import type { Occurrence } from './job/events/job-event.ts';
import type { CheckedOptions } from './job/run-options.ts';
import type { Backups } from './recovery/backups.ts';
import type { Replica } from './replicas/replica.ts';
import type { Roster } from './replicas/roster.ts';
import type { JobSupervision } from './supervision/job-supervision.ts';
import type { JobWorkers } from './workers/job-workers.ts';

export interface JobContext {
  readonly name: string;
  readonly clock: Clock;
  readonly options: CheckedOptions;
  readonly plan: Plan;
  /** The actors on workers, and the app's own ends. */
  readonly placements: readonly Placement[];
  readonly roster: Roster;
  readonly ends: AppEnds;
  readonly supervision: JobSupervision<Replica>;
  readonly pool: ThreadPool;
  readonly workers: JobWorkers;
  /** What all actors are run with. */
  readonly settings: WorkerSettings;
  readonly stepWords: StepWords;
  readonly wakeWords: WakeWords;
  /** Where the supervisor's side waits. */
  readonly supervisorHost: AppHost;
  /** Undefined if the job keeps none. */
  readonly backups: Backups | undefined;
  /** True once the job has ended, or is about to: nothing is recovered or changed any more. */
  isOver(): boolean;
  /** True once the job's sources have been told to end. */
  isStopping(): boolean;
  /** Tells whoever listens to the job's events. */
  announce(occurrence: Occurrence): void;
  fail(error: unknown): void;
}
