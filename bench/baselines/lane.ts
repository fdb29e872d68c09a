// The contract of a transport baseline: a source side and a sink side, each on a worker thread that lives for all rounds.
// The source side makes each tuple as an object and sends it; the sink side touches every field of every tuple. What lies
// between them is the baseline's own.

import type { MessagePort } from 'node:worker_threads';
import type { Order, SinkReport } from '../meter.ts';
import type { Workload } from '../workloads.ts';

/** Tuples per message, call or packed batch, in all baselines that batch. */
export const BATCH = 1000;

/** What joins the two sides. */
export interface Lane {
  readonly workload: Workload;
  readonly port: MessagePort;
  /** For baselines on shared memory: the data, and words to wait on. */
  readonly shared: SharedArrayBuffer;
  readonly steps: Int32Array<SharedArrayBuffer>;
}

/** Does one run. The side that sees the last tuple returns the report. */
export type Side = (order: Order) => SinkReport | undefined | Promise<SinkReport | undefined>;

export interface TransportBaseline {
  openSource(lane: Lane): Side;
  /** Left out where the source side starts the sink's thread itself. */
  openSink?(lane: Lane): Side;
}

/** The tuples from `start` on: a full batch, or what is left of `count`. */
export function makeBatch({ make }: Workload, start: number, count: number): unknown[] {
  const end = Math.min(start + BATCH, count);
  const batch: unknown[] = [];
  for (let index = start; index < end; index++) batch.push(make(index));
  return batch;
}
