// What an actor is at: a state machine whose state is what its last commit says, so that an actor which is made again anywhere is in
// the state in which it was left.
// Promises: one of the states below holds after every commit, and each commit takes one of the transitions below, or none.
// docs/architecture.md draws them.

import { errors } from '../errors.ts';
import type { CommitRecord } from '../state/transaction/commit-record.ts';
import { hasEnded, isEnding } from '../state/transaction/sweep.ts';

/**
 * dormant: owns no key groups, and takes no part in the stream. replaying: restored state is brought up to date. reading: rows of
 * its inputs, or tuples of its source, become output. sweeping: the closures of every key run, as the inputs have ended. draining:
 * all is done, and the last output waits for room. done: nothing is left.
 */
export type ActorState = 'dormant' | 'replaying' | 'reading' | 'sweeping' | 'draining' | 'done';

/** The states that a commit may lead to. */
export const TRANSITIONS: Readonly<Record<ActorState, readonly ActorState[]>> = {
  dormant: ['reading'],
  replaying: ['reading', 'sweeping'],
  reading: ['sweeping', 'draining', 'done', 'dormant', 'replaying'],
  sweeping: ['draining', 'done', 'replaying'],
  draining: ['done'],
  done: [],
};

/** @throws MillraceError INVARIANT if no commit leads from one state to the other */
export function requireTransition(operator: string, from: ActorState, to: ActorState): void {
  if (!TRANSITIONS[from].includes(to))
    throw errors.invariant(`an actor of '${operator}' does not go from ${from} to ${to}`);
}

/** The state that a commit leads to. */
export function stateOf({ progress, cursors }: CommitRecord): ActorState {
  if (cursors.isDormant) return 'dormant';
  if (cursors.replaying) return 'replaying';
  if (!isEnding(progress.sweep)) return 'reading';
  if (!hasEnded(progress.sweep)) return 'sweeping';
  return [...cursors.outputs, cursors.letters].some(isSpilled) ? 'draining' : 'done';
}

const isSpilled = ({ outboxStart, outboxEnd }: CommitRecord['cursors']['letters']): boolean =>
  outboxStart !== outboxEnd;
