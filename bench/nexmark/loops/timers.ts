// Times at which something is due, the earliest first; of equal times that with the least tie. A binary heap in three arrays.

export class Timers<Item> {
  readonly #times: number[] = [];
  readonly #ties: number[] = [];
  readonly #items: Item[] = [];

  set(timeMs: number, item: Item, tie = 0): void {
    let at = this.#times.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(timeMs, tie, above)) break;
      this.#put(at, this.#times[above], this.#ties[above], this.#items[above]);
      at = above;
    }
    this.#put(at, timeMs, tie, item);
  }

  /** Calls `due` for all up to a time, and for those that are set meanwhile. */
  fire(untilMs: number, due: (item: Item, timeMs: number) => void): void {
    while (this.#times.length > 0 && this.#times[0] <= untilMs) {
      const timeMs = this.#times[0];
      const item = this.#items[0];
      this.#takeFirst();
      due(item, timeMs);
    }
  }

  #takeFirst(): void {
    const timeMs = this.#times.pop() as number;
    const tie = this.#ties.pop() as number;
    const item = this.#items.pop() as Item;
    const size = this.#times.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      if (below + 1 < size && this.#isBefore(this.#times[below + 1], this.#ties[below + 1], below)) below++;
      if (this.#isBefore(timeMs, tie, below)) break;
      this.#put(at, this.#times[below], this.#ties[below], this.#items[below]);
      at = below;
    }
    this.#put(at, timeMs, tie, item);
  }

  #isBefore(timeMs: number, tie: number, at: number): boolean {
    const other = this.#times[at];
    return timeMs < other || (timeMs === other && tie < this.#ties[at]);
  }

  #put(at: number, timeMs: number, tie: number, item: Item): void {
    this.#times[at] = timeMs;
    this.#ties[at] = tie;
    this.#items[at] = item;
  }
}
