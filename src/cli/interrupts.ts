// Ctrl-C: the first stops the job's sources and lets everything that was accepted be processed, the second cancels it.
// Promises: a signal that comes twice at once counts as one: npx sends on to its child what the terminal has sent there already.

import type { Job } from '../supervisor/job/job-api.ts';

const SAME_SIGNAL_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupts {
  readonly cancelled: boolean;
  /** Gives the signals back. */
  end(): void;
}

export function onInterrupts(job: Job, note: (text: string) => void): Interrupts {
  let firstMs: number | undefined;
  let cancelled = false;
  const interrupt = (): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      note('stopping: what the sources have emitted is still processed; press Ctrl-C again to cancel');
      // How the job ends is told by job.done.
      job.stop().catch(() => {});
    } else if (nowMs - firstMs > SAME_SIGNAL_MS && !cancelled) {
      cancelled = true;
      void job.cancel();
    }
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  return {
    get cancelled() {
      return cancelled;
    },
    end() {
      for (const signal of SIGNALS) process.off(signal, interrupt);
    },
  };
}
