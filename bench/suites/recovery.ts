// Suite `recovery`: how soon a crashed actor is back, what that depends on, and what it costs while nothing crashes.
// Every run is checked at its end: the state is that of each tuple exactly once.

import type { Effort } from '../effort.ts';
import type { Experiment, Measurement } from '../harness.ts';
import { recoveryOfActors } from './recovery-actors.ts';
import { combiningCrash } from './recovery-combined.ts';
import { crashToCommit, stateSize } from './recovery-crashes.ts';
import { backupOverhead, transactionsOverhead } from './recovery-overhead.ts';
import { replay } from './recovery-replay.ts';
import { windowedRecovery } from './recovery-windows.ts';

export function recovery(effort: Effort): (Experiment | Measurement)[] {
  return [
    crashToCommit(effort),
    stateSize(effort),
    recoveryOfActors(effort),
    combiningCrash(effort),
    ...transactionsOverhead(effort),
    ...backupOverhead(effort),
    ...replay(effort),
    ...windowedRecovery(effort),
  ];
}
