// Those who wait for a warm worker, in the order in which they are served.
// Promises: whoever takes over lost replicas comes before whoever waits for workers to join; each is answered once.

import type { JobWorker } from './job-worker.ts';

interface Waiting {
  /** Takes over lost replicas: those that wait for workers to join may wait for these. */
  readonly isUrgent: boolean;
  resolve(worker: JobWorker | undefined): void;
  reject(error: unknown): void;
}

export class WaitingLine {
  readonly #waiting: Waiting[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves with a worker, or with undefined if none can be had. */
  join(isUrgent: boolean): Promise<JobWorker | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = { isUrgent, resolve, reject };
      const before = isUrgent ? this.#waiting.findIndex((other) => !other.isUrgent) : -1;
      this.#waiting.splice(before < 0 ? this.#waiting.length : before, 0, waiting);
    });
  }

  /** Gives a worker to the first; false if nobody waits. */
  serve(worker: JobWorker): boolean {
    const first = this.#waiting.shift();
    first?.resolve(worker);
    return first !== undefined;
  }

  /** Tells all that there is no worker to be had. */
  sendAway(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
  }

  rejectAll(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
