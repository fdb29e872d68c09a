// Whether the key groups of an operator lie badly on its replicas, and whether a better way exists.
// Promises: pure. A key group is the least that can move: one that is hotter than a replica's share is named.

import { planMoves } from '../assignment.ts';
import { hottestGroup, type OperatorReport } from './report.ts';

export interface Skew {
  /** The load of the hottest replica over the mean: 1 is even. */
  readonly now: number;
  /** The same after the best moves that are known. */
  readonly reachable: number;
  /** The hottest key group and its share of the operator's load. */
  readonly group: number;
  readonly groupShare: number;
}

/** Undefined if there is nothing to spread, or the loads are not known. */
export function skewOf(reading: OperatorReport): Skew | undefined {
  const { replicas, owners, groupLoads } = reading;
  if (replicas.length < 2 || groupLoads === undefined) return undefined;
  const numbers = replicas.map(({ replica }) => replica);
  const after = [...owners];
  for (const { to, groups } of planMoves(owners, groupLoads, numbers)) for (const group of groups) after[group] = to;
  const { group, share } = hottestGroup(reading);
  return {
    now: hottestOverMean(owners, groupLoads, numbers),
    reachable: hottestOverMean(after, groupLoads, numbers),
    group,
    groupShare: share,
  };
}

/** The load of the hottest of some replicas over the mean of all. */
function hottestOverMean(owners: readonly number[], loads: readonly number[], replicas: readonly number[]): number {
  const sums = new Map(replicas.map((replica) => [replica, 0]));
  let total = 0;
  owners.forEach((owner, group) => {
    total += loads[group];
    sums.set(owner, (sums.get(owner) ?? 0) + loads[group]);
  });
  return total === 0 ? 1 : Math.max(...sums.values()) / (total / replicas.length);
}
