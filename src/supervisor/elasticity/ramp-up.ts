// Ramp-up of replicas that join, by a sip first: a replica gets a small part of what it is to have, and the rest when its code has
// been compiled for it.
// Why: the engine interprets what it has not seen, many times slower. A new replica with half of the load at once falls behind by
// some 10 ms before it can keep up, and so do the results; with a few key groups, those of few keys are late.
// Promises: what is moved in the end is what was planned; a wait is short, whatever happens.

import { Vitals } from '../../actors/vitals/vitals.ts';
import type { Clock } from '../../platform/clock.ts';
import { backlogWords } from '../replicas/input-left.ts';
import type { Replica } from '../replicas/replica.ts';
import type { Move } from './assignment.ts';

/** Of the operator's load, what a joining replica gets at first, at most; but one key group at least. */
const SIP_SHARE = 0.03;
/** Tuples after which its code counts as compiled, and the time after which it must do as it is. */
const WARM_TUPLES = 10_000;
const WARM_MS_MAX = 50;
/** So slow a stream could be interpreted: nobody waits for that, once it has been looked at for a while. */
const SLOW_TUPLES_PER_MS = 20;
const SLOW_LOOK_MS = 10;
/** Of slower operators, the closures' own work counts, and not what surrounds it. */
const QUICK_MS_PER_TUPLE_MAX = 0.02;
/** The second hand-over waits for the giver to come to where the joined one is: what is before it must not be more than this. */
const CATCH_UP_MS_MAX = 20;
/** A tuple takes so many words of a ring at least. */
const WORDS_PER_TUPLE_MIN = 1;

type Counting = Pick<Replica, 'descriptor'>;

export interface Sips {
  /** One for each replica that joins. */
  readonly sips: readonly Move[];
  /** What is left of the moves. */
  readonly rest: readonly Move[];
}

/**
 * Takes a sip for each joining replica out of its first move.
 * @param loads of the key groups, in any unit
 */
export function takeSips(moves: readonly Move[], joining: ReadonlySet<number>, loads: readonly number[]): Sips {
  const limit = SIP_SHARE * loads.reduce((sum, load) => sum + load, 0);
  const sips: Move[] = [];
  const rest: Move[] = [];
  const hasSip = new Set<number>();
  for (const move of moves) {
    if (!joining.has(move.to) || hasSip.has(move.to)) {
      rest.push(move);
      continue;
    }
    hasSip.add(move.to);
    const sip = lightGroups(move.groups, loads, limit);
    const left = move.groups.filter((group) => !sip.has(group));
    sips.push({ ...move, groups: [...sip].sort((a, b) => a - b) });
    if (left.length > 0) rest.push({ ...move, groups: left });
  }
  return { sips, rest };
}

/** The heaviest groups that are together within a limit: few that are often seen; or else the lightest one. */
function lightGroups(groups: readonly number[], loads: readonly number[], limit: number): Set<number> {
  const heaviestFirst = [...groups].sort((one, other) => loads[other] - loads[one] || one - other);
  const taken = new Set<number>();
  let sum = 0;
  for (const group of heaviestFirst) {
    if (sum + loads[group] > limit) continue;
    sum += loads[group];
    taken.add(group);
  }
  if (taken.size === 0) taken.add(heaviestFirst[heaviestFirst.length - 1]);
  return taken;
}

/** True if it pays: the operator is quick, and none of those who give has much to do before the others could go on. */
export function isWorthASip(givers: readonly Replica[], { epochMs }: Clock): boolean {
  return givers.every((giver) => {
    const vitals = vitalsOf(giver, epochMs);
    const tuples = tuplesOf(giver, vitals);
    const msPerTuple = tuples === 0 ? 0 : vitals.read().busyMs / tuples;
    return (
      msPerTuple <= QUICK_MS_PER_TUPLE_MAX &&
      (backlogWords(giver) / WORDS_PER_TUPLE_MIN) * msPerTuple <= CATCH_UP_MS_MAX
    );
  });
}

const vitalsOf = ({ descriptor }: Counting, epochMs: Clock['epochMs']): Vitals =>
  new Vitals(descriptor.vitals, epochMs);

/** What a replica has processed; of a source, what it has given. */
function tuplesOf({ descriptor }: Counting, vitals: Vitals): number {
  const { tuplesIn, tuplesOut } = vitals.read();
  return descriptor.inputs.length > 0 ? tuplesIn : tuplesOut;
}

/** Tells when replicas that have just joined are warm, by the tuples that they have processed since. */
export class Warmth {
  private readonly joined: readonly Counted[];
  private readonly givers: readonly Counted[];

  constructor(joined: readonly Counting[], givers: readonly Counting[], { epochMs }: Pick<Clock, 'epochMs'>) {
    const counted = (replica: Counting): Counted => {
      const vitals = vitalsOf(replica, epochMs);
      return { replica, vitals, from: tuplesOf(replica, vitals) };
    };
    this.joined = joined.map(counted);
    this.givers = givers.map(counted);
  }

  /** @param sinceMs time since this was made */
  isWarmAfter(sinceMs: number): boolean {
    if (sinceMs >= WARM_MS_MAX || this.joined.every((each) => tuplesSince(each) >= WARM_TUPLES)) return true;
    const tuples = [...this.joined, ...this.givers].reduce((sum, each) => sum + tuplesSince(each), 0);
    return sinceMs >= SLOW_LOOK_MS && tuples < SLOW_TUPLES_PER_MS * sinceMs;
  }
}

interface Counted {
  readonly replica: Counting;
  readonly vitals: Vitals;
  readonly from: number;
}

const tuplesSince = ({ replica, vitals, from }: Counted): number => tuplesOf(replica, vitals) - from;
