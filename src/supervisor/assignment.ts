// Which replica owns which key group, and the fewest moves from one such assignment to a better one.
// Promises: pure; the same input gives the same moves. Every group is owned by one of the given replicas afterwards. A group
// moves only if its owner leaves, or has more than its share.

import { KEY_GROUPS } from '../mailbox/hash.ts';

/** Groups that one replica gives to another. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly groups: readonly number[];
}

/** Above a fair share by less than this, a replica gives nothing away: what moves must be worth a hand-over. */
const SURPLUS_SHARE = 0.05;

/**
 * Spreads load over replicas.
 * @param owners the replica that owns each key group
 * @param loads of each key group, in any unit, from 0 on
 * @param replicas those that own groups afterwards
 */
export function planMoves(owners: readonly number[], loads: readonly number[], replicas: readonly number[]): Move[] {
  // Groups without any load are spread as well: what comes may be different from what was.
  const total = loads.reduce((sum, load) => sum + load, 0);
  const weights = loads.map((load) => load + (total === 0 ? 1 : total / KEY_GROUPS / 1000));
  const weightOf = new Map(replicas.map((replica) => [replica, 0]));
  const groupsOf = new Map(replicas.map((replica): [number, number[]] => [replica, []]));
  const homeless: number[] = [];
  owners.forEach((owner, group) => {
    const groups = groupsOf.get(owner);
    if (groups === undefined) homeless.push(group);
    else {
      groups.push(group);
      weightOf.set(owner, (weightOf.get(owner) as number) + weights[group]);
    }
  });
  const share = weights.reduce((sum, weight) => sum + weight, 0) / replicas.length;
  const heaviestFirst = (a: number, b: number): number => weights[b] - weights[a] || a - b;
  for (const [replica, groups] of groupsOf) {
    let surplus = (weightOf.get(replica) as number) - share;
    if (surplus <= share * SURPLUS_SHARE) continue;
    // The heaviest that fit: few groups move, and none that alone is more than what there is too much.
    for (const group of groups.sort(heaviestFirst)) {
      if (weights[group] > surplus) continue;
      homeless.push(group);
      surplus -= weights[group];
      weightOf.set(replica, (weightOf.get(replica) as number) - weights[group]);
    }
  }
  const gained = new Map<string, { from: number; to: number; groups: number[] }>();
  for (const group of homeless.sort(heaviestFirst)) {
    const to = lightest(weightOf);
    weightOf.set(to, (weightOf.get(to) as number) + weights[group]);
    const from = owners[group];
    if (from === to) continue;
    const move = gained.get(`${from}-${to}`);
    if (move === undefined) gained.set(`${from}-${to}`, { from, to, groups: [group] });
    else move.groups.push(group);
  }
  return [...gained.values()].map(({ groups, ...move }) => ({ ...move, groups: groups.sort((a, b) => a - b) }));
}

function lightest(weightOf: ReadonlyMap<number, number>): number {
  let found = -1;
  for (const [replica, weight] of weightOf) {
    if (found < 0 || weight < (weightOf.get(found) as number)) found = replica;
  }
  return found;
}
