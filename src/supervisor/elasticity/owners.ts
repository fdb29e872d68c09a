// Which replica owns which key group, by the replicas' last commits.

import { groupCount, type Stage } from '../../flow/plan.ts';
import { hasGroup } from '../../state/groups/group-set.ts';
import type { Replica } from '../replicas/replica.ts';

/** The replica that owns each key group of an operator; -1 for one that is on its way. */
export function ownersOf(replicas: readonly Replica[], stage: Stage): number[] {
  const sets = replicas.map((replica) => replica.committed().progress.groups);
  return Array.from({ length: groupCount(stage) }, (_, group) => sets.findIndex((set) => hasGroup(set, group)));
}
