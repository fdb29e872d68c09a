// The tuples of one key of a stream in the order of time, for the loops that say what joins must come to.
// Promises: tuples of one time stay in the order in which they were given.

import type { JoinedBy } from './join-steps.ts';
import type { Timed } from './time-steps.ts';

export class Chronicle {
  readonly tuples: readonly Timed[];

  /** @param tuples any of one key */
  constructor(tuples: readonly Timed[]) {
    this.tuples = tuples.toSorted((one, other) => one.at - other.at);
  }

  /** Those at or after `fromMs`, and before `toMs`. */
  readonly between = (fromMs: number, toMs: number): readonly Timed[] =>
    this.tuples.slice(this.firstAt(fromMs), this.firstAt(toMs));

  /** Those at the latest time that is not after `atMs`. */
  latestAt(atMs: number): readonly Timed[] {
    let end = this.firstAt(atMs);
    while (end < this.tuples.length && this.tuples[end].at === atMs) end++;
    return end === 0 ? [] : this.tuples.slice(this.firstAt(this.tuples[end - 1].at), end);
  }

  /** The place of the first tuple at or after a time. */
  private firstAt(ms: number): number {
    let first = 0;
    for (let end = this.tuples.length; first < end; ) {
      const middle = (first + end) >> 1;
      if (this.tuples[middle].at < ms) first = middle + 1;
      else end = middle;
    }
    return first;
  }
}

/** Of each key its tuples; null is a key as well, of tuples that meet none. */
export function chroniclesOf(tuples: readonly Timed[], by: JoinedBy): ReadonlyMap<string | null, Chronicle> {
  const own = new Map<string | null, Timed[]>();
  for (const tuple of tuples) {
    const before = own.get(tuple[by]);
    if (before === undefined) own.set(tuple[by], [tuple]);
    else before.push(tuple);
  }
  return new Map([...own].map(([key, all]) => [key, new Chronicle(all)]));
}
