// How much each key group of an operator has to do lately, as the page draws it: a digit for each group.
// Promises: a look costs the groups of an operator, and nothing of what is sent grows with keys; what was long ago fades.

import type { GroupCounts } from '../readings/job-reading.ts';

/** What is left of a load after one sample: a surge is gone after some seconds. */
const KEPT = 0.9;
const DIGITS = 36;

export class Heat {
  #before: readonly number[] = [];
  #loads: number[] = [];

  /** Takes up the counts of a reading. */
  take({ tuples }: GroupCounts): void {
    const before = this.#before;
    this.#loads = tuples.map((count, group) => (this.#loads[group] ?? 0) * KEPT + count - (before[group] ?? 0));
    this.#before = tuples;
  }

  /** A digit in base 36 for each group: 0 for none, z for the most; their squares are as the loads. */
  get digits(): string {
    const most = Math.max(...this.#loads);
    if (!(most > 0)) return '0'.repeat(this.#loads.length);
    const digit = (load: number): string =>
      load < 0.5 ? '0' : Math.max(1, Math.round(Math.sqrt(load / most) * (DIGITS - 1))).toString(DIGITS);
    return this.#loads.map(digit).join('');
  }
}
