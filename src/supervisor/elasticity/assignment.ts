// Which replica owns which key group, and the fewest moves from one such assignment to a better one.
// Promises: pure; the same input gives the same moves. Every group is owned by one of the given replicas afterwards. A group
// moves only if its owner leaves, or has more than its share. In their order, no replica is without groups before it is given some.

/** Groups that one replica gives to another. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly groups: readonly number[];
}

/** Above a fair share by less than this, a replica gives nothing away: what moves must be worth a hand-over. */
const SURPLUS_SHARE = 0.05;

/**
 * Spreads load over replicas. Afterwards a replica that has more than 1.05 fair shares has no group whose move to the one
 * with the least load would make the larger of the two smaller by more than 0.05 shares.
 * @param owners the replica that owns each key group, or each partition of a source
 * @param loads of each key group, in any unit, from 0 on
 * @param replicas those that own groups afterwards
 */
export function planMoves(owners: readonly number[], loads: readonly number[], replicas: readonly number[]): Move[] {
  // Groups without any load are spread as well: what comes may be different from what was.
  const shared = loads.slice(0, owners.length);
  const total = shared.reduce((sum, load) => sum + load, 0);
  const weights = shared.map((load) => load + (total === 0 ? 1 : total / owners.length / 1000));
  const heaviestFirst = byWeight(weights);
  const holders = replicas.map((replica): Holder => ({ replica, weight: 0, groups: [], hasGiven: false }));
  const holderOf = new Map(holders.map((holder) => [holder.replica, holder]));
  const homeless: number[] = [];
  owners.forEach((owner, group) => {
    const holder = holderOf.get(owner);
    if (holder === undefined) homeless.push(group);
    else add(holder, group, weights[group]);
  });
  for (const group of homeless.sort(heaviestFirst)) add(lightestOf(holders), group, weights[group]);
  for (const holder of holders) holder.groups.sort(heaviestFirst);
  level(holders, weights);
  return movesOf(owners, holders);
}

interface Holder {
  readonly replica: number;
  weight: number;
  groups: number[];
  /** True once it has given something away: then it gives all of its surplus. */
  hasGiven: boolean;
}

function add(holder: Holder, group: number, weight: number): void {
  holder.groups.push(group);
  holder.weight += weight;
}

/** Orders groups: the heaviest first. */
const byWeight =
  (weights: readonly number[]) =>
  (one: number, other: number): number =>
    weights[other] - weights[one] || one - other;

const lightestOf = (holders: readonly Holder[]): Holder =>
  holders.reduce((best, holder) => (holder.weight < best.weight ? holder : best));

/** Moves groups, one by one, from who has too much to who has least, as long as that makes the larger of the two smaller. */
function level(holders: readonly Holder[], weights: readonly number[]): void {
  const share = holders.reduce((sum, { weight }) => sum + weight, 0) / holders.length;
  const least = share / weights.length / 1e6;
  for (;;) {
    const to = lightestOf(holders);
    const givers = holders.filter(({ weight, hasGiven }) => weight > share * (hasGiven ? 1 : 1 + SURPLUS_SHARE));
    const found = givers
      .sort((one, other) => other.weight - one.weight)
      .map((from) => ({ from, group: groupToGive(from, to, share, weights, least) }))
      .find(({ group }) => group !== undefined);
    if (found?.group === undefined) return;
    const { from, group } = found;
    from.groups = from.groups.filter((each) => each !== group);
    from.weight -= weights[group];
    from.hasGiven = true;
    add(to, group, weights[group]);
    to.groups.sort(byWeight(weights));
  }
}

/** The heaviest group that leaves neither above its share because of it; else the lightest, if even that is better than nothing. */
function groupToGive(
  from: Readonly<Holder>,
  to: Readonly<Holder>,
  share: number,
  weights: readonly number[],
  least: number,
): number | undefined {
  const fits = Math.min(from.weight - share, share - to.weight);
  const fitting = from.groups.find((group) => weights[group] <= fits + least);
  if (fitting !== undefined) return fitting;
  const lightest = from.groups[from.groups.length - 1];
  const gain = from.weight - to.weight - weights[lightest];
  // Below that nobody who has given goes on: it is near enough.
  return gain > share * SURPLUS_SHARE && from.weight > share * (1 + SURPLUS_SHARE) ? lightest : undefined;
}

/** By who gives and who takes. */
function movesOf(owners: readonly number[], holders: readonly Holder[]): Move[] {
  const moves = new Map<string, { from: number; to: number; groups: number[] }>();
  for (const { replica: to, groups } of holders) {
    for (const group of groups) {
      const from = owners[group];
      if (from === to) continue;
      const move = moves.get(`${from}-${to}`) ?? { from, to, groups: [] };
      move.groups.push(group);
      moves.set(`${from}-${to}`, move);
    }
  }
  const all = [...moves.values()].map(({ groups, ...move }) => ({ ...move, groups: groups.sort((a, b) => a - b) }));
  return inOrder(owners, all);
}

/** Moves in such an order that nobody is without groups who is still to be given some: it would retire, and have to join again. */
function inOrder(owners: readonly number[], moves: readonly Move[]): Move[] {
  const counts = new Map<number, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const left = [...moves];
  const ordered: Move[] = [];
  while (left.length > 0) {
    const empties = ({ from, groups }: Move): boolean => counts.get(from) === groups.length;
    const next = left.findIndex((move) => !(empties(move) && left.some(({ to }) => to === move.from)));
    const [move] = left.splice(Math.max(0, next), 1);
    counts.set(move.from, (counts.get(move.from) ?? 0) - move.groups.length);
    counts.set(move.to, (counts.get(move.to) ?? 0) + move.groups.length);
    ordered.push(move);
  }
  return ordered;
}
