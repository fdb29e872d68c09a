// How a job ends: done, failed or cancelled, and who has heard of it.
// Promises: one outcome, whatever comes later; `done` settles when everything of the job is gone. A failure that nobody hears of
// ends no process.

import type { Occurrence } from './events/job-event.ts';
import { HeardPromise } from './notices/heard-promise.ts';

export type JobOutcome = Extract<Occurrence, { type: 'ended' }>['outcome'];

export class Settlement {
  readonly done: HeardPromise<void>;
  /** Settles as `done` does. What the job itself waits for is no sign that the app hears of a failure. */
  readonly settled: Promise<void>;
  #outcome: JobOutcome | undefined;
  #isStopping = false;
  #isFailureTold = false;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever awaits done or reads an output hears of a failure; nobody's silence may end the process.
    this.settled.catch(() => {});
    this.done = HeardPromise.of(this.settled);
  }

  /** True once the job has ended, or is about to. */
  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  /** True once the job's sources have been told to end. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** True once the app has been told of a failure, or will be. */
  get isHeard(): boolean {
    return this.#isFailureTold || this.done.isHeard;
  }

  /** Resolves when no thread of the job is left, whatever the outcome. */
  get gone(): Promise<void> {
    return this.settled.catch(() => {});
  }

  /** The app is told of a failure by something else than `done`. */
  failureIsTold(): void {
    this.#isFailureTold = true;
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** Decides the outcome. Returns false if that has been decided before. */
  decide(outcome: JobOutcome): boolean {
    if (this.#outcome !== undefined) return false;
    this.#outcome = outcome;
    return true;
  }

  /** Everything of the job is gone. */
  settle(error: unknown): void {
    forgetFrames(error);
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }

  /** As `done`, for a caller who hears of a failure by this. */
  told(): Promise<void> {
    this.failureIsTold();
    return this.settled.then();
  }
}

/**
 * Lets an error and its causes go of the objects in whose methods they were made: V8 keeps those until the text of the stack is
 * asked for, and whoever keeps `done` would keep the whole job.
 */
function forgetFrames(error: unknown): void {
  for (let each = error; each instanceof Error; each = each.cause) void each.stack;
}
