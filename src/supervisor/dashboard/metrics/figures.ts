// The figures of a job at one moment, by the names and labels of the table of metrics: for Prometheus and for OpenTelemetry alike.
// Promises: one reading for all; series are those that the flow has from its start on, and differ by their labels also where names had
// to be cut.

import { createHash } from 'node:crypto';
import { toUSVString } from 'node:util';
import type { WorkerInfo } from '../../job/job-api.ts';
import type { JobReading, OperatorReading } from '../../readings/job-reading.ts';
import type { LatencyReading } from '../../readings/latency.ts';
import type { WorkerState } from '../../workers/job-worker.ts';
import type { EventCounts } from './event-counts.ts';
import type { MetricName, SingleMetricName } from './metric-table.ts';

const LABEL_CHARACTERS_MAX = 128;
const HASH_CHARACTERS = 12;
/** The compiler sees that none is missing. */
const WORKER_STATES: Readonly<Record<WorkerState, true>> = { starting: true, spare: true, active: true, lost: true };

/** Whose figures they are. */
export interface Measured {
  readonly name: string;
  reading(): JobReading;
  workers(): readonly WorkerInfo[];
}

type Labels = Readonly<Record<string, string>>;

/** One series at one moment: a value, or of a histogram its counts. */
export type Figure =
  | { readonly name: SingleMetricName; readonly labels: Labels; readonly value: number }
  | {
      readonly name: Exclude<MetricName, SingleMetricName>;
      readonly labels: Labels;
      readonly latency: LatencyReading;
    };

/** A name as the value of a label: one that is cut ends in a hash of the whole. */
function labelOf(name: string): string {
  if (name.length <= LABEL_CHARACTERS_MAX) return toUSVString(name);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARACTERS);
  return `${toUSVString(name.slice(0, LABEL_CHARACTERS_MAX - HASH_CHARACTERS - 1))}…${hash}`;
}

const figure = (name: SingleMetricName, labels: Labels, value: number): Figure => ({ name, labels, value });

export function figuresOf(job: Measured, counts: EventCounts): Figure[] {
  const labels = { job: labelOf(job.name) };
  const reading = job.reading();
  const { rss, heapUsed } = process.memoryUsage();
  return [
    ...reading.operators.flatMap((operator) => ofOperator(operator, { ...labels, operator: labelOf(operator.name) })),
    ...ofJob(reading, counts, labels),
    ...ofWorkers(job.workers(), labels),
    figure('millrace_process_resident_memory_bytes', {}, rss),
    figure('millrace_process_heap_used_bytes', {}, heapUsed),
  ];
}

function ofOperator(operator: OperatorReading, labels: Labels): Figure[] {
  const { role, latency, tuplesIn, tuplesOut, deadLetters, expired, outputs = {}, time, fusedInto } = operator;
  const isEnd = role === 'output' || role === 'sink';
  return [
    ...(isEnd ? [{ name: 'millrace_operator_latency_seconds', labels, latency } as const] : []),
    figure('millrace_operator_tuples_in_total', labels, tuplesIn),
    figure('millrace_operator_tuples_out_total', labels, tuplesOut),
    figure('millrace_operator_dead_letters_total', labels, deadLetters),
    figure('millrace_operator_expired_rows_total', labels, expired),
    ...Object.entries(outputs).map(([output, { tuples }]) =>
      figure('millrace_operator_output_tuples_total', { ...labels, output: labelOf(output) }, tuples),
    ),
    ...(time === undefined
      ? []
      : [
          figure('millrace_operator_late_tuples_total', labels, time.late),
          figure('millrace_operator_watermark_lag_seconds', labels, time.lagMs / 1000),
        ]),
    // A fused operator runs in the actors of another, whose times these are.
    ...(fusedInto === undefined ? ofReplicas(operator, labels) : []),
  ];
}

function ofReplicas({ replicas }: OperatorReading, labels: Labels): Figure[] {
  const live = replicas.filter(({ state }) => state !== 'dormant');
  return [
    figure('millrace_operator_replicas', labels, live.length),
    ...replicas.flatMap(({ replica, busyMs, blockedMs, queueBytes, queueFill }) => {
      const ofReplica = { ...labels, replica: String(replica) };
      return [
        figure('millrace_replica_busy_seconds_total', ofReplica, busyMs / 1000),
        figure('millrace_replica_blocked_seconds_total', ofReplica, blockedMs / 1000),
        figure('millrace_replica_queue_bytes', ofReplica, queueBytes),
        figure('millrace_replica_queue_fill_ratio', ofReplica, queueFill),
      ];
    }),
  ];
}

function ofJob({ elapsedMs, stalled }: JobReading, counts: EventCounts, labels: Labels): Figure[] {
  const { crashes, restarts, escalations, recoveries, recoveryMs, scalings, moves, stalls } = counts;
  return [
    figure('millrace_job_elapsed_seconds', labels, elapsedMs / 1000),
    figure('millrace_job_stalled', labels, stalled === undefined ? 0 : 1),
    figure('millrace_job_crashes_total', labels, crashes),
    figure('millrace_job_restarts_total', labels, restarts),
    figure('millrace_job_escalations_total', labels, escalations),
    figure('millrace_job_recoveries_total', labels, recoveries),
    figure('millrace_job_recovery_seconds_total', labels, recoveryMs / 1000),
    figure('millrace_job_scalings_total', labels, scalings),
    figure('millrace_job_moves_total', labels, moves),
    figure('millrace_job_stalls_total', labels, stalls),
  ];
}

const ofWorkers = (workers: readonly WorkerInfo[], labels: Labels): Figure[] =>
  Object.keys(WORKER_STATES).map((state) => {
    const count = workers.filter((worker) => worker.state === state).length;
    return figure('millrace_job_workers', { ...labels, state }, count);
  });
