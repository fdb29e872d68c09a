// What an operator that joins two streams is made of.

import type { Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';
import type { Tuple } from '../timed/kept-fields.ts';

/** Makes the row of two tuples; of one, if the other side has none for it. */
export type JoinTuples = (left: Tuple | undefined, right: Tuple | undefined) => unknown;

type Closure = (...values: never[]) => void;

export interface JoinClosures {
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  readonly left: Closure;
  readonly right: Closure;
  readonly onTimer: Closure;
}
