// What happens in a job, as its events tell.

import type { ErrorRecord } from '../../../errors.ts';
import { toggle } from '../../../options/kinds.ts';
import type { Given } from '../../../options/option.ts';
import type { Decision } from '../../elasticity/scaling/decision.ts';
import type { CrashReport } from '../../recovery/crash-report.ts';
import type { DeadLetter, ReplicaName, ScaleResult } from '../job-api.ts';
import type { Stall } from '../stalls/stall-detector.ts';

/** What each event tells, by its type. */
export interface Occurrences {
  /** All workers have started. */
  readonly started: {
    /** How many worker threads there are, spares left out. */
    readonly workers: number;
    /** How many actors they host. */
    readonly actors: number;
  };
  /** All replicas of an operator have done their work. */
  readonly operatorEnded: {
    /** The operator's name. */
    readonly operator: string;
  };
  /** A tuple was left out because an operator failed at it. */
  readonly deadLetter: {
    /** The tuple, and why. */
    readonly letter: DeadLetter;
  };
  /** A worker died with its actors, or (worker and all) a single actor could not go on. */
  readonly crash: {
    /** Number of the worker. */
    readonly worker: number;
    /** The actors that crashed. */
    readonly actors: readonly ReplicaName[];
    /** The four fields of a supervisor's report. */
    readonly report: CrashReport;
  };
  /** A warm spare has taken over. */
  readonly adoption: {
    /** Number of the spare. */
    readonly worker: number;
    /** The actors that it hosts now. */
    readonly actors: readonly ReplicaName[];
    /** Since the crash was noticed, in milliseconds. */
    readonly tookMs: number;
  };
  /** A supervisor has restarted an actor. */
  readonly restart: {
    /** The worker that hosts it. */
    readonly worker: number;
    /** Path of the supervisor: 'job' or 'job/operator'. */
    readonly supervisor: string;
  } & ReplicaName;
  /** The first commit of an actor after its crash. */
  readonly recovered: {
    /** The worker that hosts it. */
    readonly worker: number;
    /** Since the crash was noticed, in milliseconds. */
    readonly tookMs: number;
    /** When it committed, in milliseconds since the epoch. */
    readonly committedAtMs: number;
  } & ReplicaName;
  /** A supervisor gave up, and the one above it decides. */
  readonly escalation: {
    /** Path of the supervisor that gave up. */
    readonly from: string;
    /** Path of the one above it. */
    readonly to: string;
    /** The error with which it gave up. */
    readonly reason: Error;
  };
  /** Key groups have changed owners. */
  readonly handOver: {
    /** The operator's name. */
    readonly operator: string;
    /** The replica that had them. */
    readonly from: number;
    /** The replica that has them now. */
    readonly to: number;
    /** How many key groups. */
    readonly groups: number;
    /** From the request to the end, in milliseconds. */
    readonly tookMs: number;
  };
  /** An operator has another number of replicas, or its groups are spread in another way. */
  readonly scaled: ScaleResult;
  /** What the policy of option `scaling` has decided, from what, and why. */
  readonly decision: {
    /** In mode 'plan' nothing follows. */
    readonly mode: 'act' | 'plan';
  } & Decision;
  /** An actor runs on another worker. */
  readonly moved: {
    /** The worker that hosted it. */
    readonly from: number;
    /** The worker that hosts it now. */
    readonly to: number;
  } & ReplicaName;
  /** An operator has been at one tuple for half of `hangTimeoutMs`. */
  readonly slow: {
    /** The one in work, also within a fused chain; undefined outside of any operator. */
    readonly operator: string | undefined;
    /** The worker that hosts it. */
    readonly worker: number;
    /** Of the tuple, if it is known. */
    readonly position: string | undefined;
    /** For how long so far, in milliseconds. */
    readonly forMs: number;
    /** After how long its worker is terminated, in milliseconds. */
    readonly limitMs: number;
  };
  /** Nothing moves, though tuples are there. */
  readonly stalled: {
    /** Who waits for whom. */
    readonly stall: Stall;
  };
  /** Something has moved again. */
  readonly stallEnded: {
    /** How long nothing moved, in milliseconds. */
    readonly tookMs: number;
  };
  /** A backup could not be written. The next one of this actor is full. */
  readonly backupFailed: {
    /** Why. */
    readonly error: Error;
  } & ReplicaName;
  /** A spare could not be started. */
  readonly spareFailed: {
    /** Why. */
    readonly error: Error;
    /** How many have failed in a row, this one included. */
    readonly attempt: number;
  };
  /** The job has failed; `done` rejects with the error. */
  readonly failed: {
    /** What failed it. */
    readonly error: Error;
    /**
     * The same, as it crosses threads.
     * @internal
     */
    readonly record: ErrorRecord;
  };
  /** The job is over, and all its workers are gone. */
  readonly ended: {
    /** How. */
    readonly outcome: 'done' | 'failed' | 'cancelled';
  };
}

/** The names of all events: what `job.on(type, …)` takes. */
export type JobEventType = keyof Occurrences;

/** What happens, before it has its time. */
export type Occurrence = {
  [Type in JobEventType]: {
    /** Its name. */
    readonly type: Type;
  } & Occurrences[Type];
}[JobEventType];

/** What happens in a job, and when. */
export type JobEvent = Occurrence & {
  /** In milliseconds since the epoch. */
  readonly atMs: number;
};

/** The events of one type. */
export type JobEventOf<Type extends JobEventType> = Extract<
  JobEvent,
  {
    /** Its name. */
    readonly type: Type;
  }
>;

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
