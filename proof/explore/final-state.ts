// The keyed state that an actor leaves behind, read from shared memory as the library reads it.
// Promises: reads only; whatever memory holds, it says what is wrong with it.

import { type Stage, stageName } from '../../src/flow/plan.ts';
import { stateLayout } from '../../src/flow/state-layout.ts';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import { checkState } from '../../src/state/images/integrity.ts';
import { type KeyedState, keyedState } from '../../src/state/rows/keyed-state.ts';
import { type StateEntry, type StateReader, stateReader } from '../../src/state/rows/state-reader.ts';
import { Transaction, type TransactionMemory } from '../../src/state/transaction/transaction.ts';

const ALL_GROUPS = Array.from({ length: KEY_GROUPS }, (_, group) => group);

/** The state of one operator; the code that reads it is generated once, and used on the memory of many jobs. */
export class FinalState {
  private readonly transaction: Transaction;
  private readonly state: KeyedState;
  private readonly reader: StateReader;

  constructor(stage: Stage, memory: TransactionMemory) {
    const name = stageName(stage);
    this.transaction = new Transaction(name, memory);
    this.state = keyedState(name, stateLayout(stage), this.transaction);
    this.reader = stateReader(name, this.state.table, this.transaction);
  }

  /** Looks at the same operator in another job. */
  turnTo(memory: TransactionMemory): void {
    Object.assign(this.transaction, new Transaction('', memory));
  }

  rows(groups: readonly number[] = ALL_GROUPS): StateEntry[] {
    return groups.flatMap((group) => this.reader.entries(group));
  }

  /** What is wrong with the image, looking at every row. */
  damage(groups: readonly number[] = ALL_GROUPS): string | undefined {
    return checkState(this.state, groups, 'rows');
  }
}
