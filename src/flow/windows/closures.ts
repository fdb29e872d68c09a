// What an operator of windows is made of: closures as those of a keyed operator, and where they keep what they know of a key.

import type { Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';

type Closure = (...values: never[]) => void;

export interface WindowClosures {
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  /** For a tuple, and for a combined row. */
  readonly add: Closure;
  readonly merge: Closure;
  /** For the time at which a window may end; none if windows end by what comes. */
  readonly onTimer: Closure | undefined;
}
