// What an operator that awaits is declared with: its options as its replicas need them, and what its closure gets.
// Promises: plain values, the same on every thread that builds the flow.

import { errors } from '../errors.ts';
import { refuseDeferredFunction } from '../mailbox/deferred.ts';
import { checkOptions } from '../options/check.ts';
import { type CheckedOperator, checkedOperator } from './operator-options.ts';
import { ASYNC_OPTIONS, type AsyncOptions } from './options/async-options.ts';

const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
const GeneratorFunction = function* () {}.constructor as FunctionConstructor;

/** How an operator asks for its results. */
export interface Asking {
  /** Requests in flight at most, and results that wait for their turn. */
  readonly capacity: number;
  /** True if results come in the order of the tuples that they are of. */
  readonly isOrdered: boolean;
  /** The fields by which results do so, and requests are made one after the other, if it is not by all tuples. */
  readonly key: readonly string[] | undefined;
  /** How long one attempt may take; undefined for as long as it likes. */
  readonly timeoutMs: number | undefined;
  /** Attempts after the first one. */
  readonly retries: number;
  /** The pause before the second attempt; each further one is twice as long. */
  readonly backoffMs: number;
  /** True if each result is an iterable of tuples. */
  readonly isMany: boolean;
}

/** What the closure of `mapAsync` and `flatMapAsync` gets with a tuple. */
export interface RequestContext {
  /** Aborted when the attempt has taken `timeoutMs`, or its result is not wanted any more: give it to what you await. */
  readonly signal: AbortSignal;
  /**
   * A text that is the same at every attempt at this tuple, also after a crash, and differs from that of any other: what makes a
   * service that knows such keys do the work once.
   */
  readonly idempotencyKey: string;
  /** 1 at first, and 1 more at each retry. After a crash it begins again. */
  readonly attempt: number;
}

/**
 * What an async generator makes is no promise, and what any generator makes is no tuple.
 * @param isMany true if the closure may return an iterable of tuples
 * @throws MillraceError ASYNC_CLOSURE
 */
export function refuseGenerator(name: string, closure: unknown, isMany: boolean): void {
  const isAsync = closure instanceof AsyncFunction;
  const isIterable = isMany && closure instanceof GeneratorFunction;
  if (!isAsync && !isIterable)
    refuseDeferredFunction(name, closure, (what) => errors.askingGenerator(name, what, isMany));
}

/**
 * Checks the options of an operator that awaits. It is never fused to the one before it: it reads ahead of what it has committed.
 * @param key of the stream before it; undefined if it has none
 * @throws MillraceError BAD_OPTION
 */
export function checkAsync(
  name: string,
  options: AsyncOptions,
  isMany: boolean,
  key: readonly string[] | undefined,
): { readonly checked: CheckedOperator; readonly asking: Asking } {
  const where = `operator '${name}'`;
  const { capacity, ordered, timeoutMs, retries, backoffMs, ...usual } = checkOptions(where, ASYNC_OPTIONS, options);
  if (options?.fuse === true) {
    throw errors.badOption('fuse', true, 'false or left out: an operator that awaits has an actor of its own', where);
  }
  if (ordered === 'key' && key === undefined) {
    const rule = "true or false, because the stream before it has no key: call keyBy(field) before it for 'key'";
    throw errors.badOption('ordered', ordered, rule, where);
  }
  const checked = checkedOperator({ ...usual, fuse: false }, options.supervision !== undefined);
  const order = { isOrdered: ordered === true, key: ordered === 'key' ? key : undefined };
  return { checked, asking: { capacity, ...order, timeoutMs, retries, backoffMs, isMany } };
}
