// One of the inputs of an operator under test, as a test sees it, and what a test says of times.
// Promises: nothing of its own: it is handed on to the test that it is an input of.

import { errors } from '../errors.ts';

/** What is said of tuples that are fed. */
export interface FeedOptions<Input = Record<string, unknown>> {
  /** The event time of the tuples in milliseconds, or a function that gives it: for a stream that has event time. */
  at?: number | ((tuple: Input) => number);
}

/** One input of an operator under test that has several. */
export interface TestedInput<Input = Record<string, unknown>> {
  /** As `feed` of the test, into this input. */
  feed(tuples: Input | Iterable<Input>, options?: FeedOptions<Input>): void;
  /** As `advanceWatermark` of the test, for this input: what the operator goes by is the least of all inputs. */
  advanceWatermark(ms: number): void;
  /** Ends this input. The operator's input has ended when all have. */
  end(): void;
}

/** What gives a tuple its event time. */
export type FedTime = (tuple: unknown) => number | undefined;

/** @throws MillraceError BAD_OPTION */
export function fedTime<Input>(options: FeedOptions<Input>): FedTime {
  for (const option of Object.keys(Object(options)))
    if (option !== 'at') throw errors.unknownOption('feed()', option, ['at'], undefined);
  const { at } = options;
  return typeof at === 'function' ? (tuple) => at(tuple as Input) : () => at;
}

/**
 * The place of an input that a test names.
 * @param names what each input may be called by
 * @throws MillraceError UNKNOWN_NAME
 */
export function placeOf(name: string, names: readonly (readonly string[])[]): number {
  const place = names.findIndex((each) => each.includes(name));
  if (place < 0) throw errors.unknownName('input of the operator', name, names.flat());
  return place;
}
