// Values that are not there yet: promises, async iterables, generators that nobody has run.
// Promises: what a closure returns is refused if it is one of these, since an actor's step awaits nothing.

import { errors, type MillraceError } from '../errors.ts';

/** Functions whose results are not there when they return, by their tags. */
const DEFERRED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['AsyncFunction', 'an async function'],
  ['GeneratorFunction', 'a generator function'],
  ['AsyncGeneratorFunction', 'an async generator function'],
]);

/** What a closure returns whose result is not used: anything but a promise, an async iterable or an iterator. */
export type Ignored =
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of functions that return nothing
  | void
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | symbol
  | { readonly then?: never; readonly next?: never; readonly [Symbol.asyncIterator]?: never; toString(): string };

/** The kind of a value that has yet to yield what it stands for; undefined for all others. */
function deferredKind(value: unknown): string | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const { then, next, [Symbol.asyncIterator]: iterate } = value as Record<PropertyKey, unknown>;
  if (typeof then === 'function') return 'a promise';
  if (typeof iterate === 'function') return 'an async iterable';
  return typeof next === 'function' ? 'an iterator' : undefined;
}

/** The error of a function that is, or has returned, what `what` says. */
type Refusal = (what: string) => MillraceError;

const ofClosure =
  (operator: string): Refusal =>
  (what) =>
    errors.asyncClosure(operator, what);

/** @throws MillraceError ASYNC_CLOSURE if a closure of the operator has returned something that is not there yet */
export function refuseDeferred(operator: string, value: unknown, refusal = ofClosure(operator)): void {
  const kind = deferredKind(value);
  if (kind === undefined) return;
  // The job fails with an error of its own: what the promise rejects with must not end the thread before.
  if (kind === 'a promise') void Promise.resolve(value).catch(() => {});
  throw refusal(`returned ${kind}`);
}

/**
 * Refuses async functions and generators before anything runs.
 * @throws MillraceError ASYNC_CLOSURE
 */
export function refuseDeferredFunction(operator: string, closure: unknown, refusal = ofClosure(operator)): void {
  const tag = Object.prototype.toString.call(closure).slice('[object '.length, -1);
  const kind = DEFERRED_FUNCTIONS.get(tag);
  if (kind !== undefined) throw refusal(`is ${kind}`);
}

/**
 * For closures whose result is not used.
 * @throws MillraceError ASYNC_CLOSURE, RETURNED_TUPLES for an array of objects: tuples that should have been emitted
 */
export function refuseResult(operator: string, value: unknown): void {
  refuseDeferred(operator, value);
  if (Array.isArray(value) && value.some((each) => typeof each === 'object' && each !== null)) {
    throw errors.returnedTuples(operator);
  }
}
