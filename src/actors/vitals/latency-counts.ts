// How long tuples were under way from their source to the commits of an actor: counts by length of time, in shared memory.
// Promises: anyone reads them without asking; each count is one aligned number. Buckets are a quarter of a power of two wide, so that a
// percentile is right to a tenth, or so.

import { TICKS_PER_MS } from '../../mailbox/stamps.ts';

/** Buckets to a power of two. */
const PER_OCTAVE = 4;
const OCTAVES = 31;
/** Of ticks up to 1, up to 2^(1/4), 2^(2/4), … */
export const LATENCY_BUCKETS = OCTAVES * PER_OCTAVE + 1;
const SUM_AT = 8 * Math.ceil((4 * LATENCY_BUCKETS) / 8);

export const LATENCY_BYTES = SUM_AT + 8;

/** The upper bound of a bucket, in milliseconds. */
export const latencyBoundMs = (bucket: number): number => 2 ** (bucket / PER_OCTAVE) / TICKS_PER_MS;

/** Counts by bucket, and the sum of the times. */
export interface LatencyReading {
  readonly counts: readonly number[];
  readonly sumMs: number;
}

export class LatencyCounts {
  private readonly counts: Uint32Array;
  private readonly sum: Float64Array;

  constructor(buffer: SharedArrayBuffer, byteOffset: number) {
    this.counts = new Uint32Array(buffer, byteOffset, LATENCY_BUCKETS);
    this.sum = new Float64Array(buffer, byteOffset + SUM_AT, 1);
  }

  /** Counts one time, in ticks. */
  add(ticks: number): void {
    // Clocks of threads differ by some microseconds.
    const bucket = ticks <= 1 ? 0 : Math.ceil(Math.log2(ticks) * PER_OCTAVE);
    this.counts[bucket]++;
    this.sum[0] += Math.max(0, ticks) / TICKS_PER_MS;
  }

  read(): LatencyReading {
    return { counts: [...this.counts], sumMs: this.sum[0] };
  }
}
