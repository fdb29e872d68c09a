// The rows of a stage's keyed state.

import { type RowLayout, rowLayout } from '../state/rows/row-layout.ts';
import { type Stage, stageName } from './plan.ts';

/** The layout of the rows that the keys of a stage have, for a stage whose first operator has state. */
export function stateLayout(stage: Stage): RowLayout {
  const [{ state = {}, tables = {}, onTimer, onClock }] = stage.operators;
  const [{ schema, key = [] }] = stage.inputs;
  return rowLayout(
    stageName(stage),
    key.map((index) => schema.fields[index]),
    state,
    tables,
    { hasTimers: onTimer !== undefined, hasClock: onClock !== undefined },
  );
}
