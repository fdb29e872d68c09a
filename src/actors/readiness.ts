// Whether an actor has something to do, and what it waits for: its host asks before it steps an actor, and before it parks.
// Relies on: every change that can make the answer yes wakes the host (mailbox/wake.ts).

import type { Batch } from './batch.ts';
import type { HandOverPart } from './hand-over-part.ts';
import type { Feed } from './inputs/feed.ts';
import type { RowReader } from './inputs/row-reader.ts';

/** True while an output has no room for another batch. */
export const isBlocked = ({ letters, outputs }: Batch): boolean => letters.output.spilled || !outputs.hasRoom;

/** Tells the readers that the actor parks for room. Then {@link canStep} must be asked once more. */
export function announcePark({ ports, letters }: Batch): void {
  for (const { output } of ports) if (output.isWaiting || !output.hasRoomForBatch) output.announceWait();
  if (letters.output.spilled) letters.output.announceWait();
}

/** True while the actor has announced that it parks until there is more room than there is. */
export const waitsForRoom = ({ outputs }: Batch): boolean => outputs.all.some(({ waits }) => waits);

export function withdrawPark({ outputs }: Batch): void {
  for (const output of outputs.all) output.withdrawWait();
}

/** True while the actor has yet to come to where its last results are out, so that it can say where it stands. */
export const comesTo = ({ requests }: Batch, part: HandOverPart | undefined): boolean =>
  part?.isUnposted === true && requests?.hasEarly === true;

/**
 * True if a step would get somewhere now.
 * @param isDue true if the time has come that it wanted to be stepped at
 * @param isAlone true if it tries its tuples one by one
 */
export function canStep(
  batch: Batch,
  rows: RowReader,
  feed: Feed | undefined,
  part: HandOverPart | undefined,
  isDue: boolean,
  isAlone: boolean,
): boolean {
  const { ports, letters, inputs, alignment, actorState, lateEmit } = batch;
  if (lateEmit !== undefined) return true;
  if (isBlocked(batch)) {
    // An open transaction holds input and output back: a step commits it before it waits.
    if (batch.isOpen || isDue || part?.canPostFull === true) return true;
    if (letters.output.spilled && !letters.output.isDrained()) return false;
    return ports.every(({ output }) => output.hasRoomForBatch || output.isDrained());
  }
  const { isOverflowing } = batch.outputs;
  if (isOverflowing && ports.some(({ output }) => output.isWaiting && output.isDrained())) return true;
  const stance = part?.stance() ?? 'free';
  if (stance === 'wait') return batch.isOpen;
  const limit = stance === 'free' ? undefined : part?.limit;
  if (stance === 'act' && limit === undefined && !comesTo(batch, part)) return true;
  // What is to be read again is there; that all has been read, or written, is yet to be committed.
  if (isDue || actorState === 'replaying' || actorState === 'draining' || actorState === 'done') return true;
  if (feed !== undefined) return feed.canRead();
  // Up to the cut of a hand-over all is read: the other one waits there.
  if (batch.requests !== undefined) {
    return rows.isOver || batch.requests.canStep(limit, isAlone || stance !== 'free');
  }
  const isHeldBack = isOverflowing && stance === 'free';
  return rows.isOver || inputs.some((input) => !(isHeldBack && input.isHeldBack) && alignment.hasInput(input.reader));
}
