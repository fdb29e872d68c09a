// Options of joins: of windows, of intervals, with the latest row of a stream, with a table.

import { choice, closure, integer, toggle } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { OPERATOR_OPTIONS } from '../operator-options.ts';

export const JOIN_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * Which tuples come out though they have no mate: none, those of the left stream, or those of both: 'inner', 'left'
   * or 'full'. Default: `inner`. See docs/joins.md.
   */
  kind: choice(['inner', 'left', 'full'], {
    help: 'which tuples come out though they have no mate: none, those of the left stream, or those of both',
    default: 'inner',
    page: 'joins.md',
  }),
};

/** Which rows of a join come out though they have no mate. */
export type JoinKind = 'inner' | 'left' | 'full';

/** The longest interval, as of windows: beyond it its ends would not be exact. */
const SPAN_MAX_MS = 2 ** 50;

export const INTERVAL_OPTIONS = {
  /**
   * How much later than the left tuple the right one is at least: milliseconds, an integer from -1125899906842624 to
   * 1125899906842624.
   */
  fromMs: integer({
    help: 'how much later than the left tuple the right one is at least',
    unit: 'milliseconds, an integer',
    from: -SPAN_MAX_MS,
    to: SPAN_MAX_MS,
    isRequired: true,
  }),
  /**
   * How much later than the left tuple the right one is at most, itself left out: milliseconds, an integer from
   * -1125899906842624 to 1125899906842624.
   */
  toMs: integer({
    help: 'how much later than the left tuple the right one is at most, itself left out',
    unit: 'milliseconds, an integer',
    from: -SPAN_MAX_MS,
    to: SPAN_MAX_MS,
    isRequired: true,
  }),
};

export const LOOKUP_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * `true` joins a tuple with the row that was valid at its time, which needs event time; it then waits for the
   * watermark: true or false. Default: `false`. See docs/joins.md.
   */
  asOf: toggle({
    help: '`true` joins a tuple with the row that was valid at its time, which needs event time; it then waits for the watermark',
    default: false,
    page: 'joins.md',
  }),
  /** True of a change that says that the key has no row any more: a function. See docs/joins.md. */
  isRemoval: closure<(...values: never[]) => boolean>({
    help: 'true of a change that says that the key has no row any more',
    page: 'joins.md',
  }),
};

export const TABLE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * `false` looks at what has come of the table so far instead of waiting for its end: true or false. Default: `true`.
   * See docs/joins.md.
   */
  wait: toggle({
    help: '`false` looks at what has come of the table so far instead of waiting for its end',
    default: true,
    page: 'joins.md',
  }),
  /** True of a change that says that the key has no row any more: a function. See docs/joins.md. */
  isRemoval: LOOKUP_OPTIONS.isRemoval,
};

/** Options of `lookup`. `Row` is a tuple of the table. */
export interface TableOptions<Row> extends Omit<Given<typeof TABLE_OPTIONS>, 'isRemoval'> {
  /** True of a tuple that says that the key has no row any more. */
  isRemoval?: (row: Row) => boolean;
}

/** Options of `intervalJoin` and `windowJoin`. */
export interface JoinOptions extends Given<typeof JOIN_OPTIONS> {}

/** How far the times of a pair may be from each other. */
export interface IntervalOptions extends Given<typeof INTERVAL_OPTIONS> {
  fromMs: number;
  toMs: number;
}

/** Options of `lookupJoin`. `Change` is a tuple of the changelog. */
export interface LookupOptions<Change> extends Omit<Given<typeof LOOKUP_OPTIONS>, 'isRemoval'> {
  /** True of a change that says that the key has no row any more. */
  isRemoval?: (change: Change) => boolean;
}
