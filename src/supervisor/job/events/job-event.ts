// What happens in a job, as its events tell.

import type { ErrorRecord } from '../../../errors.ts';
import { toggle } from '../../../options/kinds.ts';
import type { Given } from '../../../options/option.ts';
import type { Decision } from '../../elasticity/scaling/decision.ts';
import type { CrashReport } from '../../recovery/crash-report.ts';
import type { DeadLetter, ReplicaName, ScaleResult } from '../job-api.ts';
import type { Stall } from '../stalls/stall-detector.ts';

/** What happens, before it has its time. */
export type Occurrence =
  | { readonly type: 'started'; readonly workers: number; readonly actors: number }
  | { readonly type: 'operatorEnded'; readonly operator: string }
  | { readonly type: 'deadLetter'; readonly letter: DeadLetter }
  /** A worker died with its actors, or (worker and all) a single actor could not go on. */
  | {
      readonly type: 'crash';
      readonly worker: number;
      readonly actors: readonly ReplicaName[];
      readonly report: CrashReport;
    }
  /** A warm spare has taken over; `tookMs` since the crash was noticed. */
  | {
      readonly type: 'adoption';
      readonly worker: number;
      readonly actors: readonly ReplicaName[];
      readonly tookMs: number;
    }
  | ({ readonly type: 'restart'; readonly worker: number; readonly supervisor: string } & ReplicaName)
  /** The first commit of an actor after its crash; `tookMs` since that was noticed, `committedAtMs` since the epoch. */
  | ({
      readonly type: 'recovered';
      readonly worker: number;
      readonly tookMs: number;
      readonly committedAtMs: number;
    } & ReplicaName)
  | { readonly type: 'escalation'; readonly from: string; readonly to: string; readonly reason: Error }
  /** Key groups have changed owners, from replica `from` to replica `to`; `tookMs` from the request to the end. */
  | {
      readonly type: 'handOver';
      readonly operator: string;
      readonly from: number;
      readonly to: number;
      readonly groups: number;
      readonly tookMs: number;
    }
  /** An operator has another number of replicas, or its groups are spread in another way. */
  | ({ readonly type: 'scaled' } & ScaleResult)
  /** What the policy of option `scaling` has decided, from what, and why. In mode 'plan' nothing follows. */
  | ({ readonly type: 'decision'; readonly mode: 'act' | 'plan' } & Decision)
  /** An actor runs on another worker. */
  | ({ readonly type: 'moved'; readonly from: number; readonly to: number } & ReplicaName)
  /**
   * An operator has been at one tuple for half of `hangTimeoutMs`: its worker is terminated at `limitMs`. `operator` is the one in
   * work, also within a fused chain; undefined outside of any operator.
   */
  | {
      readonly type: 'slow';
      readonly operator: string | undefined;
      readonly worker: number;
      readonly position: string | undefined;
      readonly forMs: number;
      readonly limitMs: number;
    }
  /** Nothing moves, though tuples are there; and later: something has moved again. */
  | { readonly type: 'stalled'; readonly stall: Stall }
  | { readonly type: 'stallEnded'; readonly tookMs: number }
  | ({ readonly type: 'backupFailed'; readonly error: Error } & ReplicaName)
  | { readonly type: 'spareFailed'; readonly error: Error; readonly attempt: number }
  | { readonly type: 'failed'; readonly error: Error; readonly record: ErrorRecord }
  | { readonly type: 'ended'; readonly outcome: 'done' | 'failed' | 'cancelled' };

/** What happens in a job, and when. */
export type JobEvent = Occurrence & {
  /** In milliseconds since the epoch. */
  readonly atMs: number;
};

export type JobEventType = JobEvent['type'];

/** The events of one type. */
export type JobEventOf<Type extends JobEventType> = Extract<JobEvent, { readonly type: Type }>;

export const LISTEN_OPTIONS = {
  /**
   * `true` hears, first of all, of the latest 1,000 events so far; of dead letters not, as they wait in `job.deadLetters`: true or
   * false. Default: false.
   */
  past: toggle({
    help: '`true` hears, first of all, of the latest 1,000 events so far; of dead letters not, as they wait in `job.deadLetters`',
    default: false,
  }),
};

/** Which events a listener hears. */
export interface ListenOptions extends Given<typeof LISTEN_OPTIONS> {}
