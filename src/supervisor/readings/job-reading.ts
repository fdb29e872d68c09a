// What is read of a job at one moment: counts and times since its start, and how full its mailboxes are.
// Promises: plain data. Readings only grow, so what happened in between is the difference of two (between.ts), whoever took them:
// no reader disturbs another.

import type { OperatorKind } from '../../flow/kinds/kind.ts';
import type { Stall } from '../job/stalls/stall-detector.ts';
import type { NodeState } from '../supervision/child.ts';

/** One replica of an operator, also one that is dormant now. */
export interface ReplicaReading {
  readonly replica: number;
  /** `dormant` while it has no part in the stream. Those in the app's own thread run. */
  readonly state: NodeState;
  /** Worker that hosts it; -1 for the app's own thread, and while none does. */
  readonly worker: number;
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** Time in which it worked. */
  readonly busyMs: number;
  /** Time in which its output had no room. */
  readonly blockedMs: number;
  /** Bytes in its fullest mailbox (published, not yet released), and the share of that ring that they fill. Of this moment. */
  readonly queueBytes: number;
  readonly queueFill: number;
}

/** About how many tuples an operator has processed of each key group, or partition, and how many of them were looked at. */
export interface GroupCounts {
  readonly tuples: readonly number[];
  readonly samples: number;
}

/** One operator; its counts are the sums over its replicas. */
export interface OperatorReading {
  readonly name: string;
  /** `source`, or the method that declared it: `map`, `filter`, …, `sink` for `to`. */
  readonly kind: string;
  readonly role: OperatorKind['role'];
  /** The operator in whose actor it runs, if it is fused. */
  readonly fusedInto: string | undefined;
  /** Dead letters of its own that the app's thread has got: tuples that it failed at, and records that a source rejected. */
  readonly deadLetters: number;
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** Undefined if replicas cannot share it, and for all but the first operator of a fused chain. */
  readonly groups: GroupCounts | undefined;
  /** All that there is memory for, by number. Times are those of its actor: fused operators have the same. */
  readonly replicas: readonly ReplicaReading[];
}

export interface JobReading {
  /** When it was taken, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Since the job started; until its end. */
  readonly elapsedMs: number;
  /** The standstill that the job is in; undefined if it moves, or has nothing to do. */
  readonly stalled: Stall | undefined;
  readonly operators: readonly OperatorReading[];
}
