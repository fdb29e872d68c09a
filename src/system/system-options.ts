// Options of actorSystem(): one table.

import { OUTBOX_BYTES_MAX } from '../mailbox/output.ts';
import { choice, integer, nested, number, toggle, value } from '../options/kinds.ts';
import type { Checked, Given, Option } from '../options/option.ts';
import { LOG_LEVELS } from '../platform/log-levels.ts';
import type { ScalingOptions } from '../supervisor/elasticity/scaling/scaling-options.ts';
import { RUN_OPTIONS } from '../supervisor/job/run-options.ts';
import { isLogger } from './app/logger.ts';
import { ACTOR_SUPERVISION, type ActorSupervision, type CheckedActorSupervision } from './definition.ts';

/** Of the option `placement`. */
export const ACTOR_PLACEMENT = {
  /** Whether workers that have too much to do hand actors over to others: true or false. Default: `true`. */
  rebalance: toggle({
    help: 'whether workers that have too much to do hand actors over to others',
    default: true,
  }),
  /** Mail of the busiest worker over the mean from which actors move: a ratio from 1 to 1000. Default: 1.2. */
  skew: number({
    help: 'mail of the busiest worker over the mean from which actors move',
    unit: 'a ratio',
    from: 1,
    to: 1000,
    default: 1.2,
  }),
  /** Time between two looks; after four in a row actors move: milliseconds from 20 to 86400000. Default: 500. */
  everyMs: number({
    help: 'time between two looks; after four in a row actors move',
    unit: 'milliseconds',
    from: 20,
    to: 86_400_000,
    default: 500,
  }),
  /** Time after a move in which none follows: milliseconds from 0 to 86400000. Default: 5,000. */
  cooldownMs: number({
    help: 'time after a move in which none follows',
    unit: 'milliseconds',
    from: 0,
    to: 86_400_000,
    default: 5000,
  }),
};

/** Options of `placement` of `actorSystem()`. */
export interface ActorPlacement extends Given<typeof ACTOR_PLACEMENT> {}

/** What the job of a system is told of it. */
export function scalingOf({ rebalance, ...options }: Checked<typeof ACTOR_PLACEMENT>): ScalingOptions {
  // By either policy: as many replicas as workers are all that there may be.
  return rebalance ? { policy: 'threshold', ...options } : { policy: 'manual' };
}

/** Typed by what callers pass. */
const placement: Option<ActorPlacement, Checked<typeof ACTOR_PLACEMENT>> = nested(ACTOR_PLACEMENT, {
  help: 'whether, and when, actors move from busy workers to others',
  page: 'actors.md#placement',
});
/** Typed by what callers pass. */
const supervision: Option<ActorSupervision, CheckedActorSupervision> = nested(ACTOR_SUPERVISION, {
  help: 'how actors without a parent are supervised; each counts its own failures',
  page: 'actors.md#supervision',
});

export const SYSTEM_OPTIONS = {
  /** Worker threads: an integer from 1 to 1024. Default: as many as the machine runs at once. */
  workers: RUN_OPTIONS.workers,
  placement,
  supervision,
  /**
   * How long an async handler may take before it counts as failed: 0 for never, or milliseconds from 1 to 86400000.
   * Default: 30,000. See docs/actors.md#handlers-that-await.
   */
  handlerTimeoutMs: number({
    help: 'how long an async handler may take before it counts as failed',
    unit: 'milliseconds',
    zero: 'never',
    from: 1,
    to: 86_400_000,
    default: 30_000,
    page: 'actors.md#handlers-that-await',
  }),
  /**
   * Capacity of each ring, rounded up to a power of two: bytes, an integer from 4096 to 1073741824. Default: 2 MiB. See
   * docs/mailboxes.md.
   */
  ringBytes: RUN_OPTIONS.ringBytes,
  /**
   * Most mail that waits for room in a ring, of each worker: bytes, an integer from 1048576 to 2147418112. Default: 256
   * MiB. See docs/actors.md#where-it-stops.
   */
  outboxBytes: integer({
    help: 'most mail that waits for room in a ring, of each worker',
    unit: 'bytes, an integer',
    from: 1 << 20,
    to: OUTBOX_BYTES_MAX,
    default: 1 << 28,
    page: 'actors.md#where-it-stops',
  }),
  /**
   * Most that the state of one operator may take: bytes, an integer from 1048576 to 17179607040. Default: almost 4 GiB,
   * of address space. See docs/state.md.
   */
  stateBytes: RUN_OPTIONS.stateBytes,
  /**
   * Warm workers that wait to take over from one that dies; with 0 a crash waits for a thread to start: an integer from
   * 0 to 1024. Default: 1. See docs/recovery.md.
   */
  spares: RUN_OPTIONS.spares,
  /**
   * A worker that makes no progress for so long, while it should, is terminated and replaced: 0 for never, or
   * milliseconds from 50 to 86400000. Default: 10,000. See docs/supervision.md.
   */
  hangTimeoutMs: RUN_OPTIONS.hangTimeoutMs,
  /**
   * How long the import of the flow's module on a worker may take, and the `open()` of a source or a sink, before
   * `run()` rejects with `START_TIMEOUT`: milliseconds from 1 to 86400000. Default: 60,000. See docs/supervision.md.
   */
  startTimeoutMs: RUN_OPTIONS.startTimeoutMs,
  /**
   * How long a terminated thread may take to exit before the job fails with `WORKER_STUCK`: milliseconds from 1 to
   * 86400000. Default: 5,000. See docs/supervision.md.
   */
  fenceTimeoutMs: RUN_OPTIONS.fenceTimeoutMs,
  /**
   * What is told to people where the app listens to nothing: on standard error, not at all, or to a function: true,
   * false, or a function (notice) => void. Default: `true`. See docs/supervision.md#what-people-are-told.
   */
  notices: RUN_OPTIONS.notices,
  /**
   * Where lines go that actors log: to standard error, nowhere, to an object, or to a function: true, false, an object
   * as console is, or a function (line) => void. Default: `true`. See docs/actors.md#logging.
   */
  logger: value('true, false, an object as console is, or a function (line) => void', isLogger, {
    help: 'where lines go that actors log: to standard error, nowhere, to an object, or to a function',
    default: true,
    page: 'actors.md#logging',
  }),
  /**
   * The least urgent lines that are told; what is below does not leave its worker: 'debug', 'info', 'warn' or 'error'.
   * Default: `info`. See docs/actors.md#logging.
   */
  logLevel: choice(LOG_LEVELS, {
    help: 'the least urgent lines that are told; what is below does not leave its worker',
    default: 'info',
    page: 'actors.md#logging',
  }),
  /**
   * Memory limits of each worker's thread, as of `new Worker()`; best effort: Buffers and shared memory do not count:
   * an object, as of new Worker() in node:worker_threads. Default: none.
   */
  resourceLimits: RUN_OPTIONS.resourceLimits,
  /**
   * Command-line options of Node.js for worker threads, in place of the process's own: preloads, loaders, conditions:
   * an array of Node.js's options, such as ['--import', 'tsx']. Default: those of the process. See
   * docs/dataflow.md#what-workers-load.
   */
  execArgv: RUN_OPTIONS.execArgv,
};

/** Options of `actorSystem()`. */
export interface SystemOptions extends Given<typeof SYSTEM_OPTIONS> {}

export const STOP_OPTIONS = {
  /** How long actors may take to end: milliseconds from 0 to 86400000. Default: 10,000. */
  timeoutMs: number({
    help: 'how long actors may take to end',
    unit: 'milliseconds',
    from: 0,
    to: 86_400_000,
    default: 10_000,
  }),
};

/** Options of `system.stop()`. */
export interface StopOptions extends Given<typeof STOP_OPTIONS> {}
