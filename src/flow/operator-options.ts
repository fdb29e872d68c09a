// The options that operators, sources and sinks take, and how many replicas they may have.
// Promises: a mistake in an option is a typed error when the flow is declared, with the operator's name.

import { errors } from '../errors.ts';
import { checkOptions } from '../options/check.ts';
import { choice, closure, integer, number, toggle } from '../options/kinds.ts';
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

/** How many replicas an operator begins with, and may have. */
export interface Replicas extends Pick<OperatorNode, 'parallelism' | 'replicas'> {}

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
    isMain: true,
    read: readParallelism,
    absent: () => ({ parallelism: 1, replicas: { min: 1, max: 1 } }),
  }),
  ...SINK_OPTIONS,
};

export const isNames = (given: unknown): given is readonly string[] =>
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
