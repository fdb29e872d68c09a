// What stands at the end of every contender's stream, ours and theirs: adds up what it sees, and notes the time at the end
// of the warm share and at the last tuple. Throughput is that of the tuples in between, seen by the sink, so that starting
// threads, importing modules and compiling hot loops counts for nobody.
// A class and not closure variables: V8 keeps a changing double of a closure as a new heap number for each change.

/** How many tuples a run has, and how many of them are the warm share. */
export interface Order {
  readonly count: number;
  readonly warm: number;
}

/** What a sink hands back after its last tuple. */
export interface SinkReport {
  readonly seen: number;
  readonly sum: number;
  /** Time between the end of the warm share and the last tuple. */
  readonly elapsedMs: number;
}

export class Meter {
  readonly #count: number;
  readonly #warm: number;
  #seen = 0;
  #sum = 0.5;
  #startMs = 0.5;
  #endMs = 0.5;

  constructor({ count, warm }: Order) {
    if (!(warm >= 1 && count > warm)) throw new Error(`a run needs 1 <= warm < count, got ${warm} and ${count}`);
    this.#count = count;
    this.#warm = warm;
    this.#sum = 0;
  }

  /** Takes what one tuple amounts to; true when it was the last one. */
  add(amount: number): boolean {
    this.#sum += amount;
    this.#seen += 1;
    if (this.#seen === this.#warm) this.#startMs = performance.now();
    if (this.#seen !== this.#count) return false;
    this.#endMs = performance.now();
    return true;
  }

  report(): SinkReport {
    return { seen: this.#seen, sum: this.#sum, elapsedMs: this.#endMs - this.#startMs };
  }
}

/** Tuples per second in a report, after checking that it is the report of exactly these tuples. */
export function checkedRate(contender: string, report: SinkReport, { count, warm }: Order, sum: number): number {
  if (report.seen !== count || report.sum !== sum) {
    throw new Error(
      `${contender} lost or changed tuples: its sink saw ${report.seen} with checksum ${report.sum}, ` +
        `the source made ${count} with checksum ${sum}`,
    );
  }
  return ((count - warm) * 1000) / report.elapsedMs;
}
