// Asks that wait for answers, each with a time at which it is given up.
// Promises: each is settled once: by its answer, its failure, its time, its signal, or the end of all; nothing is kept of it then.
// Relies on: asks of one timeout end in the order in which they began, so one timer a timeout serves all of them.

import { errors, fromRecord } from '../errors.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { LoadedMessage } from './loaded-actor.ts';
import { type Mail, MailKind } from './mail.ts';
import type { AskOptions, Ref } from './ref.ts';
import { unpackRest } from './slots.ts';

const TIMEOUT_MS = 5000;
/** Longer delays make a timer fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

interface Waiting {
  readonly token: number;
  readonly ref: Ref;
  readonly message: LoadedMessage | undefined;
  readonly timeoutMs: number;
  readonly endsAtMs: number;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  readonly unlisten: (() => void) | undefined;
}

/** Asks of one timeout, oldest first. */
interface Queue {
  readonly tokens: Set<number>;
  cancel: Cancel | undefined;
}

/** @throws MillraceError BAD_OPTION */
function timeoutOf({ timeoutMs = TIMEOUT_MS, signal }: AskOptions): number {
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw errors.badOption('signal', signal, 'an AbortSignal', 'ask');
  }
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw errors.badOption('timeoutMs', timeoutMs, 'milliseconds above 0, or Infinity', 'ask');
  }
  return timeoutMs;
}

export class Deadlines {
  private readonly clock: Pick<Clock, 'now' | 'after'>;
  private readonly waiting = new Map<number, Waiting>();
  private readonly queues = new Map<number, Queue>();

  constructor(clock: Pick<Clock, 'now' | 'after'>) {
    this.clock = clock;
  }

  get count(): number {
    return this.waiting.size;
  }

  /**
   * @param message undefined if it is an ask of the library's own
   */
  wait(token: number, ref: Ref, message: LoadedMessage | undefined, options: AskOptions): Promise<unknown> {
    const timeoutMs = timeoutOf(options);
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      let unlisten: (() => void) | undefined;
      if (signal !== undefined) {
        const abort = (): void => this.settle(token)?.reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        unlisten = () => signal.removeEventListener('abort', abort);
      }
      const endsAtMs = this.clock.now() + timeoutMs;
      this.waiting.set(token, { token, ref, message, timeoutMs, endsAtMs, resolve, reject, unlisten });
      if (timeoutMs !== Number.POSITIVE_INFINITY) this.queue(timeoutMs, token);
    });
  }

  private queue(timeoutMs: number, token: number): void {
    let queue = this.queues.get(timeoutMs);
    if (queue === undefined) {
      queue = { tokens: new Set(), cancel: undefined };
      this.queues.set(timeoutMs, queue);
    }
    queue.tokens.add(token);
    if (queue.cancel === undefined) this.arm(timeoutMs, queue, timeoutMs);
  }

  private arm(timeoutMs: number, queue: Queue, afterMs: number): void {
    queue.cancel = this.clock.after(Math.min(afterMs, TIMER_MS_MAX), () => this.expire(timeoutMs, queue));
  }

  private expire(timeoutMs: number, queue: Queue): void {
    queue.cancel = undefined;
    const nowMs = this.clock.now();
    for (const token of queue.tokens) {
      const waiting = this.waiting.get(token);
      if (waiting !== undefined && waiting.endsAtMs > nowMs) {
        this.arm(timeoutMs, queue, waiting.endsAtMs - nowMs);
        return;
      }
      queue.tokens.delete(token);
      if (waiting === undefined) continue;
      this.settle(token)?.reject(errors.askTimeout(waiting.ref.text, waiting.message?.name ?? 'ask', timeoutMs));
    }
    this.queues.delete(timeoutMs);
  }

  /** True while somebody waits for the answer to an ask. */
  has(token: number): boolean {
    return this.waiting.has(token);
  }

  /** Takes out who waits for an answer; undefined if nobody does any more. */
  settle(token: number): Waiting | undefined {
    const waiting = this.waiting.get(token);
    if (waiting === undefined) return undefined;
    this.waiting.delete(token);
    this.queues.get(waiting.timeoutMs)?.tokens.delete(token);
    waiting.unlisten?.();
    // What has no time to end at keeps no timer; of the others the last one ends it.
    if (this.waiting.size === 0) this.rest();
    return waiting;
  }

  /**
   * Settles an ask by the mail that answers it: a reply, a failure, or the numbers of an ask of the library's own. Returns false if nobody
   * waits for it any more.
   */
  answer(mail: Mail): boolean {
    const waiting = this.settle(mail.token);
    if (waiting === undefined) return false;
    if (mail.kind === MailKind.failure) waiting.reject(fromRecord(unpackRest(mail.rest) as never));
    else if (waiting.message === undefined)
      waiting.resolve({ group: mail.n0, count: mail.n1, resting: mail.n2 } as never);
    else waiting.resolve(waiting.message.reply?.read(mail) as never);
    return true;
  }

  /** Ends all timers: nobody waits. */
  private rest(): void {
    for (const { cancel } of this.queues.values()) cancel?.();
    this.queues.clear();
  }

  /** Nobody answers any more. */
  end(error: (ref: Ref) => unknown): void {
    for (const waiting of [...this.waiting.values()]) this.settle(waiting.token)?.reject(error(waiting.ref));
  }
}
