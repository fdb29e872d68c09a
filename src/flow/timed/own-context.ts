// What the closures of the library's own keyed operators are called with, beyond what those of apps get.

import type { TimerContext } from '../keyed-options.ts';

export interface OwnContext extends TimerContext {
  /** What is emitted from now on has this time. */
  setTime(atMs: number): void;
  /** True if what the closure fails at is looked for: it is to do as little as it can at a time. */
  readonly isAlone: boolean;
  /** True if the closure has failed at what is next, which is a dead letter: it is to go on as if that were done. */
  readonly isLeftOut: boolean;
  /** How many timers the key in work has. */
  timersOfKey(): number;
  /** Counts a row that has expired. */
  expired(): void;
  /** Of a timer: the time up to which timers are due. */
  readonly untilMs: number;
}

export type EmitTuple = (tuple: unknown) => void;

/** Sets the timer of a key, unless it is due before. */
export function wakeBy({ timers }: Pick<OwnContext, 'timers'>, dueMs: number): void {
  const due = timers.due();
  if (due === undefined || dueMs < due) timers.at(dueMs);
}
