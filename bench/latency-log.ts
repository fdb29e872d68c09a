// Keeps every latency of a run after its warm share, so that quantiles are exact.

import type { Order } from './meter.ts';
import { quantile } from './statistics.ts';

export class LatencyLog {
  readonly #valuesMs: Float64Array;
  readonly #warm: number;
  #seen = 0;

  constructor({ count, warm }: Order) {
    this.#valuesMs = new Float64Array(count - warm);
    this.#warm = warm;
  }

  /** True when it was the last one. */
  add(latencyMs: number): boolean {
    const index = this.#seen - this.#warm;
    if (index >= 0) this.#valuesMs[index] = latencyMs;
    this.#seen += 1;
    return index === this.#valuesMs.length - 1;
  }

  /** In microseconds. */
  quantileUs(share: number): number {
    return quantile(this.#valuesMs, share) * 1000;
  }
}
