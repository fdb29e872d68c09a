// Options of actorSystem(): one table.

import { OUTBOX_BYTES_MAX } from '../mailbox/output.ts';
import { integer, nested, number, toggle } from '../options/kinds.ts';
import type { Checked, Given, Option } from '../options/option.ts';
import type { ScalingOptions } from '../supervisor/elasticity/scaling/scaling-options.ts';
import { RUN_OPTIONS } from '../supervisor/job/run-options.ts';
import { ACTOR_SUPERVISION, type ActorSupervision, type CheckedActorSupervision } from './definition.ts';

const { workers, ringBytes, stateBytes, spares, hangTimeoutMs, startTimeoutMs, fenceTimeoutMs } = RUN_OPTIONS;

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
const supervision: Option<ActorSupervision, CheckedActorSupervision> = nested(ACTOR_SUPERVISION, {
  help: 'how actors without a parent are supervised; each counts its own failures',
  page: 'actors.md#supervision',
});

export const SYSTEM_OPTIONS = {
  workers,
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
  ringBytes,
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
  stateBytes,
  spares,
  hangTimeoutMs,
  startTimeoutMs,
  fenceTimeoutMs,
  /**
   * What is told to people where the app listens to nothing: on standard error, not at all, or to a function: true,
   * false, or a function (notice) => void. Default: `true`. See docs/supervision.md#what-people-are-told.
   */
  notices: RUN_OPTIONS.notices,
  /**
   * Memory limits of each worker's thread, as of `new Worker()`; best effort: Buffers and shared memory do not count:
   * an object, as of new Worker() in node:worker_threads. Default: none.
   */
  resourceLimits: RUN_OPTIONS.resourceLimits,
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
