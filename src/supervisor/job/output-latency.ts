// How long the tuples of an output were under way when the app took them.
// Promises: a look and a comparison for each frame that is taken.

import type { LatencyCounts } from '../../actors/vitals/latency-counts.ts';
import { type StampReader, ticksOf } from '../../mailbox/stamps.ts';
import type { TupleReader } from '../../mailbox/tuple-reader.ts';

export class OutputLatency {
  readonly #stamps: readonly StampReader[];
  readonly #counts: LatencyCounts;
  readonly #nowMs: () => number;

  /** @param nowMs on a clock that all threads share */
  constructor(readers: readonly TupleReader<unknown>[], counts: LatencyCounts, nowMs: () => number) {
    this.#stamps = readers.map((reader) => reader.stamps());
    this.#counts = counts;
    this.#nowMs = nowMs;
  }

  /** A frame of a ring is about to be read, from `position` on. */
  look(ring: number, position: number): void {
    this.#stamps[ring].look(position);
  }

  /** It has been read, and its ring up to `position`. */
  taken(ring: number, position: number): void {
    const since = this.#stamps[ring].passed(position);
    if (since !== undefined) this.#counts.add((ticksOf(this.#nowMs()) - since) | 0);
  }
}
