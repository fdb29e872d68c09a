// What policies decide by: one report on the whole graph, as plain data, and what follows from it alone.
// Promises: pure; nothing here knows threads, shared memory or time.

import { KEY_GROUPS } from '../../../mailbox/hash.ts';

/** One replica over the span of a report. Shares are of its time, from 0 to 1. */
export interface ReplicaReport {
  readonly replica: number;
  readonly worker: number;
  readonly busy: number;
  /** Share of time in which its output had no room. */
  readonly blocked: number;
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** The share of its fullest mailbox that is filled. */
  readonly queueFill: number;
}

/** One operator: a chain of fused ones counts as one, named after its first. */
export interface OperatorReport {
  readonly operator: string;
  /** The operators that it reads from, as indices into the graph. They stand before it. */
  readonly upstream: readonly number[];
  /** Of what each of these writes, the share that it reads: less than all of it if they have several outputs. */
  readonly upstreamShares: readonly number[];
  /** Those that run; at least one. */
  readonly replicas: readonly ReplicaReport[];
  readonly min: number;
  readonly max: number;
  /** Tuples per second that a source is declared to give, if that is known. */
  readonly declaredRate: number | undefined;
  /** True if its actors may move to another worker: those of sources and sinks have files open, and stay. */
  readonly canMove: boolean;
  /** Recent load of each key group, or of each partition of a source, in tuples; undefined if that is not known, or there are none. */
  readonly groupLoads: readonly number[] | undefined;
  /** The replica that owns each key group, or each partition. */
  readonly owners: readonly number[];
}

export interface WorkerReport {
  readonly worker: number;
  /** See {@link waitingShare}. Undefined if the platform does not tell. */
  readonly waiting: number | undefined;
  /** Processors that its thread used. */
  readonly processors: number;
}

/** The graph over one span. */
export interface GraphReport {
  /** The end of the span, on a clock that only grows. */
  readonly atMs: number;
  readonly spanMs: number;
  readonly operators: readonly OperatorReport[];
  readonly workers: readonly WorkerReport[];
  /** Processors of the machine. */
  readonly processors: number;
  readonly maxWorkers: number;
}

/** From here on a replica counts as saturated, whatever else. */
const SATURATED_BUSY = 0.9;
/** One that is busy for most of the time, and does not keep its mailbox empty, is as well. */
const BUSY_WITH_QUEUE = 0.6;
const QUEUE_FILL = 0.5;
/** An operator that waits for so much of its busy time is bound by a service and not by the processors. */
const WAITING_SHARE = 0.5;
/** The machine has no processor left for one more replica. */
const PROCESSORS_USED = 0.95;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The busiest replica: what holds an operator up, however idle the others are. */
export const hottestOf = ({ replicas }: OperatorReport): ReplicaReport =>
  replicas.reduce((hottest, each) => (each.busy > hottest.busy ? each : hottest));

/** Work that is done, in replicas that would be busy all the time. */
export const workOf = ({ replicas }: OperatorReport): number => sum(replicas.map(({ busy }) => busy));

export const isSaturated = ({ replicas }: OperatorReport): boolean =>
  replicas.some(
    ({ busy, queueFill }) => busy >= SATURATED_BUSY || (busy >= BUSY_WITH_QUEUE && queueFill >= QUEUE_FILL),
  );

/**
 * Of the busy time that a thread did not spend in the queue for a processor, the share in which it had none: what its actors wait
 * for is something else. The queue says how full the machine is, and nothing about the actors.
 */
export function waitingShare(busy: number, computing: number, queued: number): number {
  const own = busy - queued;
  return own <= 0 ? 0 : Math.min(1, Math.max(0, 1 - computing / own));
}

export const isSource = ({ upstream }: OperatorReport): boolean => upstream.length === 0;

/** The key group with the most load, and its share; a fair share if the loads are not known. */
export function hottestGroup({ groupLoads, owners }: OperatorReport): { group: number; share: number } {
  if (groupLoads === undefined) return { group: -1, share: 1 / (owners.length || KEY_GROUPS) };
  const group = groupLoads.indexOf(Math.max(...groupLoads));
  return { group, share: groupLoads[group] / sum(groupLoads) };
}

/** How many replicas an operator may have, and what forbids more, in words. */
export interface ReplicaLimit {
  readonly replicas: number;
  readonly by: string;
}

/**
 * The bounds of the operator, and never more replicas than can run: one a worker, and one a processor, unless the operator
 * waits for something else while processors are free.
 */
export function limitOf(reading: OperatorReport, graph: GraphReport): ReplicaLimit {
  const { max } = reading;
  const limits: ReplicaLimit[] = [{ replicas: max, by: `its parallelism is at most ${max}` }];
  if (max > 1) {
    limits.push({ replicas: graph.maxWorkers, by: `there are at most ${graph.maxWorkers} workers` });
    const used = sum(graph.workers.map(({ processors }) => processors));
    const isFull = used >= PROCESSORS_USED * graph.processors;
    const processors = `the machine has ${graph.processors} processors`;
    if (isComputing(reading, graph)) limits.push({ replicas: graph.processors, by: processors });
    else if (isFull) limits.push({ replicas: reading.replicas.length, by: `${processors}, all in use` });
  }
  const least = limits.reduce((a, b) => (b.replicas < a.replicas ? b : a));
  // What runs already can run.
  return { replicas: Math.max(least.replicas, Math.min(max, reading.replicas.length)), by: least.by };
}

/** True unless its workers wait, or it is not known what they do: then its `max` has the say. */
function isComputing({ replicas }: OperatorReport, { workers }: GraphReport): boolean {
  const hosts = workers.filter(({ worker }) => replicas.some((each) => each.worker === worker));
  const known = hosts.flatMap(({ waiting }) => (waiting === undefined ? [] : [waiting]));
  if (known.length === 0) return false;
  return sum(known) / known.length < WAITING_SHARE;
}

/** What an operator's replicas share, in words. */
export const groupWord = (reading: OperatorReport): string => (isSource(reading) ? 'partition' : 'key group');

/** The operators that an operator's tuples come to, itself among them. */
export function reachableFrom(index: number, { operators }: GraphReport): number[] {
  const reached = new Set([index]);
  operators.forEach(({ upstream }, i) => {
    if (upstream.some((each) => reached.has(each))) reached.add(i);
  });
  return [...reached];
}
