// How far a job has come, looked at from the app's thread: for jobs whose sinks see results only, and not tuples.
// Both sides of a comparison leave out a warm share: here what an operator had committed when it was seen to be past it.

import type { Job } from '../src/index.ts';

const LOOK_EVERY_MS = 5;

export class Laps {
  readonly #operator: string;
  readonly #job: Pick<Job, 'reading'>;
  readonly #timer: NodeJS.Timeout;
  #warm: { tuples: number; atMs: number } | undefined;

  /**
   * @param operator whose emitted tuples count
   * @param warm tuples that are not timed
   */
  constructor(job: Pick<Job, 'reading'>, operator: string, warm: number) {
    this.#job = job;
    this.#operator = operator;
    this.#timer = setInterval(() => this.#look(warm), LOOK_EVERY_MS);
  }

  #look(warm: number): void {
    const tuples = this.#job.reading().operators.find(({ name }) => name === this.#operator)?.tuplesOut ?? 0;
    if (this.#warm === undefined && tuples >= warm) this.#warm = { tuples, atMs: performance.now() };
  }

  /** The first result is there: all `count` tuples have been taken in. Returns tuples per second. */
  end(count: number): number {
    const endMs = performance.now();
    clearInterval(this.#timer);
    if (this.#warm === undefined)
      throw new Error('the job has ended before its warm share was seen: let it take longer');
    return ((count - this.#warm.tuples) * 1000) / (endMs - this.#warm.atMs);
  }
}
