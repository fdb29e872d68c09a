// The app's ends of a job as streams of Node.js, for `pipeline` and `pipe`.
// Promises: back-pressure as at the ends themselves: what nobody reads stays in the rings, and who writes waits for room. A job that fails
// destroys a readable with its error, after what was committed before; a readable that is destroyed leaves its output. A writable
// ends its input when it ends, and cancels the job when it breaks off.

import { Readable, Writable } from 'node:stream';

/** Batches as a stream of their tuples. */
export function readableOf<Tuple>(batches: AsyncIterator<Tuple[]>): Readable {
  let batch: readonly Tuple[] = [];
  let at = 0;
  let isFetching = false;
  /** Hands on what is there until the stream has enough, and fetches more. A stream asks again while it is handed something. */
  const hand = async (stream: Readable): Promise<void> => {
    if (isFetching) return;
    isFetching = true;
    try {
      for (;;) {
        while (at < batch.length) if (!stream.push(batch[at++])) return;
        const { done, value } = await batches.next();
        if (done) {
          stream.push(null);
          return;
        }
        batch = value;
        at = 0;
      }
    } catch (error) {
      stream.destroy(asError(error));
    } finally {
      isFetching = false;
    }
  };
  return new Readable({
    objectMode: true,
    read() {
      void hand(this);
    },
    destroy(error, callback) {
      batch = [];
      const left = batches.return?.() ?? Promise.resolve();
      left.then(() => callback(error), callback);
    },
  });
}

/** What a writable writes into. */
interface Sink<Tuple> {
  push(tuple: Tuple): Promise<void> | undefined;
  end(): void;
  abort(reason: unknown): Promise<void>;
}

/** An input as a stream that takes its tuples. */
export const writableInto = <Tuple>(sink: Sink<Tuple>): Writable =>
  new Writable({
    objectMode: true,
    write(tuple: Tuple, _encoding, callback) {
      try {
        const room = sink.push(tuple);
        if (room === undefined) callback();
        else room.then(() => callback(), callback);
      } catch (error) {
        callback(asError(error));
      }
    },
    final(callback) {
      sink.end();
      callback();
    },
    destroy(error, callback) {
      if (this.writableFinished) callback(error);
      else
        sink.abort(error ?? new Error('the stream was destroyed before its end')).then(() => callback(error), callback);
    },
  });

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
