// What happened in a job between two readings: rates, and shares of time.
// Promises: pure: the same two readings give the same rates, whoever took them and whatever was read meanwhile.

import { errors } from '../../errors.ts';
import type { OperatorKind } from '../../flow/kinds/kind.ts';
import { refuseSurplus } from '../../surplus.ts';
import { estimateLoads } from '../elasticity/load-estimate.ts';
import type { GroupCounts, JobReading, OperatorReading, ReplicaReading } from './job-reading.ts';
import { type Latency, latencyBetween } from './latency.ts';

/** A share of busy time below this says nothing about what a tuple takes. */
const BUSY_MS_MIN = 0.1;
const HOT_GROUPS = 4;

/** A key group, or a partition of a source, and its share of its operator's load. */
export interface GroupShare {
  /** Number of the key group, or of the partition. */
  readonly group: number;
  /** From 0 to 1. */
  readonly share: number;
}

/** Rates and shares over a span. Shares are of its time, from 0 to 1. */
interface Rates {
  /** Tuples taken in, within the span. */
  readonly tuplesIn: number;
  /** Tuples emitted within the span. */
  readonly tuplesOut: number;
  /** Tuples per second that came in. */
  readonly rateIn: number;
  /** Tuples per second that were emitted. */
  readonly rateOut: number;
  /** Share of time in which it worked. */
  readonly busy: number;
  /** Share of time in which the output had no room. */
  readonly blocked: number;
  /** The other share: it waited for tuples. */
  readonly idle: number;
  /** Tuples per second of busy time: what it could do if it were never idle nor held up. 0 if it was not busy. */
  readonly processingRate: number;
}

/** One replica that has a part in the stream at the end of the span. */
export interface ReplicaRates extends Rates {
  /** Number of the replica, from 0 on. */
  readonly replica: number;
  /** Worker that hosts it; -1 for the app's own thread, and while none does. */
  readonly worker: number;
}

/** The sums over an operator's replicas; shares are those of the busiest, of the most blocked and of the least idle one. */
export interface OperatorRates extends Rates {
  /** The operator's name. */
  readonly name: string;
  /** `source`, or the method that declared it: `map`, `filter`, …, `sink` for `to`. */
  readonly kind: string;
  /** What it is in the flow. */
  readonly role: OperatorKind['role'];
  /** The operator in whose actor it runs, if it is fused. */
  readonly fusedInto: string | undefined;
  /** Dead letters within the span. */
  readonly deadLetters: number;
  /** How long tuples were under way from their source to its commits; left out if none was measured in the span. */
  readonly latency?: Latency;
  /** The four key groups, or partitions of a source, with the most load, the most first, by samples; none if it is not partitioned. */
  readonly hotGroups: readonly GroupShare[];
  /** Those that have a part in the stream at the end of the span. */
  readonly replicas: readonly ReplicaRates[];
}

/** Rates and shares of a job between two readings. */
export interface JobRates {
  /** Time between the readings, in milliseconds. */
  readonly spanMs: number;
  /** In the order in which the flow declares them. */
  readonly operators: readonly OperatorRates[];
}

/**
 * What happened between two readings of a job.
 * @param earlier `'start'` for the job's start
 * @throws MillraceError BAD_OPTION if these are no readings of one job, the earlier one first
 */
export function between(earlier: JobReading | 'start', later: JobReading, ...surplus: readonly never[]): JobRates {
  refuseSurplus('between(earlier, later)', 2, surplus);
  if (!isReading(later)) throw errors.badOption('later', later, 'what job.reading() gives');
  if (earlier !== 'start' && !isReading(earlier))
    throw errors.badOption('earlier', earlier, "what job.reading() gives, or 'start'");
  const from = earlier === 'start' ? undefined : earlier;
  if (from !== undefined && !isOfSameJob(from, later)) {
    const found = 'a later one, or one of another job';
    throw errors.badOption('earlier', found, "an earlier reading of the same job, or 'start'");
  }
  const spanMs = later.elapsedMs - (from?.elapsedMs ?? 0);
  return {
    spanMs,
    operators: later.operators.map((now, i) => operatorRates(from?.operators[i], now, spanMs)),
  };
}

const isReading = (value: unknown): value is JobReading =>
  typeof value === 'object' && value !== null && 'operators' in value && 'elapsedMs' in value;

const isOfSameJob = (earlier: JobReading, later: JobReading): boolean =>
  earlier.elapsedMs <= later.elapsedMs &&
  earlier.operators.length === later.operators.length &&
  earlier.operators.every(({ name }, i) => name === later.operators[i].name);

const sum = (all: readonly Rates[], name: keyof Rates): number => all.reduce((total, each) => total + each[name], 0);

function operatorRates(before: OperatorReading | undefined, now: OperatorReading, spanMs: number): OperatorRates {
  const { name, kind, role, fusedInto } = now;
  // What a source processes is what it gives.
  const processed = role === 'source' ? 'tuplesOut' : 'tuplesIn';
  const all = now.replicas.map((replica, i) => replicaRates(before?.replicas[i], replica, spanMs, processed));
  const replicas = all.filter((_, i) => now.replicas[i].state !== 'dormant');
  const latency = latencyBetween(before?.latency, now.latency);
  return {
    name,
    kind,
    role,
    fusedInto,
    deadLetters: now.deadLetters - (before?.deadLetters ?? 0),
    tuplesIn: sum(all, 'tuplesIn'),
    tuplesOut: sum(all, 'tuplesOut'),
    rateIn: sum(all, 'rateIn'),
    rateOut: sum(all, 'rateOut'),
    busy: Math.max(0, ...replicas.map(({ busy }) => busy)),
    blocked: Math.max(0, ...replicas.map(({ blocked }) => blocked)),
    idle: Math.min(1, ...replicas.map(({ idle }) => idle)),
    processingRate: sum(replicas, 'processingRate'),
    ...(latency !== undefined && { latency }),
    hotGroups: hottest(groupsBetween(before?.groups, now.groups)),
    replicas,
  };
}

const NONE = { tuplesIn: 0, tuplesOut: 0, busyMs: 0, blockedMs: 0 };

function replicaRates(
  before: ReplicaReading | undefined,
  now: ReplicaReading,
  spanMs: number,
  processed: 'tuplesIn' | 'tuplesOut',
): ReplicaRates {
  const since = (name: keyof typeof NONE): number => now[name] - (before ?? NONE)[name];
  const perSecond = (tuples: number, ms: number): number => (ms <= 0 ? 0 : (tuples * 1000) / ms);
  const share = (ms: number): number => (spanMs <= 0 ? 0 : Math.min(1, Math.max(0, ms / spanMs)));
  const busyMs = since('busyMs');
  const busy = share(busyMs);
  const blocked = Math.min(1 - busy, share(since('blockedMs')));
  const tuplesIn = since('tuplesIn');
  const tuplesOut = since('tuplesOut');
  return {
    replica: now.replica,
    worker: now.worker,
    tuplesIn,
    tuplesOut,
    rateIn: perSecond(tuplesIn, spanMs),
    rateOut: perSecond(tuplesOut, spanMs),
    busy,
    blocked,
    idle: 1 - busy - blocked,
    processingRate: busyMs < BUSY_MS_MIN ? 0 : perSecond(since(processed), busyMs),
  };
}

/** The counts of key groups in a span. */
export function groupsBetween(before: GroupCounts | undefined, now: GroupCounts | undefined): GroupCounts {
  if (now === undefined) return { tuples: [], samples: 0 };
  return {
    tuples: now.tuples.map((count, group) => count - (before?.tuples[group] ?? 0)),
    samples: now.samples - (before?.samples ?? 0),
  };
}

function hottest({ tuples, samples }: GroupCounts): GroupShare[] {
  const loads = estimateLoads(tuples, samples);
  const total = loads.reduce((all, load) => all + load, 0);
  return loads
    .map((load, group) => ({ group, share: load / total }))
    .filter(({ group }) => loads[group] > 0)
    .sort((a, b) => b.share - a.share || a.group - b.group)
    .slice(0, HOT_GROUPS);
}
