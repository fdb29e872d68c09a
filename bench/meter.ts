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

/** What one of several replicas saw, with times that threads share: milliseconds since the epoch. */
export interface ReplicaReport {
  readonly seen: number;
  readonly timed: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

const epochMs = (): number => performance.timeOrigin + performance.now();

/** The same for one of several replicas that share a stream: none of them knows which tuple is the last. */
export class ReplicaMeter {
  readonly #warm: number;
  #seen = 0;
  #startedAtMs = 0.5;
  #endedAtMs = 0.5;

  /** @param warm tuples of this replica that are not timed */
  constructor(warm: number) {
    this.#warm = warm;
    this.#endedAtMs = 0;
  }

  add(): void {
    this.#seen += 1;
    if (this.#seen === this.#warm) this.#startedAtMs = epochMs();
  }

  /** The stream has ended. Only the first call counts. */
  end(): void {
    if (this.#endedAtMs === 0) this.#endedAtMs = epochMs();
  }

  report(): ReplicaReport {
    const timed = this.#seen - this.#warm;
    return { seen: this.#seen, timed, startedAtMs: this.#startedAtMs, endedAtMs: this.#endedAtMs };
  }
}

/** The span in which replicas worked together, for `timed` tuples between them: from the first start to the last end. */
export function combined(reports: readonly ReplicaReport[]): { timed: number; elapsedMs: number } {
  const started = Math.min(...reports.map((report) => report.startedAtMs));
  const ended = Math.max(...reports.map((report) => report.endedAtMs));
  return { timed: reports.reduce((sum, report) => sum + report.timed, 0), elapsedMs: ended - started };
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
