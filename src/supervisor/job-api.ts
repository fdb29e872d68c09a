// The public face of a running flow: what `flow.run()` takes and returns.

import type { OperatorKind } from '../actors/graph.ts';
import type { ErrorRecord } from '../errors.ts';

/** Options of `flow.run()`. */
export interface RunOptions<Params = unknown> {
  /** Passed to the flow's build function on every thread; must be structured-cloneable. */
  params?: Params;
  /** Worker threads; by default as many as the machine can run at once. */
  workers?: number;
  /** Capacity of each ring in bytes, rounded up to a power of two. Default 2 MiB. */
  ringBytes?: number;
  /** Most that one batch may emit beyond its ring's room, in bytes. Default 256 MiB. */
  outboxBytes?: number;
  /** Most that the state of one operator may take, in bytes. Default 8 GiB (address space, not memory). */
  stateBytes?: number;
  /** Longest time that a commit waits for more tuples, in milliseconds. Default 0. */
  lingerMs?: number;
  /** Cancels the job when aborted. */
  signal?: AbortSignal;
}

/** Counts and shares of one replica since the last call of metrics(). Shares are of its time, from 0 to 1. */
export interface ReplicaMetrics {
  readonly replica: number;
  /** Worker that hosts it; -1 for the app's own thread. */
  readonly worker: number;
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** Tuples per second over the last span. */
  readonly rateIn: number;
  readonly rateOut: number;
  readonly busy: number;
  /** Share of time in which its output had no room. */
  readonly blocked: number;
  readonly idle: number;
  /** Bytes in its fullest mailbox (published, not yet released), and the share of that ring that they fill. */
  readonly queueBytes: number;
  readonly queueFill: number;
}

/** The sums over an operator's replicas; shares and queue are those of the busiest and fullest one. */
export interface OperatorMetrics extends Omit<ReplicaMetrics, 'replica' | 'worker'> {
  readonly name: string;
  readonly kind: OperatorKind;
  /** The operator in whose actor it runs, if it is fused. */
  readonly fusedInto: string | undefined;
  readonly replicas: readonly ReplicaMetrics[];
}

export interface JobMetrics {
  /** Since the job started. */
  readonly elapsedMs: number;
  readonly operators: readonly OperatorMetrics[];
}

/** What happens in a job. */
export type JobEvent =
  | { readonly type: 'started'; readonly workers: number; readonly actors: number }
  | { readonly type: 'operatorEnded'; readonly operator: string }
  | { readonly type: 'failed'; readonly error: Error; readonly record: ErrorRecord }
  | { readonly type: 'ended'; readonly outcome: 'done' | 'failed' | 'cancelled' };

/** The tuples of one `collect`. One iterator reads them; stopping early lets the rest go by. */
export interface JobOutput<Tuple> extends AsyncIterable<Tuple> {
  /** The same tuples in arrays, as many as were there at once: faster than one by one. */
  batches(): AsyncIterable<Tuple[]>;
}

/** The app's end of a `push` source. */
export interface JobInput<Tuple> {
  /** Adds a tuple. Await what it returns: it waits while there is no room. */
  push(tuple: Tuple): Promise<void> | undefined;
  /** Adds many; resolves when there is room again. */
  pushAll(tuples: Iterable<Tuple>): Promise<void>;
  /** Ends the stream. */
  end(): void;
}

/** A running flow. */
export interface Job<Outputs = Record<string, unknown>> {
  readonly name: string;
  /** Resolves when every tuple is processed and all workers are gone; rejects with the error that failed the job. */
  readonly done: Promise<void>;
  /** Ends all sources; resolves as `done` when everything that was accepted is processed. */
  stop(): Promise<void>;
  /** Ends the job at once. `done` rejects with JOB_CANCELLED; this resolves when all workers are gone. */
  cancel(reason?: unknown): Promise<void>;
  /** @throws MillraceError UNKNOWN_NAME, OUTPUT_TAKEN */
  output<Name extends keyof Outputs & string>(name: Name): JobOutput<Outputs[Name]>;
  /** @throws MillraceError UNKNOWN_NAME */
  input<Tuple = Record<string, unknown>>(name: string): JobInput<Tuple>;
  metrics(): JobMetrics;
  /** Calls `listener` at each event, the first one with those of before too; returns a function that ends this. */
  on(listener: (event: JobEvent) => void): () => void;
}
