// Options of event time: `withEventTime`.

import { number } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';

export const EVENT_TIME_OPTIONS = {
  /**
   * How much later than the largest time before it in its source's partition a tuple may come and be on time:
   * milliseconds from 0 on, or Infinity. Default: 0. See docs/time.md.
   */
  outOfOrderMs: number({
    help: "how much later than the largest time before it in its source's partition a tuple may come and be on time",
    unit: 'milliseconds',
    from: 0,
    orInfinity: true,
    default: 0,
    page: 'time.md',
  }),
  /**
   * How long a partition of the source may have nothing until the others go on without it: milliseconds from 1 to
   * 2147483647, or Infinity. Default: never. See docs/time.md#idle-sources.
   */
  idleAfterMs: number({
    help: 'how long a partition of the source may have nothing until the others go on without it',
    unit: 'milliseconds',
    from: 1,
    to: 2 ** 31 - 1,
    orInfinity: true,
    defaultText: 'never',
    page: 'time.md#idle-sources',
  }),
  /**
   * By how much a tuple may be late and still be passed on, to correct what has been emitted: milliseconds from 0 on,
   * or Infinity. Default: 0. See docs/time.md#late-tuples.
   */
  allowedLatenessMs: number({
    help: 'by how much a tuple may be late and still be passed on, to correct what has been emitted',
    unit: 'milliseconds',
    from: 0,
    orInfinity: true,
    default: 0,
    page: 'time.md#late-tuples',
  }),
  /**
   * By how much a tuple's time may be ahead of the clock; beyond it the tuple fails, and time stays where it is:
   * milliseconds from 0 on, or Infinity. Default: 86,400,000. See docs/time.md.
   */
  maxAheadMs: number({
    help: "by how much a tuple's time may be ahead of the clock; beyond it the tuple fails, and time stays where it is",
    unit: 'milliseconds',
    from: 0,
    orInfinity: true,
    default: 86_400_000,
    page: 'time.md',
  }),
};

/** Options of `withEventTime`. */
export interface EventTimeOptions extends Given<typeof EVENT_TIME_OPTIONS> {}
