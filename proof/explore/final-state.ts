// The keyed state that an actor leaves behind, read from shared memory as the library reads it.
// Promises: reads only; whatever memory holds, it says what is wrong with it.

import type { ActorDescriptor } from '../../src/actors/actor-descriptor.ts';
import { type Stage, stageName } from '../../src/flow/plan.ts';
import { stateLayout } from '../../src/flow/state-layout.ts';
import { checkState } from '../../src/state/images/integrity.ts';
import { keyedState } from '../../src/state/rows/keyed-state.ts';
import { type StateEntry, stateReader } from '../../src/state/rows/state-reader.ts';
import { Transaction } from '../../src/state/transaction/transaction.ts';

const KEY_GROUPS = Array.from({ length: 256 }, (_, group) => group);

export interface FinalState {
  /** What is wrong with the image, looking at every row. */
  damage(): string | undefined;
  rows(): StateEntry[];
}

export function finalStateOf(stage: Stage, { transaction: memory }: ActorDescriptor): FinalState {
  const name = stageName(stage);
  if (memory === undefined) throw new Error(`'${name}' has no state`);
  const transaction = new Transaction(name, memory);
  const keyed = keyedState(name, stateLayout(stage), transaction);
  const reader = stateReader(name, keyed.table, transaction);
  return {
    damage: () => checkState(keyed, KEY_GROUPS, 'rows'),
    rows: () => KEY_GROUPS.flatMap((group) => reader.entries(group)),
  };
}
