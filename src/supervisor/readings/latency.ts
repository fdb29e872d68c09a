// How long tuples were under way, from counts of an operator's commits: added up over replicas, and as percentiles of a span.
// Promises: pure. Relies on the buckets of latency-counts.ts, whose bounds are a fifth apart.

import { LATENCY_BUCKETS, latencyBoundMs } from '../../actors/vitals/latency-counts.ts';

/** How long tuples were under way from their source to the commits of an operator: a sample a commit, of its oldest tuple. */
export interface LatencyReading {
  /** Samples by length of time: the first up to 1/128 ms, each other one up to 2^(1/4) times as long as the one before. */
  readonly counts: readonly number[];
  /** The sum of all samples, in milliseconds. */
  readonly sumMs: number;
}

/** How long tuples were under way within a span, from their source to the commits of an operator. */
export interface Latency {
  /** How many commits were looked at: one says how long its oldest tuple was under way. */
  readonly samples: number;
  /** Half of them were as fast. In milliseconds, as the others; right to about a tenth. */
  readonly p50Ms: number;
  /** 95 of 100 were as fast. */
  readonly p95Ms: number;
  /** 99 of 100 were as fast. */
  readonly p99Ms: number;
}

const NONE: LatencyReading = { counts: new Array<number>(LATENCY_BUCKETS).fill(0), sumMs: 0 };

/** All replicas together. */
export function addedUp(readings: readonly LatencyReading[]): LatencyReading {
  return readings.reduce(
    (sum, each) => ({
      counts: sum.counts.map((count, bucket) => count + each.counts[bucket]),
      sumMs: sum.sumMs + each.sumMs,
    }),
    NONE,
  );
}

/** Within a bucket samples are taken to lie evenly. */
function percentile(counts: readonly number[], samples: number, share: number): number {
  const wanted = share * samples;
  let before = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && before + count >= wanted) {
      const from = bucket === 0 ? 0 : latencyBoundMs(bucket - 1);
      return from + ((latencyBoundMs(bucket) - from) * (wanted - before)) / count;
    }
    before += count;
  }
  return 0;
}

/** Undefined if there was no sample. */
export function latencyBetween(before: LatencyReading | undefined, now: LatencyReading): Latency | undefined {
  const counts = now.counts.map((count, bucket) => count - (before?.counts[bucket] ?? 0));
  const samples = counts.reduce((sum, count) => sum + count, 0);
  if (samples === 0) return undefined;
  const at = (share: number): number => percentile(counts, samples, share);
  return { samples, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
