// The public face of a running flow: what `flow.run()` takes and returns.

import type { ResourceLimits } from 'node:worker_threads';
import type { ErrorRecord } from '../../errors.ts';
import type { SupervisionOptions } from '../../flow/failure-policy.ts';
import type { OperatorKind } from '../../flow/graph.ts';
import type { GroupShare } from '../elasticity/group-loads.ts';
import type { Decision } from '../elasticity/scaling/decide.ts';
import type { ScalingOptions } from '../elasticity/scaling/scaling-options.ts';
import type { BackupOptions } from '../recovery/backups.ts';
import type { CrashReport } from '../recovery/crash-report.ts';
import type { SupervisionNode } from '../supervision/tree.ts';
import type { WorkerState } from '../workers/job-worker.ts';
import type { NoticeOption } from './notices/notices.ts';
import type { Stall } from './stalls/stall-detector.ts';

/** Options of `flow.run()`. */
export interface RunOptions<Params = unknown> {
  /** Passed to the flow's build function on every thread; must be structured-cloneable. */
  params?: Params;
  /** Worker threads; by default as many as the machine can run at once. */
  workers?: number;
  /** So many worker threads at most, when operators are given more replicas; `workers` by default. */
  maxWorkers?: number;
  /** Capacity of each ring in bytes, rounded up to a power of two. Default 2 MiB. */
  ringBytes?: number;
  /** Most that one batch may emit beyond its ring's room, in bytes. Default 256 MiB. */
  outboxBytes?: number;
  /** Most that the state of one operator may take, in bytes. Default: almost 4 GiB (address space, not memory). */
  stateBytes?: number;
  /** Longest time that a commit waits for more tuples, in milliseconds. Default 0. */
  lingerMs?: number;
  /** Warm workers that wait to take over from one that dies. Default 1; with 0 a crash waits for a thread to start. */
  spares?: number;
  /** A worker that makes no progress for so long, while it should, is terminated; in milliseconds. Default 10,000; 0 for never. */
  hangTimeoutMs?: number;
  /**
   * A job in which nothing moves for so long, though tuples are there, is told of as stalled; in milliseconds. An app that takes its
   * time for a tuple of an output has three times as long. Default 3,000; 0 for never.
   */
  stallTimeoutMs?: number;
  /**
   * What is told to people where the app has wired nothing up (see docs/supervision.md): on standard error, the default; not at all
   * (`false`); or to a function.
   */
  notices?: NoticeOption;
  /** How long a terminated thread may take to exit before the job fails with WORKER_STUCK, in milliseconds. Default 5,000. */
  fenceTimeoutMs?: number;
  /**
   * How long the import of the flow's module on a worker may take, and the open() of a source or a sink, before run() rejects with
   * START_TIMEOUT, in milliseconds. The same holds for spares, and for sources that are opened again after a crash. Default 60,000.
   */
  startTimeoutMs?: number;
  /** How long sources and sinks may take to close at the end, before their threads are terminated, in milliseconds. Default 5,000. */
  shutdownTimeoutMs?: number;
  /** Memory limits of each worker's thread, as of `new Worker()`; best effort: Buffers do not count. */
  resourceLimits?: ResourceLimits;
  /** Backups of keyed state, for the case that the live image is damaged. Default: none. */
  backup?: BackupOptions;
  /** Who decides about the replicas of operators. Default: only the app, by `job.scale` and the like. */
  scaling?: ScalingOptions;
  /** The supervisor over the job's operators. */
  supervision?: SupervisionOptions;
  /** Cancels the job when aborted. */
  signal?: AbortSignal;
}

/** Counts and shares of one replica since the last call of metrics(). Shares are of its time, from 0 to 1. */
export interface ReplicaMetrics {
  readonly replica: number;
  /** Worker that hosts it; -1 for the app's own thread, and while none does. */
  readonly worker: number;
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** Tuples per second over the last span. */
  readonly rateIn: number;
  readonly rateOut: number;
  readonly busy: number;
  /** Share of time in which its output had no room. */
  readonly blocked: number;
  readonly idle: number;
  /** Bytes in its fullest mailbox (published, not yet released), and the share of that ring that they fill. */
  readonly queueBytes: number;
  readonly queueFill: number;
  /** Tuples per second of busy time: what it could do if it were never idle nor held up. 0 if it was not busy. */
  readonly processingRate: number;
}

/** The sums over an operator's replicas; shares and queue are those of the busiest and fullest one. */
export interface OperatorMetrics extends Omit<ReplicaMetrics, 'replica' | 'worker'> {
  readonly name: string;
  readonly kind: OperatorKind;
  /** The operator in whose actor it runs, if it is fused. */
  readonly fusedInto: string | undefined;
  /** Dead letters of its own that the app's thread has got so far: tuples that it failed at, and records that a source rejected. */
  readonly deadLetters: number;
  /** Its key groups, or partitions of a source, with the most load lately, the most first, by samples; none if it is not partitioned. */
  readonly hotGroups: readonly GroupShare[];
  readonly replicas: readonly ReplicaMetrics[];
}

export interface JobMetrics {
  /** Since the job started. */
  readonly elapsedMs: number;
  /** The standstill that the job is in; undefined if it moves, or has nothing to do. */
  readonly stalled: Stall | undefined;
  readonly operators: readonly OperatorMetrics[];
}

/** Which replica of which operator: that which begins its actor. */
export interface ReplicaName {
  readonly operator: string;
  readonly replica: number;
}

/** The keyed state of one operator, as the app reads it. */
export interface JobState<Row = Record<string, unknown>> {
  /**
   * The committed row of a key (one value for each key field); undefined if there is none. Tables are arrays of rows.
   * @throws MillraceError BAD_KEY
   */
  get(...key: unknown[]): Promise<Row | undefined>;
  /**
   * All rows, in no order. Those of one of 256 key groups are of one commit; different groups may be of different ones.
   */
  entries(): AsyncIterable<{ readonly key: Record<string, unknown>; readonly value: Row }>;
}

/** What a change of an operator's replicas came to. */
export interface ScaleResult {
  readonly operator: string;
  /** Replicas before and after. */
  readonly from: number;
  readonly to: number;
  /** Key groups that have changed owners, and in how many hand-overs. */
  readonly groups: number;
  readonly handOvers: number;
  readonly tookMs: number;
}

/** A tuple that an operator failed at, and that was left out. See docs/supervision.md. */
export interface DeadLetter extends ReplicaName {
  /** The key of the tuple, if the actor reads by key. */
  readonly key: unknown;
  /** The tuple as the operator has got it. A text of it, if it is very large. */
  readonly tuple: unknown;
  readonly error: Error;
  /** Where it stood in its stream. */
  readonly position: string;
}

/** The dead letters of a job. One iterator reads them; while none does, the latest 1,000 are kept. */
export interface DeadLetters extends AsyncIterable<DeadLetter> {
  /** All so far. */
  readonly count: number;
  /** Those that nobody read before there were too many. */
  readonly dropped: number;
}

/** What happens in a job. */
export type JobEvent =
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

/** One worker thread of a job. */
export interface WorkerInfo {
  readonly worker: number;
  readonly threadId: number;
  readonly state: WorkerState;
  readonly actors: readonly ReplicaName[];
}

/**
 * The tuples of one `collect`. One iterator reads them. Stopping early drops the rest, and ends the job as stop() does once all that
 * the job is for was left: see docs/dataflow.md.
 */
export interface JobOutput<Tuple> extends AsyncIterable<Tuple> {
  /** The same tuples in arrays, as many as were there at once: faster than one by one. */
  batches(): AsyncIterable<Tuple[]>;
}

/** The app's end of a `push` source. */
export interface JobInput<Tuple> {
  /** Adds a tuple. Await what it returns: it waits while there is no room. */
  push(tuple: Tuple): Promise<void> | undefined;
  /** Adds many; resolves when there is room again. */
  pushAll(tuples: Iterable<Tuple>): Promise<void>;
  /** Ends the stream. */
  end(): void;
}

/** A running flow. */
export interface Job<Outputs = Record<string, unknown>> {
  readonly name: string;
  /** Resolves when every tuple is processed and all workers are gone; rejects with the error that failed the job. */
  readonly done: Promise<void>;
  /** Ends all sources; resolves as `done` when everything that was accepted is processed. */
  stop(): Promise<void>;
  /** Ends the job at once. `done` rejects with JOB_CANCELLED; this resolves when all workers are gone. */
  cancel(reason?: unknown): Promise<void>;
  /** @throws MillraceError UNKNOWN_NAME, OUTPUT_TAKEN */
  output<Name extends keyof Outputs & string>(name: Name): JobOutput<Outputs[Name]>;
  /** @throws MillraceError UNKNOWN_NAME */
  input<Tuple = Record<string, unknown>>(name: string): JobInput<Tuple>;
  metrics(): JobMetrics;
  /**
   * Reads the keyed state of an operator, while the job runs and after it.
   * @throws MillraceError UNKNOWN_NAME if there is no such operator, or it has no state
   */
  state<Row = Record<string, unknown>>(operator: string): JobState<Row>;
  /** Tuples that were left out because an operator failed at them. */
  readonly deadLetters: DeadLetters;
  /** The job's supervision tree as it stands: the job, its operators, their replicas. */
  tree(): SupervisionNode;
  workers(): readonly WorkerInfo[];
  /**
   * Terminates a worker's thread, as a drill: its actors are taken over. Resolves when the thread is gone.
   * @throws MillraceError UNKNOWN_NAME if there is no such worker
   */
  killWorker(worker: number): Promise<void>;
  /**
   * Gives an operator another number of replicas while it runs, within the bounds of its `parallelism`. Nothing stops for it.
   * Resolves when it is done, also if the operator ends before.
   * @throws MillraceError UNKNOWN_NAME; BAD_OPTION beyond its bounds; NO_SPARE if no worker could be loaded for some replica, after the
   * others have joined
   */
  scale(operator: string, replicas: number): Promise<ScaleResult>;
  /**
   * Spreads the key groups of an operator anew over its replicas, by their measured load.
   * @throws MillraceError UNKNOWN_NAME; BAD_OPTION if it has one replica only
   */
  rebalance(operator: string): Promise<ScaleResult>;
  /**
   * Moves an actor to another worker, which is no spare.
   * @throws MillraceError UNKNOWN_NAME if there is no such operator, replica or worker
   */
  move(operator: string, replica: number, worker: number): Promise<void>;
  /** Calls `listener` at each event, the first one with those of before too; returns a function that ends this. */
  on(listener: (event: JobEvent) => void): () => void;
}
