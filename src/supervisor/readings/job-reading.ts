// What is read of a job at one moment: counts and times since its start, and how full its mailboxes are.
// Promises: plain data. Readings only grow, so what happened in between is the difference of two (between.ts), whoever took them:
// no reader disturbs another.

import type { OperatorKind } from '../../flow/kinds/kind.ts';
import type { Stall } from '../job/stalls/stall-detector.ts';
import type { NodeState } from '../supervision/child.ts';
import type { Hint } from './hints.ts';
import type { LatencyReading } from './latency.ts';
import type { TimeReading } from './time-reading.ts';

/** One replica of an operator, also one that is dormant now. */
export interface ReplicaReading {
  /** Number of the replica, from 0 on. */
  readonly replica: number;
  /** `dormant` while it has no part in the stream. Those in the app's own thread run. */
  readonly state: NodeState;
  /** Worker that hosts it; -1 for the app's own thread, and while none does. */
  readonly worker: number;
  /** Tuples taken in since the start. */
  readonly tuplesIn: number;
  /** Tuples emitted since the start. */
  readonly tuplesOut: number;
  /** Time in which it worked, in milliseconds. */
  readonly busyMs: number;
  /** Time in which its output had no room, in milliseconds. */
  readonly blockedMs: number;
  /** Bytes in its fullest mailbox (published, not yet released), at this moment. */
  readonly queueBytes: number;
  /** The share of that ring that they fill, from 0 to 1. */
  readonly queueFill: number;
}

/** About how many tuples an operator has processed of each key group, or partition, and how many of them were looked at. */
export interface GroupCounts {
  /** By number of the group or partition: about how many tuples. */
  readonly tuples: readonly number[];
  /** How many tuples were looked at: the more, the more exact. */
  readonly samples: number;
}

/** One output of an operator that has several, or one by name. */
export interface OutputReading {
  /** Tuples emitted there since the start. */
  readonly tuples: number;
  /** False if no operator reads it: its tuples are counted, and nothing else. */
  readonly consumed: boolean;
}

/** One operator; its counts are the sums over its replicas. */
export interface OperatorReading {
  /** The operator's name. */
  readonly name: string;
  /** `source`, or the method that declared it: `map`, `filter`, …, `sink` for `to`. */
  readonly kind: string;
  /** What it is in the flow. */
  readonly role: OperatorKind['role'];
  /** The operator in whose actor it runs, if it is fused. */
  readonly fusedInto: string | undefined;
  /** Dead letters of its own that the app's thread has got: tuples that it failed at, and records that a source rejected. */
  readonly deadLetters: number;
  /** Rows of its state that `ttlMs` has let go since the start. */
  readonly expired: number;
  /** How far event time has come; left out if its tuples have none, and in the app's thread. */
  readonly time?: TimeReading;
  /** The share of a source that has been read, from 0 to 1; left out of all others, and while its end is not known. */
  readonly progress?: number;
  /** How long tuples were under way from their source to its commits: that of its actor, so fused operators have the same. */
  readonly latency: LatencyReading;
  /** Tuples taken in since the start. */
  readonly tuplesIn: number;
  /** Tuples emitted since the start. */
  readonly tuplesOut: number;
  /** What of them went to each of its outputs, by name; left out if it has but one, without a name. */
  readonly outputs?: Readonly<Record<string, OutputReading>>;
  /** Undefined if replicas cannot share it, and for all but the first operator of a fused chain. */
  readonly groups: GroupCounts | undefined;
  /** All that there is memory for, by number. Times are those of its actor: fused operators have the same. */
  readonly replicas: readonly ReplicaReading[];
}

/** What was read of a job at one moment. Counts and times only grow: `between(earlier, later)` makes rates of two. */
export interface JobReading {
  /** When it was taken, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Since the job started, until its end; in milliseconds. */
  readonly elapsedMs: number;
  /** The standstill that the job is in; undefined if it moves, or has nothing to do. */
  readonly stalled: Stall | undefined;
  /** What keeps operators on one thread, though they need not be there, and the option that cures it. */
  readonly hints: readonly Hint[];
  /** In the order in which the flow declares them. */
  readonly operators: readonly OperatorReading[];
}
