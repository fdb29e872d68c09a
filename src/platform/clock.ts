// Time as one thread of a job sees it: everything that reads a clock, waits or yields does it through this.
// Promises: the system's clock is that of the thread which asks. Another one may stand still, or jump, between two calls; code
// that is driven by it cannot tell (src/testing/ runs whole jobs on such a clock).

import { type ProcessorTime, processorTime } from './processor-time.ts';

/** Takes back what was ordered of a clock; after it was done that changes nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds, monotonic; of this thread only. */
  now(): number;
  /** Milliseconds, monotonic; the same on all threads of the process. */
  sharedNow(): number;
  /** Milliseconds since the epoch: what the threads of a job share, to some microseconds. */
  epochMs(): number;
  /** Resolves after other work of the thread's event loop has had its turn. */
  yield(): Promise<void>;
  /** As {@link sharedNow}, for the ages of tuples; left out where nobody measures them. */
  stampMs?(): number;
  /** The processor time of this thread; left out where nobody asks for it. */
  processorTime?(): ProcessorTime | undefined;
  /** Calls `action` once, `ms` from now. Keeps the process alive till then. */
  after(ms: number, action: () => void): Cancel;
  /** Calls `action` again and again. Keeps no process alive. */
  every(ms: number, action: () => void): Cancel;
}

/** What the clock of the process shows when the clock of this thread shows 0, or less, by what passes between two looks. */
const sharedAtZero = (): number => Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Of several, since a thread may be put aside between its two looks for as long as others take their turns, but hardly each time. */
const sharedAtZeroMs = Math.max(...Array.from({ length: 5 }, sharedAtZero));

/** Looked up once: the getter costs more than all else in a look at the clock. */
const { timeOrigin } = performance;

export const systemClock: Clock = {
  now: () => performance.now(),
  sharedNow: () => sharedAtZeroMs + performance.now(),
  stampMs: () => sharedAtZeroMs + performance.now(),
  epochMs: () => timeOrigin + performance.now(),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  processorTime,
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, action) => {
    const timer = setInterval(action, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Resolves `ms` later. */
export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

/** True if `promise` settles within `limitMs`. */
export async function settlesWithin(clock: Clock, promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let cancel: Cancel | undefined;
  const limit = new Promise<boolean>((resolve) => {
    // Two turns later: if this thread was busy for longer than the limit, what settled meanwhile is heard first.
    cancel = clock.after(limitMs, () => {
      void clock
        .yield()
        .then(() => clock.yield())
        .then(() => resolve(false));
    });
  });
  try {
    return await Promise.race([promise.then(() => true), limit]);
  } finally {
    cancel?.();
  }
}
