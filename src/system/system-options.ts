// Options of actorSystem(): one table.

import { OUTBOX_BYTES_MAX } from '../mailbox/output.ts';
import { integer, nested, number } from '../options/kinds.ts';
import type { Given, Option } from '../options/option.ts';
import { RUN_OPTIONS } from '../supervisor/job/run-options.ts';
import { ACTOR_SUPERVISION, type ActorSupervision, type CheckedActorSupervision } from './definition.ts';

const { workers, ringBytes, stateBytes, spares, hangTimeoutMs, startTimeoutMs, fenceTimeoutMs } = RUN_OPTIONS;

/** Typed by what callers pass. */
const supervision: Option<ActorSupervision, CheckedActorSupervision> = nested(ACTOR_SUPERVISION, {
  help: 'how actors without a parent are supervised; each counts its own failures',
  page: 'actors.md#supervision',
});

export const SYSTEM_OPTIONS = {
  workers,
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
