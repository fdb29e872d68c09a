// The histogram of latencies as Prometheus reads it: made from counts that are there, and not by observing.
// Promises: the same series at each scrape; counts only grow.
// Relies on prom-client to print what get() gives.

import type { Metric } from 'prom-client';
import { latencyBoundMs } from '../../../actors/vitals/latency-counts.ts';
import type { LatencyReading } from '../../readings/latency.ts';

/** Each a bound of a bucket that is counted in: 0.25 ms, and four times as long again and again, up to a minute. */
const BUCKETS = Array.from({ length: 10 }, (_, i) => 20 + 8 * i);

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The series of one operator. */
function samplesOf(name: string, labels: Labels, { counts, sumMs }: LatencyReading): Sample[] {
  const upTo = (last: number): number => counts.slice(0, last + 1).reduce((sum, count) => sum + count, 0);
  const all = upTo(counts.length);
  const bounded = BUCKETS.map((last) => ({ le: String(latencyBoundMs(last) / 1000), value: upTo(last) }));
  return [
    ...[...bounded, { le: '+Inf', value: all }].map(({ le, value }) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value,
    })),
    { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels, value: all },
  ];
}

/** How many series there are for each operator that has latencies. */
export const LATENCY_SERIES = BUCKETS.length + 3;

export class LatencyHistogram {
  readonly name: string;
  readonly #help: string;
  #samples: Sample[] = [];

  constructor(name: string, help: string) {
    this.name = name;
    this.#help = help;
  }

  /** What a registry takes: it asks for name, help, kind and samples. */
  get metric(): Metric {
    const { name } = this;
    const get = async () => ({ name, help: this.#help, type: 'histogram', aggregator: 'sum', values: this.#samples });
    return { name, get, reset: () => this.reset() } as unknown as Metric;
  }

  reset(): void {
    this.#samples = [];
  }

  add(labels: Labels, reading: LatencyReading): void {
    this.#samples.push(...samplesOf(this.name, labels, reading));
  }
}
