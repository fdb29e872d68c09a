// What it costs to wake a parked thread: round trips between two threads, each of which sleeps until the other calls it.
// A round trip holds two wake-ups. Latencies, recoveries and every ratio of a chain of threads follow this figure.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { quantile } from '../statistics.ts';
import { ANSWER, ECHO_BYTES, type EchoOrder, REQUEST, STOP } from './echo-words.ts';

/** Microseconds there and back. */
export interface RoundTrip {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** By `Atomics.wait`, by `Atomics.waitAsync` (how workers of a job wait), and by messages. */
export interface WakeUps {
  readonly wait: RoundTrip;
  readonly waitAsync: RoundTrip;
  readonly postMessage: RoundTrip;
}

/** Before them, code is cold. */
const WARM_ROUNDS = 50;
const ROUNDS_MAX = 3000;
const ROUNDS_MIN = 20;

type Trip = (number: number) => void | Promise<void>;

/** A thread that answers; see echo-thread.ts. */
export class Echo {
  private readonly cells = new Int32Array(new SharedArrayBuffer(ECHO_BYTES));
  private readonly thread = new Worker(new URL('./echo-thread.js', import.meta.url), { workerData: this.cells.buffer });

  private async order(order: EchoOrder): Promise<void> {
    this.cells.fill(0);
    this.thread.postMessage(order);
    await once(this.thread, 'message');
  }

  private call(number: number): void {
    Atomics.store(this.cells, REQUEST, number);
    Atomics.notify(this.cells, REQUEST);
  }

  private async stop(): Promise<void> {
    const stopped = once(this.thread, 'message');
    this.call(STOP);
    await stopped;
  }

  /** Both threads sleep in `Atomics.wait`. */
  async byWait(run: (trip: Trip) => Promise<void>): Promise<void> {
    const { cells } = this;
    await this.order('wait');
    await run((number) => {
      this.call(number);
      for (let seen = Atomics.load(cells, ANSWER); seen !== number; seen = Atomics.load(cells, ANSWER)) {
        Atomics.wait(cells, ANSWER, seen);
      }
    });
    await this.stop();
  }

  /** Both threads sleep in their event loops until `Atomics.waitAsync` calls them. */
  async byWaitAsync(run: (trip: Trip) => Promise<void>): Promise<void> {
    const { cells } = this;
    await this.order('waitAsync');
    await run(async (number) => {
      this.call(number);
      for (let seen = Atomics.load(cells, ANSWER); seen !== number; seen = Atomics.load(cells, ANSWER)) {
        await Atomics.waitAsync(cells, ANSWER, seen).value;
      }
    });
    await this.stop();
  }

  /** Each thread is called by a message. */
  openMessages(): { readonly trip: (number: number) => Promise<void>; readonly close: () => void } {
    const { thread } = this;
    let arrived = (): void => {};
    const hear = (): void => arrived();
    thread.on('message', hear);
    return {
      trip: (number) =>
        new Promise((resolve) => {
          arrived = resolve;
          thread.postMessage(number);
        }),
      close: () => void thread.off('message', hear),
    };
  }

  async close(): Promise<void> {
    await this.thread.terminate();
  }
}

/** Makes round trips for `spanMs`. */
async function roundTrips(trip: Trip, spanMs: number): Promise<RoundTrip> {
  const timesUs: number[] = [];
  const endMs = performance.now() + spanMs;
  for (let round = 1; round <= WARM_ROUNDS + ROUNDS_MAX; round++) {
    const startMs = performance.now();
    await trip(round);
    const nowMs = performance.now();
    if (round > WARM_ROUNDS) timesUs.push((nowMs - startMs) * 1000);
    if (nowMs > endMs && timesUs.length >= ROUNDS_MIN) break;
  }
  return { p50Us: quantile(timesUs, 0.5), p99Us: quantile(timesUs, 0.99) };
}

/** @param spanMs time for each of the three */
export async function measureWakeUps(spanMs: number): Promise<WakeUps> {
  const echo = new Echo();
  const measured: Partial<Record<keyof WakeUps, RoundTrip>> = {};
  const into = (name: keyof WakeUps) => async (trip: Trip) => {
    measured[name] = await roundTrips(trip, spanMs);
  };
  try {
    await echo.byWait(into('wait'));
    await echo.byWaitAsync(into('waitAsync'));
    const messages = echo.openMessages();
    await into('postMessage')(messages.trip);
  } finally {
    await echo.close();
  }
  return measured as WakeUps;
}
