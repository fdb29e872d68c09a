// Options of aggregates, over all time and in windows.

import { errors } from '../../errors.ts';
import { checkOptions } from '../../options/check.ts';
import { integer, number, toggle } from '../../options/kinds.ts';
import { type Given, ownEntry } from '../../options/option.ts';
import { OPERATOR_OPTIONS } from '../operator-options.ts';

export const EVERY_OPTIONS = {
  /** How long after a change its result is emitted, at most: milliseconds, an integer from 1 to 2147483647. */
  everyMs: integer({
    help: 'how long after a change its result is emitted, at most',
    unit: 'milliseconds, an integer',
    from: 1,
    to: 2 ** 31 - 1,
    isRequired: true,
  }),
};

/** Reads when results are emitted: one of some words, or every so often. */
const readEmit =
  <Word extends string>(words: readonly Word[]) =>
  (given: unknown, { where, name }: { readonly where: string; readonly name: string }): Word | { everyMs: number } => {
    const word = words.find((each) => each === given);
    if (word !== undefined) return word;
    if (typeof given !== 'object' || given === null)
      throw errors.badOption(name, given, `${words.map((each) => `'${each}'`).join(', ')} or { everyMs }`, where);
    return checkOptions(where, EVERY_OPTIONS, given, name);
  };

/** When an aggregate emits a key's results. */
export type AggregateEmit = 'end' | 'changes' | { readonly everyMs: number };
/** When a window's results are emitted. */
export type WindowEmit = 'close' | 'changes' | { readonly everyMs: number };

const combineMs = (defaultText: string) =>
  number({
    help: 'how long tuples are combined before they are sent, at most',
    unit: 'milliseconds',
    from: 0,
    to: 10_000,
    defaultText,
    page: 'aggregates.md',
  });

export const AGGREGATE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * When a key's results are emitted: once, when the input has ended; each time that they have changed; or, if they
   * have changed, every so many milliseconds: 'end', 'changes' or { everyMs }. Default: `end`. See
   * docs/aggregates.md#every-so-often.
   */
  emit: ownEntry<AggregateEmit, AggregateEmit>({
    help: "when a key's results are emitted: once, when the input has ended; each time that they have changed; or, if they have changed, every so many milliseconds",
    rule: "'end', 'changes' or { everyMs }",
    defaultText: '`end`',
    page: 'aggregates.md#every-so-often',
    within: EVERY_OPTIONS,
    read: readEmit<'end' | 'changes'>(['end', 'changes']),
    absent: () => 'end',
  }),
  /**
   * `false` sends every tuple to the operator by itself instead of combining tuples of a key where they are made: true
   * or false. Default: `true`. See docs/aggregates.md.
   */
  combine: toggle({
    help: '`false` sends every tuple to the operator by itself instead of combining tuples of a key where they are made',
    default: true,
    page: 'aggregates.md',
  }),
  /**
   * How long tuples are combined before they are sent, at most: milliseconds from 0 to 10000. Default: 1000 if results
   * are emitted at the end, a tenth of `everyMs` up to 1000, else the job's `lingerMs`. See docs/aggregates.md.
   */
  combineMs: combineMs(
    "1000 if results are emitted at the end, a tenth of `everyMs` up to 1000, else the job's `lingerMs`",
  ),
};

export const WINDOW_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * When a window's results are emitted: once, when it closes; each time that they have changed; or when it closes, and
   * before that, if they have changed, every so many milliseconds: 'close', 'changes' or { everyMs }. Default: `close`.
   * See docs/windows.md#early-results.
   */
  emit: ownEntry<WindowEmit, WindowEmit>({
    help: "when a window's results are emitted: once, when it closes; each time that they have changed; or when it closes, and before that, if they have changed, every so many milliseconds",
    rule: "'close', 'changes' or { everyMs }",
    defaultText: '`close`',
    page: 'windows.md#early-results',
    within: EVERY_OPTIONS,
    read: readEmit<'close' | 'changes'>(['close', 'changes']),
    absent: () => 'close',
  }),
  /**
   * `false` sends every tuple to the operator by itself instead of combining tuples of a key where they are made: true
   * or false. Default: `true`. See docs/aggregates.md.
   */
  combine: AGGREGATE_OPTIONS.combine,
  /**
   * How long tuples are combined before they are sent, at most: milliseconds from 0 to 10000. Default: a tenth of the
   * time between two windows, up to 1000. See docs/aggregates.md.
   */
  combineMs: combineMs('a tenth of the time between two windows, up to 1000'),
};

/** Options of what is made of windows. */
export interface WindowOptions extends Given<typeof WINDOW_OPTIONS> {}

/** Options of `aggregate`. */
export interface AggregateOptions extends Given<typeof AGGREGATE_OPTIONS> {}
