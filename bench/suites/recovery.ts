// Suite `recovery`: how soon a crashed actor is back, what that depends on, and what it costs while nothing crashes.
// Every run is checked at its end: the state is that of each tuple exactly once.

import type { Experiment, Measurement } from '../harness.ts';
import { crashToCommit, stateSize } from './recovery-crashes.ts';
import { backupOverhead, transactionsOverhead } from './recovery-overhead.ts';
import { replay } from './recovery-replay.ts';

export function recovery(quick: boolean): (Experiment | Measurement)[] {
  return [
    crashToCommit(quick),
    stateSize(quick),
    ...transactionsOverhead(quick),
    ...backupOverhead(quick),
    ...replay(quick),
  ];
}
