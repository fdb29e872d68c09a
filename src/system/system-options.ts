// Options of actorSystem(): one table.

import { nested, number } from '../options/kinds.ts';
import type { Given } from '../options/option.ts';
import { RUN_OPTIONS } from '../supervisor/job/run-options.ts';
import { ACTOR_SUPERVISION } from './definition.ts';

const { workers, ringBytes, outboxBytes, stateBytes, spares, hangTimeoutMs, startTimeoutMs, fenceTimeoutMs } =
  RUN_OPTIONS;

export const SYSTEM_OPTIONS = {
  workers,
  /** How actors without a parent are supervised; each counts its own failures. */
  supervision: nested(ACTOR_SUPERVISION, {
    help: 'how actors without a parent are supervised; each counts its own failures',
    page: 'actors.md#supervision',
  }),
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
  outboxBytes,
  stateBytes,
  spares,
  hangTimeoutMs,
  startTimeoutMs,
  fenceTimeoutMs,
  notices: RUN_OPTIONS.notices,
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

export interface StopOptions extends Given<typeof STOP_OPTIONS> {}
