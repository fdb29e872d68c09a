// What a worker tells the app of tuples with the context of a sampled trace: it has no exporter of its own.
// Promises: so much in a second at most, and what is more is counted; what is told comes before the end of the actor that did it.
// What a thread had not told when it died is lost.

import type { TraceParent } from '../flow/traces/trace-parent.ts';
import type { TraceRecorder } from '../flow/traces/traced-graph.ts';

/** How long a closure took for a tuple. */
export interface TracedTuple extends TraceParent {
  readonly operator: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Why it failed. */
  readonly problem: string | undefined;
}

/** What is told at once. */
export interface TraceReport {
  readonly tuples: readonly TracedTuple[];
  /** How many fields had what is no context, by operators. */
  readonly bad: ReadonlyMap<string, number>;
  /** Tuples that were too many to be told of, by operators. */
  readonly dropped: ReadonlyMap<string, number>;
}

const PER_SECOND_MAX = 1000;
const AT_ONCE_MAX = 256;
const EVERY_MS = 200;
const MESSAGE_CHARACTERS_MAX = 2000;

interface Report {
  tuples: TracedTuple[];
  bad: Map<string, number>;
  dropped: Map<string, number>;
}

const messageOf = (error: unknown): string => {
  try {
    return String(error instanceof Error ? error.message : error).slice(0, MESSAGE_CHARACTERS_MAX);
  } catch {
    return '(cannot be shown)';
  }
};

const empty = (): Report => ({ tuples: [], bad: new Map(), dropped: new Map() });

const count = (counts: Map<string, number>, operator: string): void => {
  counts.set(operator, (counts.get(operator) ?? 0) + 1);
};

export class TupleTraces implements TraceRecorder {
  readonly #report: (report: TraceReport) => void;
  #open = empty();
  #timer: NodeJS.Timeout | undefined;
  #second = 0;
  #inSecond = 0;

  constructor(report: (report: TraceReport) => void) {
    this.#report = report;
  }

  now(): number {
    return performance.timeOrigin + performance.now();
  }

  took(operator: string, { traceId, spanId, flags }: TraceParent, startedMs: number, error: unknown): void {
    const endedMs = this.now();
    const second = Math.floor(endedMs / 1000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    if (++this.#inSecond > PER_SECOND_MAX) count(this.#open.dropped, operator);
    else {
      const problem = error === undefined ? undefined : messageOf(error);
      this.#open.tuples.push({ operator, traceId, spanId, flags, startedMs, endedMs, problem });
    }
    if (this.#open.tuples.length >= AT_ONCE_MAX) this.flush();
    else this.#tellSoon();
  }

  bad(operator: string): void {
    count(this.#open.bad, operator);
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => this.flush(), EVERY_MS).unref();
  }

  /** Tells what has not been told. */
  flush(): void {
    if (this.#timer === undefined && this.#open.tuples.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const report = this.#open;
    this.#open = empty();
    this.#report(report);
  }
}
