// The metrics of a job as instruments of OpenTelemetry, which its reader asks for values as it likes.
// Promises: nothing is done unless a reader asks; one reading for each time that it does. The final values of a job that has ended are
// given once, and then it is forgotten.

import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { EventCounts } from '../dashboard/metrics/event-counts.ts';
import { type Figure, figuresOf, type Measured } from '../dashboard/metrics/figures.ts';
import { METRICS } from '../dashboard/metrics/metric-table.ts';
import type { JobEvent } from '../job/events/job-event.ts';
import { latencyBetween } from '../readings/latency.ts';

/** Jobs that have ended, and that no reader has asked for since. */
const ENDED_MAX = 16;

/** `millrace_job_crashes_total` as `millrace.job.crashes`. */
export const instrumentName = (metric: string): string =>
  metric.replace(/^millrace_([a-z]+)_/, 'millrace.$1.').replace(/_(total|seconds|bytes|ratio)(_total)?$/, '');

const unitOf = (metric: string): string =>
  /_seconds(_total)?$/.test(metric) ? 's' : /_bytes$/.test(metric) ? 'By' : /_ratio$/.test(metric) ? '1' : '';

/** Percentiles of latencies: histograms cannot be told of as they are. */
const QUANTILES = [
  ['0.5', 'p50Ms'],
  ['0.95', 'p95Ms'],
  ['0.99', 'p99Ms'],
] as const;

interface Job {
  readonly figures: () => readonly Figure[];
}

export class Instruments {
  readonly #jobs = new Set<Job>();
  /** Their figures, and not the jobs: nothing of their memory is kept. */
  readonly #ended: (readonly Figure[])[] = [];
  readonly #instruments: ReadonlyMap<string, Observable>;

  constructor(meter: Meter) {
    this.#instruments = new Map(
      Object.entries(METRICS).map(([name, { kind, help }]) => {
        const words = { description: help, unit: unitOf(name) };
        const called = instrumentName(name);
        const made =
          kind === 'counter'
            ? meter.createObservableCounter(called, words)
            : meter.createObservableGauge(called, words);
        return [name, made];
      }),
    );
    meter.addBatchObservableCallback((result) => this.#observe(result), [...this.#instruments.values()]);
  }

  /** Returns what hears the events of a job. */
  add(measured: Measured): (event: JobEvent) => void {
    const counts = new EventCounts();
    const job: Job = { figures: () => figuresOf(measured, counts) };
    this.#jobs.add(job);
    return (event) => {
      counts.hear(event);
      if (event.type === 'ended') this.#end(job);
    };
  }

  #end(job: Job): void {
    if (!this.#jobs.delete(job)) return;
    this.#ended.push(job.figures());
    if (this.#ended.length > ENDED_MAX) this.#ended.shift();
  }

  #observe(result: BatchObservableResult): void {
    for (const { figures } of this.#jobs) this.#tell(result, figures());
    for (const figures of this.#ended.splice(0)) this.#tell(result, figures);
  }

  #tell(result: BatchObservableResult, figures: readonly Figure[]): void {
    for (const figure of figures) {
      const instrument = this.#instruments.get(figure.name) as Observable;
      if (!('latency' in figure)) {
        // Infinite values are none that every exporter takes.
        if (Number.isFinite(figure.value)) result.observe(instrument, figure.value, figure.labels);
        continue;
      }
      const latency = latencyBetween(undefined, figure.latency);
      if (latency === undefined) continue;
      for (const [quantile, name] of QUANTILES)
        result.observe(instrument, latency[name] / 1000, { ...figure.labels, quantile });
    }
  }
}
