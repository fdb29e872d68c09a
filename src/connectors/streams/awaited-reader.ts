// A reader of what an async iterator gives.
// Promises: the position is the count of tuples emitted; tuples are taken ahead of their read(), and only so many.

import type { SourceContext, SourceReader, SourceStatus } from '../../flow/source.ts';

/** Tuples that are taken ahead of their read(). */
const AHEAD_MAX = 4096;

/** What of a source's context it needs. */
export type AwaitedContext = Pick<SourceContext, 'position' | 'wake' | 'fail'>;

export class AwaitedReader<Tuple> implements SourceReader<Tuple> {
  position: number;
  readonly #iterator: AsyncIterator<Tuple>;
  readonly #context: AwaitedContext;
  /** Tuples taken ahead: #queue[#head..]. */
  #queue: Tuple[] = [];
  #head = 0;
  #skip: number;
  #pumping = false;
  #waited = false;
  #ended = false;
  #closed = false;

  /** @param skip how many of the tuples that the iterator gives have been committed already */
  constructor(iterator: AsyncIterator<Tuple>, context: AwaitedContext, skip: number) {
    this.#iterator = iterator;
    this.#context = context;
    this.position = context.position;
    this.#skip = skip;
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
