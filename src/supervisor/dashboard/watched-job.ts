// What the page and the metrics need of a job: less than all that an app may do with it.

import type { DeadLetter, Job } from '../job/job-api.ts';

export interface WatchedJob
  extends Pick<
    Job,
    'name' | 'reading' | 'topology' | 'tree' | 'workers' | 'scale' | 'rebalance' | 'move' | 'killWorker'
  > {
  on(type: '*', listener: Parameters<Job['on']>[1], options?: { past?: boolean }): () => void;
  /** Tells of each dead letter, which stays unread for the app. */
  watchLetters(listener: (letter: DeadLetter) => void): void;
}
