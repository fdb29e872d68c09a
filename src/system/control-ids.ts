// Ids that no actor has: mail to them is for the replica that owns their key group.

import { hashDouble, KEY_GROUPS, keyGroupOf } from '../mailbox/hash.ts';

/** Beyond the ids that are counted, and before those of names. */
const CONTROL_FROM = 2 ** 50;

function idsOfGroups(): number[] {
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

let known: readonly number[] | undefined;

/** One id of each key group. */
export function controlIds(): readonly number[] {
  known ??= idsOfGroups();
  return known;
}

/** The one of a key group. */
export const controlId = (group: number): number => controlIds()[group];
