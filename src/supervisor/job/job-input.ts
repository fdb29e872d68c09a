// The app's end of a `push` source: it writes into a ring as an actor does, from the app's own thread.
// Promises: a tuple is validated at once, and visible to its readers at the latest when the current tick ends; `push` says
// when to wait for room.

import type { Writable } from 'node:stream';
import { WritableStream } from 'node:stream/web';
import type { ActorDescriptor } from '../../actors/actor-descriptor.ts';
import { outputPort } from '../../actors/output-port.ts';
import { NO_TIME } from '../../actors/time/time-cells.ts';
import { errors } from '../../errors.ts';
import { type Stage, stageName } from '../../flow/plan.ts';
import { isAsyncIterable, isIterable } from '../../iterables.ts';
import type { Encoder } from '../../mailbox/encoder.ts';
import type { Output } from '../../mailbox/output.ts';
import type { Ring } from '../../mailbox/ring.ts';
import { StampWriter, ticksOf } from '../../mailbox/stamps.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { AppHost, Waiter } from './app-host.ts';
import type { JobInput } from './job-api.ts';
import { writableInto } from './node-streams.ts';

/** Tuples after which a commit does not wait for the tick's end. */
const COMMIT_TUPLES_MAX = 4096;

export class PushedInput<Tuple> implements JobInput<Tuple>, Waiter {
  readonly name: string;
  private readonly host: AppHost;
  private readonly onEnd: () => void;
  private readonly onAbort: (reason: unknown) => Promise<void>;
  readonly ring: Ring;
  private readonly output: Output;
  private readonly encoder: Encoder<Tuple>;
  private readonly stamps: StampWriter;
  private readonly mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  private pending = 0;
  private scheduled = false;
  private ended = false;
  private closed = false;
  private waitedMs = 0;
  private waitsSinceMs: number | undefined;
  private stream: WritableStream<Tuple> | undefined;
  private nodeStream: Writable | undefined;

  /** @param onAbort called if what is pushed through `writable` breaks off */
  constructor(
    stage: Stage,
    descriptor: ActorDescriptor,
    host: AppHost,
    onEnd: () => void,
    onAbort: (reason: unknown) => Promise<void>,
  ) {
    this.name = stageName(stage);
    this.host = host;
    this.onEnd = onEnd;
    this.onAbort = onAbort;
    const [memory] = descriptor.outputs;
    const { output, encoder } = outputPort(this.name, stage.outputs[0], memory, this.mark, NO_TIME);
    this.ring = output.ring;
    this.ring.setWriterHost(host.id);
    this.output = output;
    this.encoder = encoder;
    this.stamps = new StampWriter(output.ring);
  }

  get tuplesPushed(): number {
    return this.encoder.emitted();
  }

  /** Time in which there was no room, in milliseconds. */
  get blockedMs(): number {
    return this.waitedMs + (this.waitsSinceMs === undefined ? 0 : this.host.clock.now() - this.waitsSinceMs);
  }

  /** True while somebody waits for room. */
  get waitsForRoom(): boolean {
    return this.waitsSinceMs !== undefined;
  }

  push(tuple: Tuple, ...surplus: readonly never[]): Promise<void> | undefined {
    refuseSurplus('push(tuple)', 1, surplus);
    if (this.ended || this.closed) throw errors.inputClosed(this.name);
    this.encoder.emit(tuple);
    this.pending++;
    if (this.pending >= COMMIT_TUPLES_MAX) this.commit();
    else if (!this.scheduled) {
      this.scheduled = true;
      process.nextTick(this.commitAtEndOfTick);
    }
    return this.output.hasRoomForBatch ? undefined : this.room();
  }

  async pushAll(tuples: Iterable<Tuple> | AsyncIterable<Tuple>, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('pushAll(tuples)', 1, surplus);
    // Not one loop for both: `for await` would wait for a promise at each tuple of an array.
    if (isIterable<Tuple>(tuples)) {
      for (const tuple of tuples) {
        const room = this.push(tuple);
        if (room !== undefined) await room;
      }
    } else if (isAsyncIterable<Tuple>(tuples)) {
      for await (const tuple of tuples) await this.push(tuple);
    } else throw errors.badOption('tuples', tuples, 'an iterable or async iterable of tuples', 'pushAll(tuples)');
  }

  get writable(): WritableStream<Tuple> {
    this.stream ??= new WritableStream<Tuple>({
      write: (tuple) => this.push(tuple),
      close: () => this.end(),
      abort: (reason) => this.onAbort(reason),
    });
    return this.stream;
  }

  get nodeWritable(): Writable {
    this.nodeStream ??= writableInto<Tuple>({
      push: (tuple) => this.push(tuple),
      end: () => this.end(),
      abort: (reason) => this.onAbort(reason),
    });
    return this.nodeStream;
  }

  end(...surplus: readonly never[]): void {
    refuseSurplus('end()', 0, surplus);
    if (this.ended || this.closed) return;
    this.encoder.flush();
    this.output.writeEnd();
    this.ended = true;
    this.publish();
    if (this.output.spilled) void this.room();
    this.onEnd();
  }

  /** True after end(). */
  get isEnded(): boolean {
    return this.ended;
  }

  /** Makes further pushes an error: the job has ended. */
  close(): void {
    this.closed = true;
  }

  private readonly commitAtEndOfTick = (): void => {
    this.scheduled = false;
    if (this.closed) return;
    try {
      this.commit();
    } catch {
      // The tuples are still here: the next push(), end() or tick commits them, or throws the same error to the app.
    }
    // Each push() of the tick found room, and all of them together did not: nobody else may come to move the rest along.
    if (this.output.spilled) this.room().catch(() => {});
  };

  private commit(): void {
    this.encoder.flush();
    this.publish();
  }

  private publish(): void {
    this.pending = 0;
    this.output.save(this.mark);
    const nowMs = this.host.clock.stampMs?.();
    this.stamps.tell(this.mark.head, nowMs && ticksOf(nowMs), this.output.isWaiting);
    this.output.publish(this.mark.head, this.host.wakeWords);
  }

  private async room(): Promise<void> {
    if (!this.ended) this.commit();
    this.waitsSinceMs ??= this.host.clock.now();
    await this.host.waitFor(this);
    if (this.waitsSinceMs !== undefined) this.waitedMs += this.host.clock.now() - this.waitsSinceMs;
    this.waitsSinceMs = undefined;
    this.output.withdrawWait();
    if (this.closed && !this.ended) throw errors.inputClosed(this.name);
  }

  announce(): void {
    this.output.announceWait();
  }

  check(): boolean {
    if (this.output.drain()) this.publish();
    return !this.output.spilled && this.output.isDrained();
  }
}
