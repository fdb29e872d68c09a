// What an operator is made of that lets some of the tuples of each key pass.

import type { Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';

type Closure = (...values: never[]) => void;

export interface ThinningClosures {
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  readonly take: Closure;
  readonly onTimer: Closure;
}
