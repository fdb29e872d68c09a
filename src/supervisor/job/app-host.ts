// The app's own thread as a host: it reads outputs and writes inputs, and waits without blocking the event loop.
// Promises: nothing runs while nobody waits; a wait ends when its check holds or the job has ended.

import { LookOut } from '../../mailbox/look-out.ts';
import type { WakeWords } from '../../mailbox/wake.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';

/** Something in the app that waits for shared memory to change. */
export interface Waiter {
  /** Tells the other side that it waits; `check` is asked once more afterwards. */
  announce(): void;
  /** True when the wait is over. May move things along. */
  check(): boolean;
}

interface Waiting {
  readonly waiter: Waiter;
  readonly resolve: () => void;
}

export class AppHost {
  readonly id: number;
  readonly wakeWords: WakeWords;
  readonly clock: Clock;
  private readonly waiting = new Set<Waiting>();
  private readonly lookOut: LookOut | undefined;
  private looping = false;
  private closed = false;

  /** @param looksOn true if it looks on before it parks: who waits for answers, and not for rare news */
  constructor(id: number, wakeWords: WakeWords, clock = systemClock, looksOn = false) {
    this.id = id;
    this.wakeWords = wakeWords;
    this.clock = clock;
    // A simulated thread sleeps at once: its time stands still while it runs.
    this.lookOut = looksOn && clock === systemClock ? new LookOut(wakeWords, clock.now) : undefined;
  }

  /** True once all waits end at once. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Resolves when the waiter's check holds, or when the host is closed. */
  waitFor(waiter: Waiter): Promise<void> {
    if (this.closed || waiter.check()) return Promise.resolve();
    const promise = new Promise<void>((resolve) => this.waiting.add({ waiter, resolve }));
    if (this.looping) this.wakeWords.wakeUnconditionally(this.id);
    else void this.loop();
    return promise;
  }

  /** Ends all waits. */
  close(): void {
    this.closed = true;
    for (const { resolve } of this.waiting) resolve();
    this.waiting.clear();
    this.wakeWords.wakeUnconditionally(this.id);
  }

  private async loop(): Promise<void> {
    this.looping = true;
    if (this.lookOut !== undefined) this.wakeWords.join(this.id);
    while (this.waiting.size > 0) {
      if (await this.finds()) continue;
      const ticket = this.wakeWords.announcePark(this.id);
      for (const { waiter } of this.waiting) waiter.announce();
      if (!this.settle()) await this.wakeWords.sleep(this.id, ticket, undefined);
      this.wakeWords.stayAwake(this.id);
      this.settle();
    }
    this.wakeWords.leave(this.id);
    this.looping = false;
  }

  /** Looks on for a while, once in each turn of the event loop, whose other work goes on. Returns true if a wait is over. */
  private async finds(): Promise<boolean> {
    const { lookOut } = this;
    const untilMs = lookOut?.begin();
    if (lookOut === undefined || untilMs === undefined) return false;
    let hasFound = this.settle();
    while (!hasFound && this.waiting.size > 0 && this.clock.now() < untilMs) {
      await this.clock.yield();
      hasFound = this.settle();
    }
    lookOut.end(hasFound);
    return hasFound;
  }

  /** Resolves the waits that are over. Returns true if there were any. */
  private settle(): boolean {
    let any = false;
    for (const waiting of this.waiting) {
      if (!waiting.waiter.check()) continue;
      this.waiting.delete(waiting);
      waiting.resolve();
      any = true;
    }
    return any;
  }
}
