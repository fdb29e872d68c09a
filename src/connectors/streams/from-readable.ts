// The source that emits the objects of a stream, which a function opens on the worker.
// Promises: the position is the count of tuples. What is opened again after a crash gives the rest, by dropping what has been committed
// or by opening further on; a stream that can do neither fails the job, and no tuple is lost or doubled in silence.
// Relies on: memory of the partition, which tells that a stream has been opened before, also if nothing of it was committed.

import { errors } from '../../errors.ts';
import { PARTITIONS_OPTION, type SourceContext, type SourceDefinition } from '../../flow/source.ts';
import { Schema, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { choice } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import { AwaitedReader } from './awaited-reader.ts';
import { chunksOf, type WebReadable } from './opened-stream.ts';

export const READABLE_OPTIONS = {
  /**
   * What is done after a crash or a rollback: `never` fails the job, `replay` opens the stream again, which gives the
   * same chunks from its beginning, `seek` opens it at `position`, from where on it gives the rest: 'never', 'replay'
   * or 'seek'. Default: `never`. See docs/dataflow.md#streams-as-sources.
   */
  resume: choice(['never', 'replay', 'seek'], {
    help: 'what is done after a crash or a rollback: `never` fails the job, `replay` opens the stream again, which gives the same chunks from its beginning, `seek` opens it at `position`, from where on it gives the rest',
    default: 'never',
    page: 'dataflow.md#streams-as-sources',
  }),
  /** Parts that replicas can share: an integer from 1 to 256. Default: 1. See docs/dataflow.md#partitions. */
  partitions: PARTITIONS_OPTION,
};

/** Options of {@link fromReadable}: there is a stream for each partition. */
export interface FromReadableOptions extends Given<typeof READABLE_OPTIONS> {}

/** Where a stream is to be opened. */
export interface StreamPlace {
  /** How many of its tuples have been committed: 0, unless it resumes by `seek`. */
  readonly position: number;
  /** Which partition is to be opened, from 0 on. */
  readonly partition: number;
}

/** A stream of objects: a `Readable` of Node.js in object mode, a Web `ReadableStream`, or any async iterable. */
export type ReadableOf<Tuple> = AsyncIterable<Tuple> | WebReadable<Tuple>;

const WHERE = 'fromReadable()';
const RULE = 'a function that opens a stream: a Readable, a ReadableStream or an async iterable';

/** Cell of a partition's memory: 1 once its stream has been opened. */
const OPENED = 0;

/**
 * The objects of a stream of Node.js in object mode, of a Web stream, or of an async iterable. Chunks are taken ahead of the flow,
 * 4,096 at most: a flow that is slower than the stream holds it back. A stream that the app has at hand already is pushed into
 * `job.input(name)` instead (docs/dataflow.md#streams-as-sources).
 * @param fields the schema of its tuples
 * @param open called on the worker, for each partition, and again after a crash or a rollback unless `resume` is `'never'`
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA at once; INPUT_STREAM when the stream fails, gives what is no object, or would have to be
 * opened again and cannot
 */
export function fromReadable<Fields extends Shape>(
  fields: Fields,
  open: (place: StreamPlace) => ReadableOf<TupleOf<Fields>> | Promise<ReadableOf<TupleOf<Fields>>>,
  options: FromReadableOptions = {},
  ...surplus: readonly never[]
): SourceDefinition<Fields> {
  refuseSurplus('fromReadable(fields, open, options)', 3, surplus);
  Schema.of(fields, 'fromReadable');
  if (typeof open !== 'function') throw errors.badOption('open', open, RULE, WHERE);
  const { partitions, resume } = checkOptions(WHERE, READABLE_OPTIONS, options);
  return {
    kind: 'reader',
    fields,
    partitions,
    async open(context) {
      const { operator, partition, position, memory, wake, fail } = context;
      const isFirst = Atomics.exchange(memory, OPENED, 1) === 0;
      if (resume === 'never' && !isFirst) throw errors.streamNotResumed(operator, position);
      const place: StreamPlace = { position: resume === 'seek' ? position : 0, partition };
      const chunks = await opened(operator, () => open(place));
      const failWith = (cause: unknown): void => fail(errors.inputStream(operator, cause));
      const skip = resume === 'seek' ? 0 : position;
      return new AwaitedReader(objectsOf(operator, chunks), { position, wake, fail: failWith }, skip);
    },
  };
}

async function opened<Tuple>(
  operator: SourceContext['operator'],
  open: () => ReadableOf<Tuple> | Promise<ReadableOf<Tuple>>,
): Promise<AsyncIterator<Tuple>> {
  let stream: unknown;
  try {
    stream = await open();
  } catch (cause) {
    throw errors.inputStream(operator, cause);
  }
  let chunks: AsyncIterator<Tuple> | undefined;
  try {
    chunks = chunksOf<Tuple>(stream);
  } catch (cause) {
    // Such as a Web stream that is locked to another reader.
    throw errors.inputStream(operator, cause);
  }
  if (chunks === undefined) throw errors.badOption('open', stream, RULE, WHERE);
  return chunks;
}

/** Refuses bytes and texts by a message of their own: what a stream gives that is not in object mode. */
const objectsOf = <Tuple>(operator: string, chunks: AsyncIterator<Tuple>): AsyncIterator<Tuple> => ({
  next: async () => {
    const taken = await chunks.next();
    if (!taken.done && !isObject(taken.value)) throw errors.noTupleChunk(operator, taken.value);
    return taken;
  },
  return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
});

const isObject = (chunk: unknown): boolean =>
  typeof chunk === 'object' && chunk !== null && !ArrayBuffer.isView(chunk) && !Array.isArray(chunk);
