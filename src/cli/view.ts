// What shows a running job to whoever started it: live-view.ts on a terminal, stream-view.ts everywhere else.

import type { DeadLetter } from '../supervisor/job/job-api.ts';
import type { Sample } from './sample.ts';

/** How often things went wrong so far. */
export interface Tally {
  readonly crashes: number;
  readonly restarts: number;
  readonly escalations: number;
  readonly deadLetters: number;
}

export interface View {
  /** Milliseconds between two calls of progress(). */
  readonly everyMs: number;
  /** Takes tuples of an output. What it returns resolves when there is room for more. */
  tuples(output: string, batch: readonly unknown[]): Promise<void> | undefined;
  /** Takes a dead letter, for views that give out all. What it returns resolves when there is room for more. */
  letter(letter: DeadLetter): Promise<void> | undefined;
  progress(sample: Sample, tally: Tally): void;
  /** A line about something that happened. */
  log(text: string): void;
  /** A line that the user has to see. */
  note(text: string): void;
  /** Called once after the last tuple, with the means of the whole run, or with undefined if the job has failed. */
  close(summary: Sample | undefined, tally: Tally): void;
}

/** The part of a stream that a view writes to: process.stdout, or a test's own. */
export interface Sheet {
  write(text: string): boolean;
  on(event: 'drain' | 'error', listener: () => void): unknown;
  readonly columns?: number;
  readonly rows?: number;
}
