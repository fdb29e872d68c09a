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
import { isAsyncIterable, isIterable } from '../iterables.ts';
import { Schema, type Shape, type TupleOf } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import type { Given } from '../options/option.ts';
import { refuseSurplus } from '../surplus.ts';

export const ITERABLE_OPTIONS = {
  /** Parts that replicas can share: an integer from 1 to 256. Default: 1. See docs/dataflow.md#partitions. */
  partitions: PARTITIONS_OPTION,
};

/** Options of {@link fromIterable}: there is an iterable for each partition. */
export interface FromIterableOptions extends Given<typeof ITERABLE_OPTIONS> {}

const WHERE = 'fromIterable()';

/** Tuples of an async iterable that are taken ahead of their read(). */
const AHEAD_MAX = 4096;
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
      if (isIterable<TupleOf<Fields>>(made)) return new IterableReader(made[Symbol.iterator](), context);
      if (isAsyncIterable<TupleOf<Fields>>(made)) return new AsyncIterableReader(made[Symbol.asyncIterator](), context);
      throw errors.badOption('make', made, RULE, WHERE);
    },
  };
}

class IterableReader<Tuple> implements SourceReader<Tuple> {
  position: number;
  readonly #iterator: Iterator<Tuple>;
  #skip: number;
  #ended = false;

  constructor(iterator: Iterator<Tuple>, context: SourceContext) {
    this.#iterator = iterator;
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

class AsyncIterableReader<Tuple> implements SourceReader<Tuple> {
  position: number;
  readonly #iterator: AsyncIterator<Tuple>;
  readonly #context: SourceContext;
  /** Tuples taken ahead: #queue[#head..]. */
  #queue: Tuple[] = [];
  #head = 0;
  #skip: number;
  #pumping = false;
  #waited = false;
  #ended = false;
  #closed = false;

  constructor(iterator: AsyncIterator<Tuple>, context: SourceContext) {
    this.#iterator = iterator;
    this.#context = context;
    this.position = context.position;
    this.#skip = context.position;
    void this.#pump();
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    const end = Math.min(this.#queue.length, this.#head + limit);
    while (this.#head < end) {
      emit(this.#queue[this.#head++]);
      this.position++;
    }
    if (this.#head < this.#queue.length) return 'more';
    this.#queue = [];
    this.#head = 0;
    if (this.#ended) return 'end';
    this.#waited = true;
    if (!this.#pumping) void this.#pump();
    return 'wait';
  }

  close(): void {
    this.#closed = true;
    // What the iterator's cleanup rejects with comes after the last commit, and has nobody left to be reported to.
    if (!this.#ended) void Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }

  /** Takes tuples until enough are ahead. Never rejects. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (!this.#closed && this.#queue.length < AHEAD_MAX) {
        const { done, value } = await this.#iterator.next();
        if (done) {
          this.#ended = true;
          break;
        }
        if (this.#skip > 0) this.#skip--;
        else this.#queue.push(value);
        if (this.#waited && this.#queue.length > 0) this.#wake();
      }
    } catch (error) {
      this.#ended = true;
      if (!this.#closed) this.#context.fail(error);
      return;
    } finally {
      this.#pumping = false;
    }
    this.#wake();
  }

  #wake(): void {
    if (!this.#waited || this.#closed) return;
    this.#waited = false;
    this.#context.wake();
  }
}
