// What shows a running job to whoever started it: live-view.ts on a terminal, stream-view.ts everywhere else.

import type { JobMetrics } from '../supervisor/job-api.ts';

export interface View {
  /** Milliseconds between two calls of progress(). */
  readonly everyMs: number;
  /** Takes tuples of an output. What it returns resolves when there is room for more. */
  tuples(output: string, batch: readonly unknown[]): Promise<void> | undefined;
  progress(metrics: JobMetrics): void;
  /** A line that the user has to see. */
  note(text: string): void;
  /** Called once after the last tuple, with the means of the whole run, or with undefined if the job has failed. */
  close(summary: JobMetrics | undefined): void;
}

/** The part of a stream that a view writes to: process.stdout, or a test's own. */
export interface Sheet {
  write(text: string): boolean;
  on(event: 'drain' | 'error', listener: () => void): unknown;
  readonly columns?: number;
  readonly rows?: number;
}
