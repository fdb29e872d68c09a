// Whose key groups are whose, in the last commits of an operator's replicas.

import { type GroupSet, hasGroup } from '../state/groups/group-set.ts';

/**
 * What is wrong about the owners of an operator's key groups: one that has several, or none where each must have one.
 * @param replicas what each replica owns
 */
export function ownersProblem(
  operator: string,
  replicas: readonly Readonly<GroupSet>[],
  groups: number,
  mustBeComplete: boolean,
): string | undefined {
  for (let group = 0; group < groups; group++) {
    let owners = 0;
    for (const set of replicas) if (hasGroup(set, group)) owners++;
    if (owners === 1 || (owners === 0 && !mustBeComplete)) continue;
    const names = replicas.flatMap((set, replica) => (hasGroup(set, group) ? [replica] : []));
    const by = owners === 0 ? 'no replica' : `replicas ${names.join(' and ')}`;
    return `key group ${group} of '${operator}' is owned by ${by}`;
  }
  return undefined;
}
