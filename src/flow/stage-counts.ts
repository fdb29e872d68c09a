// What the actors of a stage count, and in which order: the commit's counts, and those in shared memory.
// Promises: tuples in and tuples out of the actor come first; then, for each operator of the chain but the first, the tuples that were
// handed to it; for each of these, those of them that it has failed at; for each output that nobody reads, the tuples that went there;
// and, if the stage has several outputs, the tuples of each.

import { destinationOf, type Stage } from './plan.ts';

/** Tuples in and tuples out. */
export const ACTOR_COUNTS = 2;

/** The outputs that are counted each by itself: of one the tuples are all that the actor writes. */
const countedOutputs = ({ outputs }: Stage): number => (outputs.length > 1 ? outputs.length : 0);

/** How many counts the actors of a stage keep. */
export const countsOf = (stage: Stage): number =>
  ACTOR_COUNTS + 2 * (stage.operators.length - 1) + stage.unread.length + countedOutputs(stage);

/** The counts of one actor. */
interface ActorCounts {
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** All others, in their order. */
  readonly inChain: readonly number[];
}

/** Tuples that one operator of a chain has taken in. Those that it has failed at are none. */
export function tuplesInto(stage: Stage, operator: number, { tuplesIn, inChain }: ActorCounts): number {
  if (operator === 0) return tuplesIn;
  return inChain[operator - 1] - inChain[stage.operators.length - 1 + operator - 1];
}

/** Tuples that one operator of a chain has put out, for each of its outputs. */
export function tuplesOutOf(stage: Stage, operator: number, { tuplesOut, inChain }: ActorCounts): number[] {
  const unreadAt = 2 * (stage.operators.length - 1);
  return stage.operators[operator].outputs.map((_, output) => {
    const destination = destinationOf(stage, { operator, output });
    if (destination.to === 'next') return inChain[operator];
    if (destination.to === 'nowhere') return inChain[unreadAt + destination.index];
    return stage.outputs.length === 1 ? tuplesOut : inChain[unreadAt + stage.unread.length + destination.index];
  });
}
