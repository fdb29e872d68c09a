// A job as Prometheus reads it: the text of all metrics at one moment.
// Promises: nothing is done between two scrapes; counters only grow.
// Relies on prom-client to escape what labels hold.

import type { Counter, Gauge, Registry } from 'prom-client';
import type { EventCounts } from './event-counts.ts';
import { figuresOf, type Measured } from './figures.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { METRICS, type SingleMetricName } from './metric-table.ts';

export class Exposition {
  readonly #job: Measured;
  readonly #counts: EventCounts;
  readonly #registry: Registry;
  readonly #metrics: Readonly<Record<SingleMetricName, Counter | Gauge>>;
  readonly #latency: LatencyHistogram;

  private constructor(job: Measured, counts: EventCounts, library: typeof import('prom-client')) {
    this.#job = job;
    this.#counts = counts;
    const registry = new library.Registry();
    this.#registry = registry;
    const latency = 'millrace_operator_latency_seconds';
    this.#latency = new LatencyHistogram(latency, METRICS[latency].help);
    const made = Object.entries(METRICS).flatMap(([name, { kind, labels, help }]) => {
      if (kind === 'histogram') {
        registry.registerMetric(this.#latency.metric);
        return [];
      }
      const words = { name, help, labelNames: [...labels], registers: [registry] };
      return [[name, kind === 'counter' ? new library.Counter(words) : new library.Gauge(words)]];
    });
    this.#metrics = Object.fromEntries(made) as Record<SingleMetricName, Counter | Gauge>;
  }

  /** The library is loaded by jobs that have metrics only. */
  static async of(job: Measured, counts: EventCounts): Promise<Exposition> {
    return new Exposition(job, counts, await import('prom-client'));
  }

  /** Of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#registry.resetMetrics();
    for (const figure of figuresOf(this.#job, this.#counts)) {
      if ('latency' in figure) {
        this.#latency.add(figure.labels, figure.latency);
        continue;
      }
      const metric = this.#metrics[figure.name];
      if ('set' in metric) metric.set(figure.labels, figure.value);
      else metric.inc(figure.labels, figure.value);
    }
    return this.#registry.metrics();
  }
}
