// The latest of what comes by and by, numbered, for readers who come at any time.
// Promises: bounded; each reader gets what is new to it, in order, and what was dropped meanwhile is left out.

export class History<Item> {
  readonly #keptMax: number;
  readonly #kept: Item[] = [];
  #dropped = 0;

  constructor(keptMax: number) {
    this.#keptMax = keptMax;
  }

  /** How many there were so far: where the next reader goes on. */
  get end(): number {
    return this.#dropped + this.#kept.length;
  }

  add(item: Item): void {
    this.#kept.push(item);
    if (this.#kept.length <= this.#keptMax) return;
    this.#kept.shift();
    this.#dropped++;
  }

  /** Those from a number on, as far as they are kept. */
  since(first: number): readonly Item[] {
    return this.#kept.slice(Math.max(0, first - this.#dropped));
  }
}
