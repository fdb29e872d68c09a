// Patience: how long is waited for what a flow's own code has to finish at the start, and what is told meanwhile.
// Promises: a wait fails only after so many ticks of a timer as make up its limit, so neither a computer that slept, nor a
// debugger's breakpoint, nor a busy thread shortens it: each of them is one late tick. Waits that take long are told in one text for all
// of them, after some seconds and then ever more rarely.

import type { Cancel, Clock } from '../platform/clock.ts';

/** Ticks in a limit, at least. */
const TICKS_MIN = 20;
const TICK_MS_MAX = 500;
/** A wait is told after so long, and then each time that it has taken `TELL_FACTOR` times as long. */
const TELL_MS_FIRST = 5000;
const TELL_FACTOR = 4;
/** Of several waits, as many are named. */
const NAMED_MAX = 3;

/** Something that is waited for. */
export interface Wait {
  /** For the notice: what has not come yet, as the object of "waits for". */
  readonly what: string;
  /** What the wait fails with. */
  readonly failure: () => Error;
}

interface Waiting extends Wait {
  waitedMs: number;
  readonly reject: (error: Error) => void;
}

export class Patience {
  readonly limitMs: number;
  private readonly clock: Clock;
  private readonly tell: (text: string) => void;
  private readonly waiting = new Set<Waiting>();
  private readonly tickMs: number;
  private tellAtMs = TELL_MS_FIRST;
  private cancel: Cancel | undefined;
  private closed = false;

  /** @param tell is told what is being waited for, when that takes long */
  constructor(clock: Clock, limitMs: number, tell: (text: string) => void) {
    this.clock = clock;
    this.limitMs = limitMs;
    this.tell = tell;
    this.tickMs = Math.min(TICK_MS_MAX, limitMs / TICKS_MIN);
  }

  /** As `promise`; rejects if it takes longer than the limit, and lets go of the promise then. */
  async await<Result>(promise: Promise<Result>, wait: Wait): Promise<Result> {
    let waiting: Waiting | undefined;
    const limit = new Promise<never>((_, reject) => {
      waiting = { ...wait, waitedMs: 0, reject };
      this.waiting.add(waiting);
    });
    if (!this.closed) this.cancel ??= this.nextTick();
    try {
      return await Promise.race([promise, limit]);
    } finally {
      this.waiting.delete(waiting as Waiting);
      if (this.waiting.size === 0) this.rest();
    }
  }

  /** No wait fails by its time any more: what is still waited for ends in another way. */
  close(): void {
    this.closed = true;
    this.rest();
  }

  private rest(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.tellAtMs = TELL_MS_FIRST;
  }

  private nextTick(): Cancel {
    return this.clock.after(this.tickMs, () => {
      this.cancel = undefined;
      let longestMs = 0;
      for (const waiting of [...this.waiting]) {
        waiting.waitedMs += this.tickMs;
        longestMs = Math.max(longestMs, waiting.waitedMs);
        if (waiting.waitedMs < this.limitMs) continue;
        this.waiting.delete(waiting);
        waiting.reject(waiting.failure());
      }
      if (this.waiting.size === 0) return;
      if (longestMs >= this.tellAtMs) this.tellOf(longestMs);
      this.cancel = this.nextTick();
    });
  }

  private tellOf(longestMs: number): void {
    while (this.tellAtMs <= longestMs) this.tellAtMs *= TELL_FACTOR;
    const all = [...this.waiting].map(({ what }) => what);
    const named = all.slice(0, NAMED_MAX).join(', ');
    const others = all.length > NAMED_MAX ? ` and ${all.length - NAMED_MAX} more` : '';
    const seconds = Math.round(longestMs / 1000);
    this.tell(
      `waits for ${named}${others}: ${seconds} s so far, ${Math.round(this.limitMs / 1000)} s at most ('startTimeoutMs')`,
    );
  }
}
