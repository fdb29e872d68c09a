// What a policy decides, by which options, and what it remembers from one report to the next.

import type { Inputs } from './need.ts';
import { type OperatorCost, UNKNOWN_COST } from './rate-policy.ts';

export interface PolicyOptions {
  readonly policy: 'rate' | 'threshold';
  /** Share of its time that a replica may be busy. */
  readonly utilisation: number;
  /** The load of the hottest replica over the mean that is put up with. */
  readonly skew: number;
  /** Time after a change in which nothing is taken back. */
  readonly cooldownMs: number;
}

/**
 * What is to be done: `scale` from so many replicas to so many, `rebalance` the key groups of replicas, `move` a replica from a
 * worker to a worker; or only a `report` that something cannot be done.
 */
export interface Decision {
  /** What is to be done. */
  readonly action: 'scale' | 'rebalance' | 'move' | 'report';
  /** The operator that it is about. */
  readonly operator: string;
  /** Of `move`: the replica that moves. */
  readonly replica?: number;
  /** Replicas before; of `move`: the worker that the replica is on. */
  readonly from: number;
  /** Replicas after; of `move`: the worker that the replica moves to. */
  readonly to: number;
  /** The policy that has decided. */
  readonly policy: PolicyOptions['policy'];
  /** The figures that it has decided by. */
  readonly inputs: Inputs;
  /** What is decided and why, as a sentence. */
  readonly reason: string;
}

export interface OperatorMemory {
  readonly cost: OperatorCost;
  readonly changedAtMs: number;
  /** Reports in a row with too few and with too many replicas, and with uneven load. */
  readonly outReports: number;
  readonly inReports: number;
  readonly skewReports: number;
  /** The most replicas that any of the reports with too many would leave. */
  readonly inNeed: number;
  /** What was told that cannot be done, to be told again only when it has become something else. */
  readonly told: string;
}

/** What decisions need to know of the reports before. */
export interface PolicyMemory {
  readonly operators: readonly OperatorMemory[];
  readonly moveReports: number;
  readonly movedAtMs: number;
}

export const NOTHING_KNOWN: OperatorMemory = {
  cost: UNKNOWN_COST,
  changedAtMs: Number.NEGATIVE_INFINITY,
  outReports: 0,
  inReports: 0,
  skewReports: 0,
  inNeed: 0,
  told: '',
};

export const NO_MEMORY: PolicyMemory = { operators: [], moveReports: 0, movedAtMs: Number.NEGATIVE_INFINITY };
