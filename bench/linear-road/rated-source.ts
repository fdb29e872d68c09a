// The source of a rated run: the traffic of L expressways, first as fast as it is taken, then in real time.
// Promises: in real time a line is emitted at its second plus its share of that second, and never before.
// Relies on: all threads of the process have one clock (clock.ts).

import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../src/index.ts';
import { sharedNow } from '../clock.ts';
import { FIELDS, type RatedTrace } from './rated-trace.ts';
import { type Line, LineType, lineFields } from './records.ts';

export interface RatedTraffic {
  readonly trace: RatedTrace;
  readonly expressways: number;
  /** The second at which real time begins; the lines before it fill the state. */
  readonly paceFrom: number;
  /** f64: when real time began, on the shared clock; 0 before. */
  readonly startedMs: SharedArrayBuffer;
}

/** Between the last line that is not paced and the first one that is. */
const PAUSE_MS = 500;
const TICK_MS = 1;

/** When lines are due. */
export class Pace {
  readonly #seconds: Int32Array;
  readonly #startedMs: Float64Array;
  readonly #expressways: number;
  readonly #paceFrom: number;

  constructor({ trace, expressways, paceFrom, startedMs }: RatedTraffic) {
    this.#seconds = new Int32Array(trace.seconds);
    this.#startedMs = new Float64Array(startedMs);
    this.#expressways = expressways;
    this.#paceFrom = paceFrom;
  }

  /** Lines before real time begins, of all expressways. */
  get unpaced(): number {
    return this.#seconds[this.#paceFrom] * this.#expressways;
  }

  get isStarted(): boolean {
    return this.#startedMs[0] !== 0;
  }

  start(): void {
    this.#startedMs[0] = sharedNow() + PAUSE_MS;
  }

  /** The first line that is not due at a time on the shared clock. */
  dueUntil(nowMs: number): number {
    const elapsed = (nowMs - this.#startedMs[0]) / 1000;
    if (elapsed < 0) return this.unpaced;
    const seconds = this.#seconds;
    const second = Math.min(this.#paceFrom + Math.floor(elapsed), seconds.length - 1);
    const from = seconds[second];
    const lines = second + 1 < seconds.length ? seconds[second + 1] - from : 0;
    return (from + lines * (elapsed % 1)) * this.#expressways;
  }

  /** When a line of an expressway was due, on the shared clock. */
  dueMs(time: number, line: number, expressway: number): number {
    const from = this.#seconds[time];
    const share = (line - from + expressway / this.#expressways) / (this.#seconds[time + 1] - from);
    return this.secondMs(time) + share * 1000;
  }

  /** When a second began. */
  secondMs(time: number): number {
    return this.#startedMs[0] + (time - this.#paceFrom) * 1000;
  }
}

export const ratedLines = (traffic: RatedTraffic): SourceDefinition<typeof lineFields> => ({
  kind: 'reader',
  fields: lineFields,
  open: (context) => new RatedReader(traffic, context),
});

/** The lines, from a position on. */
export class RatedReader implements SourceReader<Line> {
  /** Counts lines of all expressways: those of one line of the trace are next to each other. */
  position: number;
  readonly #cells: Int32Array;
  readonly #pace: Pace;
  readonly #expressways: number;
  readonly #vehicles: number;
  readonly #queries: number;
  readonly #end: number;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(traffic: RatedTraffic, { position, wake }: SourceContext) {
    const { trace, expressways } = traffic;
    this.position = position;
    this.#cells = new Int32Array(trace.lines);
    this.#pace = new Pace(traffic);
    this.#expressways = expressways;
    this.#vehicles = trace.vehicles;
    this.#queries = trace.queries;
    this.#end = (this.#cells.length / FIELDS.length) * expressways;
    this.#wake = wake;
  }

  read(emit: (line: Line) => void, limit: number): SourceStatus {
    if (this.position >= this.#end) return 'end';
    const pace = this.#pace;
    let until = Math.min(this.#end, this.position + limit);
    if (this.position < pace.unpaced) until = Math.min(until, pace.unpaced);
    else {
      if (!pace.isStarted) pace.start();
      until = Math.min(until, pace.dueUntil(sharedNow()));
      if (until <= this.position) {
        this.#timer = setTimeout(this.#wake, TICK_MS);
        return 'wait';
      }
    }
    let line = Math.floor(this.position / this.#expressways);
    let expressway = this.position - line * this.#expressways;
    for (; this.position < until; this.position++) {
      emit(this.#lineOf(line * FIELDS.length, expressway));
      if (++expressway === this.#expressways) {
        expressway = 0;
        line++;
      }
    }
    return 'more';
  }

  #lineOf(at: number, expressway: number): Line {
    const cells = this.#cells;
    const type = cells[at];
    const query = cells[at + 9];
    return {
      type,
      time: cells[at + 1],
      vid: cells[at + 2] + expressway * this.#vehicles,
      speed: cells[at + 3],
      xway: cells[at + 4] + expressway,
      lane: cells[at + 5],
      direction: cells[at + 6],
      segment: cells[at + 7],
      position: cells[at + 8],
      query: type === LineType.balance || type === LineType.expenditure ? query + expressway * this.#queries : query,
      day: cells[at + 10],
    };
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
