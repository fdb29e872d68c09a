// The app's end of a `collect`: an async iterator over the rings of the operators before it.
// Promises: every committed tuple once, each ring in order; back-pressure, since a frame is released when its tuples have
// been made and those of the frame before it are consumed. After a failure, what was committed before still comes, then the error.

import type { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { ActorDescriptor } from '../../actors/actor-descriptor.ts';
import { stageReaders } from '../../actors/stage-readers.ts';
import { Vitals } from '../../actors/vitals/vitals.ts';
import { errors } from '../../errors.ts';
import { type Plan, type Stage, stageName } from '../../flow/plan.ts';
import type { TupleReader } from '../../mailbox/tuple-reader.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { AppHost } from './app-host.ts';
import type { JobOutput } from './job-api.ts';
import { readableOf } from './node-streams.ts';
import { OutputLatency } from './output-latency.ts';

/** How long an iterator may keep the event loop of the app to itself. */
const YIELD_EVERY_MS = 5;

export class CollectedOutput<Tuple> implements JobOutput<Tuple> {
  readonly name: string;
  private readonly host: AppHost;
  private readonly readers: readonly TupleReader<Tuple>[];
  private readonly latency: OutputLatency | undefined;
  private next = 0;
  private yieldedAtMs = 0;
  private taken = false;
  private abandoned = false;
  private failure: { error: unknown } | undefined;
  private tuples = 0;
  private asked = 0;
  private waiting = 0;
  private thrown = false;
  private over = false;
  private stream: ReadableStream<Tuple> | undefined;
  private nodeStream: Readable | undefined;
  private readonly closed: (isLeft: boolean) => void;

  /** @param closed called once its iterator gives no more: it has come to the end or thrown, or it was left before */
  constructor(plan: Plan, stage: Stage, descriptor: ActorDescriptor, host: AppHost, closed: (isLeft: boolean) => void) {
    this.name = stageName(stage);
    this.host = host;
    this.closed = closed;
    this.readers = stageReaders<Tuple>(plan, stage, descriptor).map((reader) => reader.readOn(host.id));
    const { stampMs } = host.clock;
    this.latency = stampMs && new OutputLatency(this.readers, new Vitals(descriptor.vitals).latency, stampMs);
  }

  /** Tuples handed to the app so far. */
  get tuplesRead(): number {
    return this.tuples;
  }

  /** How often its iterator was asked for more. */
  get asks(): number {
    return this.asked;
  }

  /** What the app is at: nobody iterates, nobody asks the iterator for more, somebody waits for more, or there is nothing more for it. */
  get demand(): 'unread' | 'held' | 'asked' | 'closed' {
    if (this.abandoned || this.over) return 'closed';
    if (!this.taken) return 'unread';
    return this.waiting > 0 ? 'asked' : 'held';
  }

  /** True once its iterator has thrown why the job failed. */
  get hasThrown(): boolean {
    return this.thrown;
  }

  /** Makes the iterator throw once it has yielded what is there. */
  fail(error: unknown): void {
    this.failure = { error };
  }

  /** Lets everything that comes go by. */
  private abandon(): void {
    if (this.abandoned) return;
    this.abandoned = true;
    this.host.wakeWords.wakeUnconditionally(this.host.id);
    for (const reader of this.readers) reader.leave(this.host.wakeWords);
    if (!this.over) this.closed(true);
  }

  private get ended(): boolean {
    return this.readers.every(({ isOver }) => isOver);
  }

  /** The tuples of the next frame; undefined if there is none now. */
  private take(): Tuple[] | undefined {
    const { readers } = this;
    for (let k = 0; k < readers.length; k++) {
      const ring = (this.next + k) % readers.length;
      const reader = readers[ring];
      this.latency?.look(ring, reader.position);
      const batch = reader.next();
      reader.release(this.host.wakeWords);
      if (batch === undefined) continue;
      this.latency?.taken(ring, reader.position);
      this.next = (this.next + k + 1) % readers.length;
      this.tuples += batch.length;
      return batch;
    }
    return undefined;
  }

  /** The next batch; undefined at the end of the stream. */
  private async nextBatch(): Promise<Tuple[] | undefined> {
    this.asked++;
    this.waiting++;
    let batch: Tuple[] | undefined;
    try {
      batch = await this.fetchBatch();
    } finally {
      this.waiting--;
      if (batch === undefined) this.end();
    }
    return batch;
  }

  /** The app has all that it gets. */
  private end(): void {
    if (this.over || this.abandoned) return;
    this.over = true;
    this.closed(false);
  }

  private async fetchBatch(): Promise<Tuple[] | undefined> {
    for (;;) {
      if (this.abandoned) return undefined;
      // An output that always has data would keep the app's timers and sockets waiting: promises come before them.
      if (this.host.clock.now() - this.yieldedAtMs >= YIELD_EVERY_MS) await this.yield();
      const batch = this.take();
      if (batch !== undefined) return batch;
      if (this.ended) return undefined;
      if (this.failure !== undefined) {
        this.thrown = true;
        throw this.failure.error;
      }
      await this.host.waitFor({
        announce: () => {},
        check: () =>
          this.abandoned ||
          this.failure !== undefined ||
          this.ended ||
          this.readers.some((reader) => reader.hasInput()),
      });
      this.yieldedAtMs = this.host.clock.now();
    }
  }

  private async yield(): Promise<void> {
    await this.host.clock.yield();
    this.yieldedAtMs = this.host.clock.now();
  }

  get readable(): ReadableStream<Tuple> {
    // Its queue is empty unless somebody reads: what nobody asks for stays in the rings.
    this.stream ??= ReadableStream.from(this) as ReadableStream<Tuple>;
    return this.stream;
  }

  get nodeReadable(): Readable {
    this.nodeStream ??= readableOf(this.batches()[Symbol.asyncIterator]());
    return this.nodeStream;
  }

  private claim(): void {
    if (this.taken) throw errors.outputTaken(this.name);
    this.taken = true;
  }

  batches(...surplus: readonly never[]): AsyncIterable<Tuple[]> {
    refuseSurplus('batches()', 0, surplus);
    this.claim();
    return {
      [Symbol.asyncIterator]: () => ({
        next: async (): Promise<IteratorResult<Tuple[]>> => {
          const value = await this.nextBatch();
          return value === undefined ? { done: true, value: undefined } : { done: false, value };
        },
        return: async (): Promise<IteratorResult<Tuple[]>> => {
          this.abandon();
          return { done: true, value: undefined };
        },
      }),
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<Tuple> {
    this.claim();
    let batch: Tuple[] = [];
    let at = 0;
    const fetch = async (): Promise<IteratorResult<Tuple>> => {
      const fetched = await this.nextBatch();
      if (fetched === undefined) return { done: true, value: undefined };
      batch = fetched;
      at = 1;
      return { done: false, value: batch[0] };
    };
    let fetching: Promise<unknown> | undefined;
    const next = (): Promise<IteratorResult<Tuple>> => {
      // Whoever asks while a batch is fetched asks again when it is there.
      if (fetching !== undefined) return fetching.then(next, next);
      if (at < batch.length) {
        this.asked++;
        return Promise.resolve({ done: false, value: batch[at++] });
      }
      const fetched = fetch();
      const settled = (): void => {
        fetching = undefined;
      };
      fetching = fetched.then(settled, settled);
      return fetched;
    };
    return {
      next,
      return: async () => {
        batch = [];
        this.abandon();
        return { done: true, value: undefined };
      },
    };
  }
}
