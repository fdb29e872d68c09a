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
  readonly action: 'scale' | 'rebalance' | 'move' | 'report';
  readonly operator: string;
  readonly replica?: number;
  readonly from: number;
  readonly to: number;
  readonly policy: PolicyOptions['policy'];
  readonly inputs: Inputs;
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
