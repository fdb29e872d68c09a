// What the page and the metrics need of a job: less than all that an app may do with it.

import type { StateEntry, StateRow } from '../../state/rows/state-reader.ts';
import type { DeadLetter, Job } from '../job/job-api.ts';

export interface WatchedJob
  extends Pick<
    Job,
    'name' | 'reading' | 'topology' | 'tree' | 'workers' | 'scale' | 'rebalance' | 'move' | 'killWorker' | 'profile'
  > {
  on(type: '*', listener: Parameters<Job['on']>[1], options?: { past?: boolean }): () => void;
  /** True of an operator with keyed state. */
  hasState(operator: string): boolean;
  /** All rows of a key group of an operator with state. */
  stateOfGroup(operator: string, group: number): Promise<readonly StateEntry[]>;
  /** The row of a key; undefined if there is none. */
  stateOfKey(operator: string, key: readonly unknown[]): Promise<StateRow | undefined>;
  /** Tells of each dead letter, which stays unread for the app. */
  watchLetters(listener: (letter: DeadLetter) => void): void;
}
