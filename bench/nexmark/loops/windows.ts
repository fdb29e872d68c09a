// Tumbling windows: a state for each that has events, and the windows that are due, in order of time.

import { windowStart } from '../rules.ts';

export class Windows<State> {
  readonly #sizeMs: number;
  readonly #make: () => State;
  readonly #states = new Map<number, State>();
  #nextEnd = Number.POSITIVE_INFINITY;
  #lastStart = Number.NaN;
  #last: State | undefined;

  constructor(sizeMs: number, make: () => State) {
    this.#sizeMs = sizeMs;
    this.#make = make;
  }

  /** The state of the window that holds a time. */
  at(timeMs: number): State {
    const start = windowStart(timeMs, this.#sizeMs);
    if (start === this.#lastStart) return this.#last as State;
    let state = this.#states.get(start);
    if (state === undefined) {
      state = this.#make();
      this.#states.set(start, state);
      this.#nextEnd = Math.min(this.#nextEnd, start + this.#sizeMs);
    }
    this.#lastStart = start;
    this.#last = state;
    return state;
  }

  /** Calls `due` for each window that ends at a time or before it, and forgets the window. */
  fire(untilMs: number, due: (state: State, start: number) => void): void {
    if (untilMs < this.#nextEnd) return;
    const starts = [...this.#states.keys()].sort((a, b) => a - b);
    this.#lastStart = Number.NaN;
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const start of starts) {
      if (start + this.#sizeMs > untilMs) {
        this.#nextEnd = start + this.#sizeMs;
        break;
      }
      due(this.#states.get(start) as State, start);
      this.#states.delete(start);
    }
  }
}
