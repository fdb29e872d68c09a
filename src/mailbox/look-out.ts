// Looking on for a while before parking: a thread that still looks is reached in a microsecond, one that is parked in 13 to 60.
// Promises: it looks only where each thread of the job that may want a core has one, only for some microseconds, and less and less often
// where that has found nothing lately: a job that is idle stays idle. To count those that are awake at the moment was not enough: with
// three threads on two cores, who looked kept the third one from the core that it was woken for.
// Relies on: hosts tell when they have work, or wait for some (wake.ts).

import { availableParallelism } from 'node:os';
import type { WakeWords } from './wake.ts';

/** As long as it takes to wake a parked thread on a slow machine. */
const LOOK_MS = 0.05;
/** Parks that are not looked before, at most, after looks that have found nothing. */
const SKIPS_MAX = 15;

export class LookOut {
  private readonly wakeWords: WakeWords;
  private readonly now: () => number;
  private readonly cores = availableParallelism();
  /** Looks that have found nothing, one after the other. */
  private misses = 0;
  /** Parks that are still not looked before. */
  private skips = 0;

  constructor(wakeWords: WakeWords, now: () => number) {
    this.wakeWords = wakeWords;
    this.now = now;
  }

  /** Until when there is a look before this park; undefined if there is none. */
  begin(): number | undefined {
    if (this.skips > 0) {
      this.skips--;
      return undefined;
    }
    return this.hasCore ? this.now() + LOOK_MS : undefined;
  }

  /** True if a core is left for who looks, whoever else is woken. */
  private get hasCore(): boolean {
    return this.wakeWords.atWork() <= this.cores;
  }

  /** Says what a look has come to. */
  end(hasFound: boolean): void {
    this.misses = hasFound ? 0 : this.misses + 1;
    if (!hasFound) this.skips = Math.min(SKIPS_MAX, 2 ** this.misses - 1);
  }

  /** Looks without letting anything else run. */
  finds(check: () => boolean): boolean {
    const untilMs = this.begin();
    if (untilMs === undefined) return false;
    let hasFound = check();
    while (!hasFound && this.now() < untilMs) hasFound = check();
    this.end(hasFound);
    return hasFound;
  }
}
