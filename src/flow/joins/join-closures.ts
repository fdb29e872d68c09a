// What the closures of a join have in common: what they are called with, and what an operator is made of them.

import type { Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';
import type { TimerContext } from '../keyed-options.ts';
import type { Tuple } from './kept-fields.ts';

/** What the closures of the library's own operators get. */
export interface OwnContext extends TimerContext {
  /** What is emitted from now on has this time. */
  setTime(atMs: number): void;
  /** Of a timer: the time up to which timers are due. */
  readonly untilMs: number;
}

export type EmitTuple = (tuple: unknown) => void;

/** Makes the row of two tuples; of one, if the other side has none for it. */
export type JoinTuples = (left: Tuple | undefined, right: Tuple | undefined) => unknown;

type Closure = (...values: never[]) => void;

/** What an operator with two inputs is made of. */
export interface JoinClosures {
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  readonly left: Closure;
  readonly right: Closure;
  readonly onTimer: Closure;
}

/** Sets the timer of a key, unless it is due before. */
export function wakeBy({ timers }: Pick<OwnContext, 'timers'>, dueMs: number): void {
  const due = timers.due();
  if (due === undefined || dueMs < due) timers.at(dueMs);
}
