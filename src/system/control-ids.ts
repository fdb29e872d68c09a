// Ids that no actor has: mail to them is for the replica that has their key group.

import { initialOwner } from '../flow/plan.ts';
import { hashDouble, KEY_GROUPS, keyGroupOf } from '../mailbox/hash.ts';

/** Beyond the ids that are counted, and before those of names. */
const CONTROL_FROM = 2 ** 50;

/** One id of each key group. */
export function controlIds(): number[] {
  const ids: number[] = [];
  let left = KEY_GROUPS;
  for (let id = CONTROL_FROM; left > 0; id++) {
    const group = keyGroupOf(hashDouble(id));
    if (ids[group] !== undefined) continue;
    ids[group] = id;
    left--;
  }
  return ids;
}

/** One id of each replica, as the key groups are spread at the start. */
export const replicaIds = (ids: readonly number[], replicas: number): number[] =>
  Array.from(
    { length: replicas },
    (_, replica) => ids[ids.findIndex((_id, group) => initialOwner(group, replicas) === replica)],
  );
