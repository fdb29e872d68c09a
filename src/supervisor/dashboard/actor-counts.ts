// How many spawned actors the system of a job has: asked now and then, while somebody looks.
// Promises: at most one question is open; a system that has stopped leaves the page without counts, and nothing else.

import type { SystemHandle } from '../../flow/bridge.ts';

/** Counts of a system's actors. */
export interface ActorCounts {
  readonly actors: number;
  readonly resting: number;
  readonly failures: number;
  readonly deadLetters: number;
  readonly asks: number;
}

const EVERY_MS = 2000;

interface Counting {
  metrics(): Promise<ActorCounts>;
}

const counts = (system: unknown): system is Counting =>
  typeof (system as Partial<Counting> | undefined)?.metrics === 'function';

export class ActorCounter {
  readonly #system: Counting | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #latest: ActorCounts | undefined;

  constructor(system: SystemHandle | undefined) {
    this.#system = counts(system) ? system : undefined;
  }

  /** The latest counts; they are asked for anew if they are old. */
  latest(nowMs: number): ActorCounts | undefined {
    if (this.#system !== undefined && !this.#isAsking && nowMs - this.#askedAtMs >= EVERY_MS) void this.#ask(nowMs);
    return this.#latest;
  }

  async #ask(nowMs: number): Promise<void> {
    this.#isAsking = true;
    this.#askedAtMs = nowMs;
    try {
      const { actors, resting, failures, deadLetters, asks } = await (this.#system as Counting).metrics();
      this.#latest = { actors, resting, failures, deadLetters, asks };
    } catch {
      this.#latest = undefined;
    } finally {
      this.#isAsking = false;
    }
  }
}
