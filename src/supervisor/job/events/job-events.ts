// The events of one job, on their way to whoever listens.
// Promises: a listener's fault is the app's own, and keeps neither another listener nor the job from going on.

import type { JobEvent } from '../job-api.ts';

/** Events that are kept for a listener to come: the latest. */
const UNHEARD_MAX = 1000;

function tell(listener: (event: JobEvent) => void, event: JobEvent): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class JobEvents {
  readonly #listeners = new Set<(event: JobEvent) => void>();
  /** Events that nobody has listened to yet: run() resolves after the first of them. */
  readonly #unheard: JobEvent[] = [];

  announce(event: JobEvent): void {
    // Dead letters wait in job.deadLetters.
    if (this.#listeners.size === 0 && event.type !== 'deadLetter') this.#unheard.push(event);
    if (this.#unheard.length > UNHEARD_MAX) this.#unheard.shift();
    for (const listener of this.#listeners) tell(listener, event);
  }

  on(listener: (event: JobEvent) => void): () => void {
    this.#listeners.add(listener);
    for (const event of this.#unheard.splice(0)) tell(listener, event);
    return () => this.#listeners.delete(listener);
  }
}
