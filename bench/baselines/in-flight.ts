// A bound on calls that have not been answered yet: how the baselines that call, comlink and piscina, hold back.

export class InFlight {
  readonly #limit: number;
  readonly #calls: Promise<unknown>[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a call; waits for the oldest one when there are too many. Answers come in order. */
  async add(call: Promise<unknown>): Promise<void> {
    this.#calls.push(call);
    if (this.#calls.length >= this.#limit) await this.#calls.shift();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#calls.splice(0));
  }
}
