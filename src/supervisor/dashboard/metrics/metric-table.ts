// Every metric: its name, its kind, its labels and what it tells. docs/metrics.md is written from this table.
// Promises: a name that has been released stays. Labels are names that stand in the flow, or numbers of replicas: none is made from
// a key, a tuple, an actor or a message, so the number of series is fixed when a job starts.

/** What is said of a metric. */
export interface MetricFacts {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** A phrase without a full stop. */
  readonly help: string;
}

const JOB = ['job'] as const;
const OPERATOR = ['job', 'operator'] as const;
const REPLICA = ['job', 'operator', 'replica'] as const;

export const METRICS = {
  millrace_operator_tuples_in_total: {
    kind: 'counter',
    labels: OPERATOR,
    help: 'tuples that an operator has taken in; exact, also after crashes',
  },
  millrace_operator_tuples_out_total: {
    kind: 'counter',
    labels: OPERATOR,
    help: 'tuples that an operator has emitted; exact, also after crashes',
  },
  millrace_operator_output_tuples_total: {
    kind: 'counter',
    labels: ['job', 'operator', 'output'],
    help: 'tuples on each output of an operator with named outputs',
  },
  millrace_operator_dead_letters_total: {
    kind: 'counter',
    labels: OPERATOR,
    help: 'tuples that an operator failed at, and that were left out',
  },
  millrace_operator_expired_rows_total: {
    kind: 'counter',
    labels: OPERATOR,
    help: 'rows of state that ttlMs has let go',
  },
  millrace_operator_late_tuples_total: {
    kind: 'counter',
    labels: OPERATOR,
    help: 'late tuples of the sources before an operator; only with event time',
  },
  millrace_operator_watermark_lag_seconds: {
    kind: 'gauge',
    labels: OPERATOR,
    help: 'how far the watermark is behind the newest tuple; +Inf while an input has no time yet; only with event time',
  },
  millrace_operator_latency_seconds: {
    kind: 'histogram',
    labels: OPERATOR,
    help: 'how long tuples were under way from their source to an end of the flow; a sample a commit',
  },
  millrace_operator_replicas: {
    kind: 'gauge',
    labels: OPERATOR,
    help: 'replicas that have a part in the stream',
  },
  millrace_replica_busy_seconds_total: {
    kind: 'counter',
    labels: REPLICA,
    help: 'time in which a replica worked',
  },
  millrace_replica_blocked_seconds_total: {
    kind: 'counter',
    labels: REPLICA,
    help: 'time in which the output of a replica had no room',
  },
  millrace_replica_queue_bytes: {
    kind: 'gauge',
    labels: REPLICA,
    help: 'bytes in the fullest mailbox of a replica',
  },
  millrace_replica_queue_fill_ratio: {
    kind: 'gauge',
    labels: REPLICA,
    help: 'share of that ring that they fill, from 0 to 1',
  },
  millrace_job_elapsed_seconds: { kind: 'gauge', labels: JOB, help: "time since the job's start" },
  millrace_job_stalled: { kind: 'gauge', labels: JOB, help: '1 while the job stands still though tuples are there' },
  millrace_job_workers: { kind: 'gauge', labels: ['job', 'state'], help: 'worker threads, by what they are for now' },
  millrace_job_crashes_total: { kind: 'counter', labels: JOB, help: 'crashes of workers and actors' },
  millrace_job_restarts_total: { kind: 'counter', labels: JOB, help: 'restarts of actors by their supervisors' },
  millrace_job_escalations_total: { kind: 'counter', labels: JOB, help: 'supervisors that gave up' },
  millrace_job_recoveries_total: {
    kind: 'counter',
    labels: JOB,
    help: 'actors that have committed again after a crash',
  },
  millrace_job_recovery_seconds_total: {
    kind: 'counter',
    labels: JOB,
    help: 'sum of their times from the crash to that commit',
  },
  millrace_job_scalings_total: { kind: 'counter', labels: JOB, help: 'changes of the number or the load of replicas' },
  millrace_job_moves_total: { kind: 'counter', labels: JOB, help: 'actors that were moved to another worker' },
  millrace_job_stalls_total: { kind: 'counter', labels: JOB, help: 'standstills' },
  millrace_process_resident_memory_bytes: {
    kind: 'gauge',
    labels: [],
    help: 'memory of the whole process, shared memory included',
  },
  millrace_process_heap_used_bytes: { kind: 'gauge', labels: [], help: "heap of the app's thread in use" },
} as const satisfies Readonly<Record<string, MetricFacts>>;

export type MetricName = keyof typeof METRICS;

/** Those that have one value for each choice of labels. */
export type SingleMetricName = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends 'histogram' ? never : Name;
}[MetricName];
