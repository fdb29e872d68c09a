// The source that emits what an iterable or async iterable gives.
// Promises: the position is the count of tuples taken; after a crash as many are taken again and dropped.
// Relies on: make() gives the same sequence each time it is called.

import { errors } from '../errors.ts';
import {
  PARTITIONS_OPTION,
  type SourceContext,
  type SourceDefinition,
  type SourceReader,
  type SourceStatus,
} from '../flow/source.ts';
import type { SourceProgress } from '../flow/source-progress.ts';
import { isAsyncIterable, isIterable } from '../iterables.ts';
import { Schema, type Shape, type TupleOf } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import type { Given } from '../options/option.ts';
import { refuseSurplus } from '../surplus.ts';
import { AwaitedReader } from './streams/awaited-reader.ts';

export const ITERABLE_OPTIONS = {
  /** Parts that replicas can share: an integer from 1 to 256. Default: 1. See docs/dataflow.md#partitions. */
  partitions: PARTITIONS_OPTION,
};

/** Options of {@link fromIterable}: there is an iterable for each partition. */
export interface FromIterableOptions extends Given<typeof ITERABLE_OPTIONS> {}

const WHERE = 'fromIterable()';

/** Tuples that one read() drops while it finds its position again, for each that it might emit. */
const SKIP_FACTOR = 16;

const RULE = 'a function that returns a new iterable or async iterable each time';

/**
 * The tuples of an iterable: an array, a generator, a stream of objects.
 * @param fields the schema of its tuples
 * @param make called on the worker, for each partition, and again after a crash; what it returns must be the same sequence again
 * @throws MillraceError BAD_OPTION if `make` is no function, or (when the flow starts) does not return an iterable
 */
export function fromIterable<Fields extends Shape>(
  fields: Fields,
  make: (partition: number) => Iterable<TupleOf<Fields>> | AsyncIterable<TupleOf<Fields>>,
  options: FromIterableOptions = {},
  ...surplus: readonly never[]
): SourceDefinition<Fields> {
  refuseSurplus('fromIterable(fields, make, options)', 3, surplus);
  Schema.of(fields, 'fromIterable');
  if (typeof make !== 'function') throw errors.badOption('make', make, RULE, WHERE);
  const { partitions } = checkOptions(WHERE, ITERABLE_OPTIONS, options);
  return {
    kind: 'reader',
    fields,
    partitions,
    open(context) {
      const made: unknown = make(context.partition);
      if (isIterable<TupleOf<Fields>>(made)) {
        return new IterableReader(made[Symbol.iterator](), lengthOf(made), context);
      }
      if (isAsyncIterable<TupleOf<Fields>>(made)) {
        return new AwaitedReader(made[Symbol.asyncIterator](), context, context.position);
      }
      throw errors.badOption('make', made, RULE, WHERE);
    },
  };
}

/** How many tuples there are, of an array, a set and whatever else says so. */
function lengthOf(made: Iterable<unknown>): number | undefined {
  const { length, size } = made as { readonly length?: unknown; readonly size?: unknown };
  const count = length ?? size;
  return Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : undefined;
}

class IterableReader<Tuple> implements SourceReader<Tuple> {
  position: number;
  readonly #iterator: Iterator<Tuple>;
  readonly #length: number | undefined;
  #skip: number;
  #ended = false;

  constructor(iterator: Iterator<Tuple>, length: number | undefined, context: SourceContext) {
    this.#iterator = iterator;
    this.#length = length;
    this.position = context.position;
    this.#skip = context.position;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    if (this.#skip > 0) return this.#drop(limit * SKIP_FACTOR);
    const iterator = this.#iterator;
    for (let taken = 0; taken < limit; taken++) {
      const { done, value } = iterator.next();
      if (done) {
        this.#ended = true;
        return 'end';
      }
      emit(value);
      this.position++;
    }
    return 'more';
  }

  progress(): SourceProgress | undefined {
    return this.#length === undefined ? undefined : { done: this.position, total: this.#length };
  }

  close(): void {
    if (!this.#ended) this.#iterator.return?.();
    this.#ended = true;
  }

  #drop(limit: number): SourceStatus {
    for (let taken = 0; taken < limit && this.#skip > 0; taken++) {
      if (this.#iterator.next().done) {
        this.#ended = true;
        return 'end';
      }
      this.#skip--;
    }
    return 'more';
  }
}
