// A worker of a job: a thread that hosts replicas, or waits as a warm spare.

import type { HiredWorker } from '../../workers/pool.ts';

/**
 * `starting` until it has loaded the flow, `spare` while it is warm and waits for a crash, `active` while it hosts replicas or is
 * to, `lost` once its thread is gone or going.
 */
export type WorkerState = 'starting' | 'spare' | 'active' | 'lost';

export interface JobWorker {
  readonly host: number;
  readonly hired: HiredWorker;
  state: WorkerState;
  isLoaded: boolean;
  /** True if it has hosted replicas, and was given back: its death as a spare says nothing about loading the flow. */
  hasServed: boolean;
  /** -1 until it is known. */
  threadId: number;
  /** Why it was terminated, if it was on purpose. */
  terminatedFor: Error | undefined;
}
