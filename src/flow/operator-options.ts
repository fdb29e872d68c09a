// The options that operators, sources and sinks take, and how many replicas they may have.
// Promises: a mistake in an option is a typed error when the flow is declared, with the operator's name.

import { errors } from '../errors.ts';
import { checkOptions } from '../options/check.ts';
import { choice, closure, integer, number, toggle, value } from '../options/kinds.ts';
import { type Checked, type Given, type OptionPlace, ownEntry } from '../options/option.ts';
import { FAILURE_POLICIES, supervisionOption } from './failure-policy.ts';
import type { OperatorNode } from './graph.ts';

const PARALLELISM_MAX = 64;

export const PARALLELISM_OPTIONS = {
  /** Replicas at the start: an integer from 1 to 64. Default: `min`. */
  start: integer({ help: 'replicas at the start', from: 1, to: PARALLELISM_MAX, defaultText: '`min`' }),
  /** Replicas at least: an integer from 1 to 64. Default: 1. */
  min: integer({ help: 'replicas at least', from: 1, to: PARALLELISM_MAX, default: 1 }),
  /** Replicas at most: an integer from 1 to 64. */
  max: integer({ help: 'replicas at most', from: 1, to: PARALLELISM_MAX, isRequired: true }),
};

/** How many replicas an operator may have while it runs. */
export interface ParallelismRange extends Given<typeof PARALLELISM_OPTIONS> {
  max: number;
}

type Replicas = Pick<OperatorNode, 'parallelism' | 'replicas'>;

function readParallelism(given: unknown, { where, name }: OptionPlace): Replicas {
  if (typeof given === 'object' && given !== null) {
    const { max, min, start = min } = checkOptions(where, PARALLELISM_OPTIONS, given, name);
    if (min > start || start > max)
      throw errors.badOption(name, { start, min, max }, 'a range in which min <= start <= max', where);
    return { parallelism: start, replicas: { min, max } };
  }
  if (!(Number.isInteger(given) && (given as number) >= 1 && (given as number) <= PARALLELISM_MAX))
    throw errors.badOption(name, given, PARALLELISM_RULE, where);
  const count = given as number;
  return { parallelism: count, replicas: { min: count, max: count } };
}

const PARALLELISM_RULE = `an integer from 1 to ${PARALLELISM_MAX}, or a range { start, min, max }`;

export const SINK_OPTIONS = {
  /**
   * `false` gives a stateless operator an actor of its own instead of running it in the one before it: true or false.
   * Default: `true`.
   */
  fuse: toggle({
    help: '`false` gives a stateless operator an actor of its own instead of running it in the one before it',
    default: true,
  }),
  /**
   * What becomes of a tuple whose closure throws, or that kills or hangs its worker: `deadLetter` leaves it out, `stop`
   * fails the job, `escalate` leaves it to the supervisor, which restarts the replica: 'deadLetter', 'stop' or
   * 'escalate'. Default: `deadLetter`. See docs/supervision.md.
   */
  failure: choice(FAILURE_POLICIES, {
    help: 'what becomes of a tuple whose closure throws, or that kills or hangs its worker: `deadLetter` leaves it out, `stop` fails the job, `escalate` leaves it to the supervisor, which restarts the replica',
    default: 'deadLetter',
    page: 'supervision.md',
  }),
  /**
   * The supervisor over the operator's replicas; an operator that has one gets an actor of its own: an object. Default:
   * `{ strategy: one_for_one, intensity: 1, periodMs: 5,000 }`. See docs/supervision.md.
   */
  supervision: supervisionOption({
    help: "the supervisor over the operator's replicas; an operator that has one gets an actor of its own",
    page: 'supervision.md',
  }),
};

export const OPERATOR_OPTIONS = {
  /**
   * Replicas that share the operator's key groups, or a source's partitions; a range makes the operator elastic: an
   * integer from 1 to 64, or a range { start, min, max }. Default: 1. See docs/dataflow.md#parallelism.
   */
  parallelism: ownEntry<number | ParallelismRange, Replicas>({
    help: "replicas that share the operator's key groups, or a source's partitions; a range makes the operator elastic",
    rule: PARALLELISM_RULE,
    defaultText: '1',
    page: 'dataflow.md#parallelism',
    read: readParallelism,
    absent: () => ({ parallelism: 1, replicas: { min: 1, max: 1 } }),
  }),
  ...SINK_OPTIONS,
};

const isNames = (given: unknown): given is readonly string[] =>
  Array.isArray(given) && given.every((name) => typeof name === 'string');

export const PROCESS_OPTIONS = {
  ...OPERATOR_OPTIONS,
  end: closure<(...values: never[]) => unknown>({
    help: 'called once for each key when the input has ended, to emit final results',
    page: 'state.md',
  }),
  onTimer: closure<(...values: never[]) => unknown>({
    help: 'called when a timer is due that a closure has set by `context.timers`',
    page: 'timers.md',
  }),
  timers: choice(['event', 'processing'], {
    help: 'whether timers go by the event time of the stream, or by the clock; by the clock what the operator emits has no event time',
    defaultText: '`event` if the stream has event time, else `processing`',
    page: 'timers.md',
  }),
  ttlMs: number({
    help: 'removes the row of a key that is not heard of for so long, by the time that timers go by',
    unit: 'milliseconds',
    above: 0,
    to: 2 ** 50,
    defaultText: 'rows stay',
    page: 'state.md#time-to-live',
  }),
};

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

const isOrder = (given: unknown): given is boolean | 'key' => typeof given === 'boolean' || given === 'key';

export const ASYNC_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * Requests in flight at most in each replica, with the results that wait for their turn: an integer from 1 to 16384.
   * Default: 256. See docs/async.md#capacity.
   */
  capacity: integer({
    help: 'requests in flight at most in each replica, with the results that wait for their turn',
    from: 1,
    to: 16_384,
    default: 256,
    page: 'async.md#capacity',
  }),
  /**
   * `false` lets results leave as they come; `'key'` keeps the order of each key, of which one request is in flight at
   * a time: true, false or 'key'. Default: `true`. See docs/async.md#order.
   */
  ordered: value("true, false or 'key'", isOrder, {
    help: "`false` lets results leave as they come; `'key'` keeps the order of each key, of which one request is in flight at a time",
    default: true,
    page: 'async.md#order',
  }),
  /**
   * How long one attempt may take: milliseconds above 0, at most 2147483647. Default: as long as it likes. See
   * docs/async.md#timeouts-and-retries.
   */
  timeoutMs: number({
    help: 'how long one attempt may take',
    unit: 'milliseconds',
    above: 0,
    to: 2 ** 31 - 1,
    defaultText: 'as long as it likes',
    page: 'async.md#timeouts-and-retries',
  }),
  /**
   * Attempts after the first one, if that fails or takes too long: an integer from 0 to 1000. Default: 0. See
   * docs/async.md#timeouts-and-retries.
   */
  retries: integer({
    help: 'attempts after the first one, if that fails or takes too long',
    from: 0,
    to: 1000,
    default: 0,
    page: 'async.md#timeouts-and-retries',
  }),
  /**
   * The pause before the first retry; each further one is twice as long, up to a minute: milliseconds from 0 to 60000.
   * Default: 100. See docs/async.md#timeouts-and-retries.
   */
  backoffMs: number({
    help: 'the pause before the first retry; each further one is twice as long, up to a minute',
    unit: 'milliseconds',
    from: 0,
    to: 60_000,
    default: 100,
    page: 'async.md#timeouts-and-retries',
  }),
};

/** Options of `mapAsync` and `flatMapAsync`. */
export interface AsyncOptions extends Given<typeof ASYNC_OPTIONS> {}

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
  combineMs: number({
    help: 'how long tuples are combined before they are sent, at most',
    unit: 'milliseconds',
    from: 0,
    to: 10_000,
    defaultText: "1000 if results are emitted at the end, a tenth of `everyMs` up to 1000, else the job's `lingerMs`",
    page: 'aggregates.md',
  }),
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
  combineMs: number({
    help: 'how long tuples are combined before they are sent, at most',
    unit: 'milliseconds',
    from: 0,
    to: 10_000,
    defaultText: 'a tenth of the time between two windows, up to 1000',
    page: 'aggregates.md',
  }),
};

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

export const DEDUPLICATE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * How far apart the event times of two tuples of a key are that both pass, at least: milliseconds, an integer from 1
   * to 1125899906842624.
   */
  withinMs: integer({
    help: 'how far apart the event times of two tuples of a key are that both pass, at least',
    unit: 'milliseconds, an integer',
    from: 1,
    to: 2 ** 50,
    isRequired: true,
  }),
};

/** Options of `deduplicate`. */
export interface DeduplicateOptions extends Given<typeof DEDUPLICATE_OPTIONS> {
  withinMs: number;
}

export const THROTTLE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /** How long a pause is, in event time: milliseconds, an integer from 1 to 1125899906842624. */
  everyMs: integer({
    help: 'how long a pause is, in event time',
    unit: 'milliseconds, an integer',
    from: 1,
    to: 2 ** 50,
    isRequired: true,
  }),
  /**
   * Which tuples of a pause pass: the first, the last, or both if these are two: 'leading', 'trailing' or 'both'.
   * Default: `leading`.
   */
  edge: choice(['leading', 'trailing', 'both'], {
    help: 'which tuples of a pause pass: the first, the last, or both if these are two',
    default: 'leading',
  }),
};

/** Options of `throttle`. */
export interface ThrottleOptions extends Given<typeof THROTTLE_OPTIONS> {
  everyMs: number;
}

export const SAMPLE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /** Chooses one of many samples: an integer from 0 to 4294967295. Default: 0. */
  seed: integer({ help: 'chooses one of many samples', from: 0, to: 2 ** 32 - 1, default: 0 }),
  /** The fields that decide: names of fields. Default: all that can be keys. */
  by: value('names of fields', isNames, { help: 'the fields that decide', defaultText: 'all that can be keys' }),
};

/** Options of `sample`. `Name` are the fields of the stream. */
export interface SampleOptions<Name extends string> extends Omit<Given<typeof SAMPLE_OPTIONS>, 'by'> {
  /** The fields that decide. Default: all that can be keys. */
  by?: readonly Name[];
}

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

/** Options of what is made of windows. */
export interface WindowOptions extends Given<typeof WINDOW_OPTIONS> {}

/** Options of `aggregate`. */
export interface AggregateOptions extends Given<typeof AGGREGATE_OPTIONS> {}

/** Options of every operator, and of sources. */
export interface OperatorOptions extends Given<typeof OPERATOR_OPTIONS> {}

/** Options of a sink. */
export interface SinkOptions extends Given<typeof SINK_OPTIONS> {}

export type CheckedOperator = Pick<OperatorNode, 'parallelism' | 'replicas' | 'fuse' | 'failure' | 'supervision'>;

/** What the graph holds of an operator's options. Whoever supervises an operator may restart it alone: so it is not fused. */
export function checkedOperator(
  { parallelism, fuse, failure, supervision }: Checked<typeof OPERATOR_OPTIONS>,
  isSupervised: boolean,
): CheckedOperator {
  return { ...parallelism, fuse: fuse && !isSupervised, failure, supervision };
}

/** Checks the options of a stateless operator. */
export const checkOperator = (name: string, options: OperatorOptions): CheckedOperator =>
  checkedOperator(checkOptions(`operator '${name}'`, OPERATOR_OPTIONS, options), options.supervision !== undefined);
