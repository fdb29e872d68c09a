// A job as Prometheus reads it: the text of all metrics at one moment.
// Promises: nothing is done between two scrapes; counters only grow; series are those that the flow has from its start on, and
// differ by their labels also where names had to be cut.
// Relies on prom-client to escape what labels hold.

import { createHash } from 'node:crypto';
import { toUSVString } from 'node:util';
import type { Counter, Gauge, Registry } from 'prom-client';
import type { WorkerInfo } from '../../job/job-api.ts';
import type { JobReading, OperatorReading } from '../../readings/job-reading.ts';
import type { WorkerState } from '../../workers/job-worker.ts';
import type { EventCounts } from './event-counts.ts';
import { METRICS, type MetricName } from './metric-table.ts';

const LABEL_CHARACTERS_MAX = 128;
const HASH_CHARACTERS = 12;
/** The compiler sees that none is missing. */
const WORKER_STATES: Readonly<Record<WorkerState, true>> = { starting: true, spare: true, active: true, lost: true };

/** What is exposed. */
export interface Exposed {
  readonly name: string;
  reading(): JobReading;
  workers(): readonly WorkerInfo[];
}

/** A name as the value of a label: one that is cut ends in a hash of the whole. */
function labelOf(name: string): string {
  if (name.length <= LABEL_CHARACTERS_MAX) return toUSVString(name);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARACTERS);
  return `${toUSVString(name.slice(0, LABEL_CHARACTERS_MAX - HASH_CHARACTERS - 1))}…${hash}`;
}

type Labels = Readonly<Record<string, string>>;

export class Exposition {
  readonly #job: Exposed;
  readonly #counts: EventCounts;
  readonly #registry: Registry;
  readonly #metrics: Readonly<Record<MetricName, Counter | Gauge>>;

  private constructor(job: Exposed, counts: EventCounts, library: typeof import('prom-client')) {
    this.#job = job;
    this.#counts = counts;
    const registry = new library.Registry();
    this.#registry = registry;
    const made = Object.entries(METRICS).map(([name, { kind, labels, help }]) => {
      const words = { name, help, labelNames: [...labels], registers: [registry] };
      return [name, kind === 'counter' ? new library.Counter(words) : new library.Gauge(words)];
    });
    this.#metrics = Object.fromEntries(made) as Record<MetricName, Counter | Gauge>;
  }

  /** The library is loaded by jobs that have metrics only. */
  static async of(job: Exposed, counts: EventCounts): Promise<Exposition> {
    return new Exposition(job, counts, await import('prom-client'));
  }

  /** Of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    this.#registry.resetMetrics();
    const job = labelOf(this.#job.name);
    const reading = this.#job.reading();
    for (const operator of reading.operators) this.#addOperator(operator, { job, operator: labelOf(operator.name) });
    this.#addJob(reading, { job });
    const { rss, heapUsed } = process.memoryUsage();
    this.#add('millrace_process_resident_memory_bytes', {}, rss);
    this.#add('millrace_process_heap_used_bytes', {}, heapUsed);
    return this.#registry.metrics();
  }

  #add(name: MetricName, labels: Labels, value: number): void {
    const metric = this.#metrics[name];
    if ('set' in metric) metric.set(labels, value);
    else metric.inc(labels, value);
  }

  #addOperator(operator: OperatorReading, labels: Labels): void {
    const { tuplesIn, tuplesOut, deadLetters, expired, outputs = {}, time, replicas, fusedInto } = operator;
    this.#add('millrace_operator_tuples_in_total', labels, tuplesIn);
    this.#add('millrace_operator_tuples_out_total', labels, tuplesOut);
    this.#add('millrace_operator_dead_letters_total', labels, deadLetters);
    this.#add('millrace_operator_expired_rows_total', labels, expired);
    for (const [output, { tuples }] of Object.entries(outputs))
      this.#add('millrace_operator_output_tuples_total', { ...labels, output: labelOf(output) }, tuples);
    if (time !== undefined) {
      this.#add('millrace_operator_late_tuples_total', labels, time.late);
      this.#add('millrace_operator_watermark_lag_seconds', labels, time.lagMs / 1000);
    }
    // A fused operator runs in the actors of another, whose times these are.
    if (fusedInto !== undefined) return;
    const live = replicas.filter(({ state }) => state !== 'dormant');
    this.#add('millrace_operator_replicas', labels, live.length);
    for (const { replica, busyMs, blockedMs, queueBytes, queueFill } of replicas) {
      const ofReplica = { ...labels, replica: String(replica) };
      this.#add('millrace_replica_busy_seconds_total', ofReplica, busyMs / 1000);
      this.#add('millrace_replica_blocked_seconds_total', ofReplica, blockedMs / 1000);
      this.#add('millrace_replica_queue_bytes', ofReplica, queueBytes);
      this.#add('millrace_replica_queue_fill_ratio', ofReplica, queueFill);
    }
  }

  #addJob({ elapsedMs, stalled }: JobReading, labels: Labels): void {
    const { crashes, restarts, escalations, recoveries, recoveryMs, scalings, moves, stalls } = this.#counts;
    this.#add('millrace_job_elapsed_seconds', labels, elapsedMs / 1000);
    this.#add('millrace_job_stalled', labels, stalled === undefined ? 0 : 1);
    this.#add('millrace_job_crashes_total', labels, crashes);
    this.#add('millrace_job_restarts_total', labels, restarts);
    this.#add('millrace_job_escalations_total', labels, escalations);
    this.#add('millrace_job_recoveries_total', labels, recoveries);
    this.#add('millrace_job_recovery_seconds_total', labels, recoveryMs / 1000);
    this.#add('millrace_job_scalings_total', labels, scalings);
    this.#add('millrace_job_moves_total', labels, moves);
    this.#add('millrace_job_stalls_total', labels, stalls);
    const workers = this.#job.workers();
    for (const state of Object.keys(WORKER_STATES)) {
      const count = workers.filter((worker) => worker.state === state).length;
      this.#add('millrace_job_workers', { ...labels, state }, count);
    }
  }
}
