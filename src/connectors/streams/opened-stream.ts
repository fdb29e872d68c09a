// A stream of Node.js, a Web stream or an async iterable as one iterator.
// Promises: an iterator that is left while it waits for a chunk lets go of its stream at once, and errors of the stream that come
// after that are nobody's.

import { isAsyncIterable } from '../../iterables.ts';

/** As much of a Web stream as it takes to read it, whichever library its type is from. */
export interface WebReadable<Item> {
  /** Locks the stream to whoever reads it. */
  getReader(): WebReader<Item>;
}

/** Who reads a Web stream. */
interface WebReader<Item> {
  /** The next chunk. */
  read(): Promise<WebChunk<Item>>;
  /** Nobody reads on. */
  cancel(reason?: unknown): Promise<void>;
}

/** What is read of a Web stream at a time. */
interface WebChunk<Item> {
  /** True at the end of the stream. */
  readonly done: boolean;
  /** The chunk; undefined at the end. */
  readonly value?: Item | undefined;
}

/** As much of a stream of Node.js as is not in its iterator. */
interface NodeReadable {
  destroy(): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

const hasMethods = <Methods>(value: unknown, ...names: readonly (keyof Methods & string)[]): value is Methods =>
  names.every((name) => typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function');

/** The chunks of a stream; undefined if it is none. */
export function chunksOf<Item>(stream: unknown): AsyncIterator<Item> | undefined {
  if (hasMethods<WebReadable<Item>>(stream, 'getReader')) return chunksOfWeb(stream);
  if (!isAsyncIterable<Item>(stream)) return undefined;
  const iterator = stream[Symbol.asyncIterator]();
  return hasMethods<NodeReadable>(stream, 'destroy', 'on') ? chunksOfNode(stream, iterator) : iterator;
}

function chunksOfWeb<Item>(stream: WebReadable<Item>): AsyncIterator<Item> {
  // Not the stream's own iterator, whose return() waits for the chunk that is on its way.
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value: value as Item };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

function chunksOfNode<Item>(stream: NodeReadable, iterator: AsyncIterator<Item>): AsyncIterator<Item> {
  stream.on('error', () => {});
  return {
    next: () => iterator.next(),
    return: async () => {
      stream.destroy();
      return { done: true, value: undefined };
    },
  };
}
