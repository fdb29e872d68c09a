// Parking and waking of threads: one wake word a host (a worker, or the app's thread).
// Promises: no lost wake-up. Dekker's pattern on both sides, with Atomics only: the sleeper sets its flag, re-checks
// everything, then waits; the waker changes shared memory first, then reads the flag. Sequential consistency means that
// at least one of them sees the other. Notifies all, because a terminated thread's waiter would swallow a notify(…, 1).

import { allocateShared } from './shared-memory.ts';
import { LINE_I32 } from './views.ts';

const WAKE = 0;
const PARKED = LINE_I32;
/** 1 while the host has work, or waits for some. */
const AT_WORK = LINE_I32 + 1;
const STRIDE = 2 * LINE_I32;

/** The wake words of all hosts of a job, in one shared buffer. */
export class WakeWords {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
  }

  static allocate(hosts: number): SharedArrayBuffer {
    return allocateShared({ of: 'the wake words of the workers' }, hosts * STRIDE * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Wakes a host if it is parked or about to park. Call it after the change it is to see. */
  wake(host: number): void {
    if (Atomics.load(this.words, host * STRIDE + PARKED) !== 0) this.wakeAlways(host);
  }

  /** Wakes a host whatever its flag says: for recovery, which cannot know what a dead thread had announced. */
  wakeUnconditionally(host: number): void {
    this.wakeAlways(host);
  }

  /** With {@link sleep} all that a simulation puts in place of a thread's own sleep. */
  protected wakeAlways(host: number): void {
    const base = host * STRIDE;
    Atomics.store(this.words, base + PARKED, 0);
    Atomics.add(this.words, base + WAKE, 1);
    Atomics.notify(this.words, base + WAKE);
  }

  /**
   * Announces that a host parks. After this the caller must re-check everything it could be woken for, and then either
   * {@link sleep} with the ticket or {@link stayAwake}.
   */
  announcePark(host: number): number {
    const base = host * STRIDE;
    const ticket = Atomics.load(this.words, base + WAKE);
    Atomics.store(this.words, base + PARKED, 1);
    return ticket;
  }

  /** Withdraws the announcement: the re-check found work. */
  stayAwake(host: number): void {
    Atomics.store(this.words, host * STRIDE + PARKED, 0);
  }

  /** A host has work from now on, or waits for some. */
  join(host: number): void {
    Atomics.store(this.words, host * STRIDE + AT_WORK, 1);
  }

  /** A host has nothing to wait for, or its thread is gone. */
  leave(host: number): void {
    Atomics.store(this.words, host * STRIDE + AT_WORK, 0);
  }

  /** Hosts that have work, or wait for some: each of them may want a core at any moment. */
  atWork(): number {
    let count = 0;
    for (let at = AT_WORK; at < this.words.length; at += STRIDE) count += this.words[at];
    return count;
  }

  /** True while a host is parked or about to park. */
  isParked(host: number): boolean {
    return Atomics.load(this.words, host * STRIDE + PARKED) !== 0;
  }

  /** Waits until the host is woken or `timeoutMs` have passed; undefined if a wake came since the ticket. */
  sleep(host: number, ticket: number, timeoutMs: number | undefined): Promise<unknown> | undefined {
    const base = host * STRIDE;
    const waiting = Atomics.waitAsync(this.words, base + WAKE, ticket, timeoutMs ?? Number.POSITIVE_INFINITY);
    return waiting.async ? waiting.value : undefined;
  }
}
