// What the tuples of a key are grouped by: windows in event time, or so many tuples each.
// Promises: windows of time are half-open, [start, end), and aligned to 1970 plus their offset; a mistake is a typed error here.
// See docs/windows.md.

import { errors } from '../../errors.ts';
import { checkOptions } from '../../options/check.ts';
import { integer, toggle } from '../../options/kinds.ts';
import type { Given, OptionTable } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { CalendarWindow } from './calendar.ts';
import type { GlobalWindow } from './global-window.ts';

/** The longest window: beyond it ends would not be exact. */
const SIZE_MAX_MS = 2 ** 50;

const windowLength = integer({
  isMain: true,
  help: 'how long a window is',
  unit: 'milliseconds, an integer',
  from: 1,
  to: SIZE_MAX_MS,
  isRequired: true,
});
const offsetFrom = (multiples: string) =>
  integer({
    help: `by how much later than ${multiples}, counted from 1970 UTC, a window starts`,
    unit: 'milliseconds, an integer',
    from: -SIZE_MAX_MS,
    to: SIZE_MAX_MS,
    default: 0,
  });

export const TUMBLING_OPTIONS = {
  /** How long a window is: milliseconds, an integer from 1 to 1125899906842624. */
  sizeMs: windowLength,
  /**
   * By how much later than multiples of its length, counted from 1970 UTC, a window starts: milliseconds, an integer
   * from -1125899906842624 to 1125899906842624. Default: 0.
   */
  offsetMs: offsetFrom('multiples of its length'),
};

export const SLIDING_OPTIONS = {
  /** How long a window is: milliseconds, an integer from 1 to 1125899906842624. */
  sizeMs: windowLength,
  /** How long after a window starts the next one does: milliseconds, an integer from 1 to 1125899906842624. */
  everyMs: integer({
    help: 'how long after a window starts the next one does',
    unit: 'milliseconds, an integer',
    from: 1,
    to: SIZE_MAX_MS,
    isRequired: true,
  }),
  /**
   * By how much later than multiples of `everyMs`, counted from 1970 UTC, a window starts: milliseconds, an integer
   * from -1125899906842624 to 1125899906842624. Default: 0.
   */
  offsetMs: offsetFrom('multiples of `everyMs`'),
};

export const SESSION_OPTIONS = {
  /**
   * A tuple that is less than this after one before it belongs to its session: milliseconds, an integer from 1 to
   * 1125899906842624.
   */
  gapMs: integer({
    help: 'a tuple that is less than this after one before it belongs to its session',
    unit: 'milliseconds, an integer',
    from: 1,
    to: SIZE_MAX_MS,
    isRequired: true,
  }),
};

export const COUNT_OPTIONS = {
  /** How many tuples a window has: an integer from 1 to 2147483648. */
  size: integer({ help: 'how many tuples a window has', from: 1, to: 2 ** 31, isRequired: true }),
  /** How many tuples after a window starts the next one does: an integer from 1 to 2147483648. Default: `size`. */
  every: integer({
    help: 'how many tuples after a window starts the next one does',
    from: 1,
    to: 2 ** 31,
    defaultText: '`size`',
  }),
  /**
   * Gives what is left at the end of the input, which fills no window, as a last one: true or false. Default: `false`.
   */
  rest: toggle({
    help: 'gives what is left at the end of the input, which fills no window, as a last one',
    default: false,
  }),
};

/** Options of `tumbling`. */
export interface TumblingOptions extends Given<typeof TUMBLING_OPTIONS> {
  sizeMs: number;
}

/** Options of `sliding`. */
export interface SlidingOptions extends Given<typeof SLIDING_OPTIONS> {
  sizeMs: number;
  everyMs: number;
}

/** Options of `session`. */
export interface SessionOptions extends Given<typeof SESSION_OPTIONS> {
  gapMs: number;
}

/** Options of `count`. */
export interface CountOptions extends Given<typeof COUNT_OPTIONS> {
  size: number;
}

/** Windows of one length, each of which starts so much after the one before. */
export interface SlicedWindow {
  /** Which function has made it. */
  readonly kind: 'tumbling' | 'sliding';
  /** How long a window is, in milliseconds. */
  readonly sizeMs: number;
  /** How long after a window starts the next one does, in milliseconds. */
  readonly everyMs: number;
  /** By how much later than multiples of `everyMs`, counted from 1970 UTC, a window starts, in milliseconds. */
  readonly offsetMs: number;
}

/** Windows that end when no tuple has come for so long. */
export interface SessionWindow {
  /** Which function has made it. */
  readonly kind: 'session';
  /** A tuple that is less than this after one before it belongs to its session: milliseconds. */
  readonly gapMs: number;
}

/** Windows of so many tuples. */
export interface CountWindow {
  /** Which function has made it. */
  readonly kind: 'count';
  /** How many tuples a window has. */
  readonly size: number;
  /** How many tuples after a window starts the next one does. */
  readonly every: number;
  /** Whether what is left at the end of the input is given as a last one. */
  readonly rest: boolean;
}

/** What `keyed.window()` takes. */
export type Window = SlicedWindow | SessionWindow | CalendarWindow | CountWindow | GlobalWindow<never>;

/** Windows that follow each other without a gap: each tuple is in one. */
export function tumbling(options: TumblingOptions, ...surplus: readonly never[]): SlicedWindow {
  refuseSurplus('tumbling(options)', 1, surplus);
  const checked = checkedWindow('tumbling()', TUMBLING_OPTIONS, options);
  return { kind: 'tumbling', ...checked, everyMs: checked.sizeMs };
}

/**
 * Windows that overlap: each tuple is in `sizeMs / everyMs` of them. What is kept of tuples is kept once, by slice, and not by window.
 * @throws MillraceError BAD_OPTION
 */
export function sliding(options: SlidingOptions, ...surplus: readonly never[]): SlicedWindow {
  refuseSurplus('sliding(options)', 1, surplus);
  const checked = checkedWindow('sliding()', SLIDING_OPTIONS, options);
  const { sizeMs: size, everyMs } = checked;
  if (everyMs > size)
    throw errors.badOption(
      'everyMs',
      everyMs,
      `at most sizeMs, which is ${size}: tuples between would be in none`,
      'sliding()',
    );
  return { kind: 'sliding', ...checked };
}

/** Windows that last as long as tuples of the key keep coming. One starts with its first tuple, and ends `gapMs` after its last. */
export function session(options: SessionOptions, ...surplus: readonly never[]): SessionWindow {
  refuseSurplus('session(options)', 1, surplus);
  return { kind: 'session', ...checkedWindow('session()', SESSION_OPTIONS, options) };
}

/** Windows of so many tuples of a key, in the order in which they come. See `rest` for what is left at the end. */
export function count(options: CountOptions, ...surplus: readonly never[]): CountWindow {
  refuseSurplus('count(options)', 1, surplus);
  const { size, rest, every = size } = checkedWindow('count()', COUNT_OPTIONS, options);
  if (every > size)
    throw errors.badOption(
      'every',
      every,
      `at most size, which is ${size}: tuples between would be in none`,
      'count()',
    );
  return { kind: 'count', size, every, rest };
}

const checkedWindow = <Table extends OptionTable>(where: string, table: Table, options: Given<Table>) =>
  checkOptions(where, table, options);
