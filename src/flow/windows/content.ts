// What an operator of windows keeps of its tuples, and what it makes of a window: one form for all kinds of windows (slices.ts,
// sessions.ts, counts.ts), in texts that their closures are generated of.
// Promises: a kind of window knows when windows begin and end, and its content what is in them; neither knows the other.

import type { Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';
import { LATEST_MS } from '../event-time.ts';

type Closure = (...values: never[]) => void;

/** What stands in the closures' scope: `tuple` or `key`, with the fields of the key; `state`, `emit` and `context`. */
export interface WindowContent {
  /** True if all that is kept of tuples is in panes, so that panes can be joined. */
  readonly isJoined: boolean;
  /** Fields of a pane: of what is kept of a stretch of tuples. */
  readonly pane: Shape;
  /** What is kept of a key besides its panes. */
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  /** Statements that take `tuple` into a pane, given where it stands: a time, or a number of tuples, of the same windows. */
  add(pane: string, place: string): string;
  /** The same for a combined row; undefined if tuples are not combined. */
  readonly merge: ((pane: string, place: string) => string) | undefined;
  /** Statements that take one pane into another. */
  join(pane: string, other: string): string;
  /** Statements that make a pane one without tuples. */
  clear(pane: string): string;
  /** An expression for a pane without tuples, as an object. */
  readonly empty: string;
  /** Statements that emit a window, given its pane and the expressions of its bounds. */
  give(pane: string, start: string, end: string): string;
  /** Statements that let go of what is kept beside a pane, given the bounds of its tuples. */
  release(start: string, end: string): string;
  readonly constants: Readonly<Record<string, unknown>>;
}

/** The closures of an operator of windows, as those of a keyed operator, and what it keeps of a key. */
export interface WindowClosures {
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  /** For a tuple, and for a combined row. */
  readonly add: Closure;
  readonly merge: Closure | undefined;
  /** For the time at which a window may end; none if windows end by what comes. */
  readonly onTimer: Closure | undefined;
  /** True if `add` gives windows, and can go on without one. */
  readonly leavesOutTuples?: true;
  /** True if `onTimer` goes by the clock. */
  readonly isByClock?: true;
  /** For the time of the clock at which results of open windows are given; none unless they are. */
  readonly onClock?: Closure | undefined;
  /** For each key at the end of the input; none if nothing is left to be emitted then. */
  readonly end: Closure | undefined;
}

/** The name of the table that has the panes of a key. */
export const PANES = '$windows';

/** A loop's head: goes through the rows of a table that does not change meanwhile, with one object for all of them. */
export const eachRow = (row: string, rows: string): string =>
  `for (let ${row} = ${rows}.firstRow(); ${row} !== undefined; ${row} = ${rows}.nextRow())`;

/** The key field of a pane of a slice. */
export const SLICE = '$slice';

/** The largest number that two numbers are multiples of: what no window cuts. */
export const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

/** An expression for when a timer is set. What ends after the latest time, as windows of results at the end of a stream do, ends with it. */
export const timerAt = (end: string): string => `Math.min(${end}, ${LATEST_MS})`;

/**
 * An expression for up to when windows have ended, in the closure of a timer: with the latest time all have. It is the watermark and not
 * the timer's own time, so that windows of a key that have ended meanwhile are given together.
 */
export const ENDED_UNTIL = `(context.untilMs < ${LATEST_MS} ? context.untilMs : Infinity)`;

/** Windows that one firing gives; the key has a timer for what is left, so that a batch does not grow with how far time has jumped. */
export const WINDOWS_AT_ONCE = 256;

/**
 * An expression that is true if the closure of a timer gives one window only: one that it may fail at is looked for, and so is known to be
 * the first; or that window has failed, and is left out.
 */
export const ONE_ONLY = '(context.isAlone || context.isLeftOut)';

/** An expression for the event time of a window's results: the last one in it. */
export const resultTime = (end: string): string => `Math.min(${end} - 1, ${LATEST_MS})`;
