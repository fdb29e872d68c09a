// How many warm spares a job keeps ready: the usual number, or as many as were needed at once lately.
// Promises: no more than the workers that there may be, beyond the usual number.

import type { Clock } from '../../platform/clock.ts';

/** How long as many spares are kept as were needed at once. */
export const FORESEEN_MS = 60_000;

export class SpareDemand {
  readonly #clock: Clock;
  readonly #usual: number;
  readonly #workersMax: number;
  #foreseen = 0;
  #foreseenUntilMs = 0;

  /** @param workersMax of the workers that host replicas */
  constructor(clock: Clock, usual: number, workersMax: number) {
    this.#clock = clock;
    this.#usual = usual;
    this.#workersMax = workersMax;
  }

  /** So many were taken at once: it may happen again, and then nobody is to wait for a thread to start. */
  foresee(spares: number): void {
    this.#foreseen = Math.max(spares, this.#foreseen);
    this.#foreseenUntilMs = this.#clock.now() + FORESEEN_MS;
  }

  /** Forgets what was foreseen, when its time is over; false if a later change has needed as many. */
  forget(): boolean {
    if (this.#clock.now() < this.#foreseenUntilMs) return false;
    this.#foreseen = 0;
    return true;
  }

  /** @param active workers that host replicas now */
  wanted(active: number): number {
    return Math.max(this.#usual, Math.min(this.#foreseen, this.#workersMax - active));
  }
}
