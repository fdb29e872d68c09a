// Checks every answer of a rated run as it is given, and how late it is.
// Promises: counts answers, wrong ones, doubled ones, and missed deadlines, by type, where the app's thread reads them.
// Relies on: one thread checks answers of one type.

import { sharedNow } from '../clock.ts';
import { Pace, type RatedTraffic } from './rated-source.ts';
import { ENTRY_CELLS, entrySlot, REQUEST_CELLS } from './rated-trace.ts';
import { type Balance, type Expenditure, type Passage, PassageKind } from './records.ts';

export const ANSWER_TYPES = ['toll', 'accident', 'balance', 'expenditure'] as const;
export type AnswerType = (typeof ANSWER_TYPES)[number];
const DEADLINE_SECONDS: Readonly<Record<AnswerType, number>> = { toll: 5, accident: 5, balance: 5, expenditure: 10 };

const BUCKETS = 20_000;
const ANSWERS = 0;
const WRONG = 1;
const DOUBLED = 2;
const MISSED = 3;
const HISTOGRAM = 4;
const CELLS_PER_TYPE = HISTOGRAM + BUCKETS;

export interface RatedParams extends RatedTraffic {
  readonly parallelism: number;
  readonly shares: number;
  /** What {@link TypeResult} is read from. */
  readonly results: SharedArrayBuffer;
  /** A bit for each expected entry, and for each request, of each expressway. */
  readonly seen: SharedArrayBuffer;
}

export interface TypeResult {
  readonly answers: number;
  readonly wrong: number;
  readonly doubled: number;
  readonly missed: number;
  /** Of answers in real time. */
  readonly timed: number;
  /** Milliseconds from when the line was due, below which a share of the answers is; rounded up. */
  quantileMs(share: number): number;
}

export const allocateResults = (): SharedArrayBuffer => new SharedArrayBuffer(ANSWER_TYPES.length * CELLS_PER_TYPE * 4);

/** The entries of a trace come first, then its requests. */
const seenPerExpressway = ({ entries, queries }: RatedTraffic['trace']): number =>
  entries.byteLength / (4 * ENTRY_CELLS) + queries;

export const allocateSeen = (trace: RatedTraffic['trace'], expressways: number): SharedArrayBuffer =>
  new SharedArrayBuffer(Math.ceil((seenPerExpressway(trace) * expressways) / 8));

export function resultOf(results: SharedArrayBuffer, type: AnswerType): TypeResult {
  const cells = cellsOf(results, type);
  const histogram = cells.slice(HISTOGRAM);
  const timed = histogram.reduce((sum, count) => sum + count, 0);
  return {
    answers: cells[ANSWERS],
    wrong: cells[WRONG],
    doubled: cells[DOUBLED],
    missed: cells[MISSED],
    timed,
    quantileMs(share) {
      let left = Math.max(1, Math.ceil(timed * share));
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        left -= histogram[bucket];
        if (left <= 0) return bucket + 1;
      }
      return Number.NaN;
    },
  };
}

const cellsOf = (results: SharedArrayBuffer, type: AnswerType): Int32Array =>
  new Int32Array(results, ANSWER_TYPES.indexOf(type) * CELLS_PER_TYPE * 4, CELLS_PER_TYPE);

export class Checker {
  readonly #params: RatedParams;
  readonly #pace: Pace;
  readonly #entries: Int32Array;
  readonly #table: Int32Array;
  readonly #requests: Int32Array;
  readonly #seen: Uint8Array;
  readonly #perExpressway: number;
  readonly #cells: Readonly<Record<AnswerType, Int32Array>>;

  constructor(params: RatedParams) {
    const { trace, results, seen } = params;
    this.#params = params;
    this.#pace = new Pace(params);
    this.#entries = new Int32Array(trace.entries);
    this.#table = new Int32Array(trace.entryTable);
    this.#requests = new Int32Array(trace.requests);
    this.#seen = new Uint8Array(seen);
    this.#perExpressway = seenPerExpressway(trace);
    const [toll, accident, balance, expenditure] = ANSWER_TYPES.map((type) => cellsOf(results, type));
    this.#cells = { toll, accident, balance, expenditure };
  }

  passage({ kind, vid, time, lav, toll, accident }: Passage): void {
    if (kind !== PassageKind.entry) return;
    const { vehicles } = this.#params.trace;
    const expressway = Math.floor(vid / vehicles);
    const index = this.#findEntry(vid - expressway * vehicles, time);
    const entries = this.#entries;
    const at = index * ENTRY_CELLS;
    const isTollRight = index >= 0 && entries[at + 2] === lav && entries[at + 3] === toll;
    const isAccidentRight = index >= 0 && entries[at + 4] === accident;
    const isDoubled = index >= 0 && this.#see(expressway * this.#perExpressway + index);
    const line = index < 0 ? -1 : entries[at + 5];
    this.#count('toll', isTollRight && isAccidentRight, isDoubled, time, line, expressway);
    if (accident >= 0) this.#count('accident', isAccidentRight, isDoubled, time, line, expressway);
  }

  balance({ query, time, balance }: Balance): void {
    this.#answer('balance', query, time, balance);
  }

  expenditure({ query, time, toll }: Expenditure): void {
    this.#answer('expenditure', query, time, toll);
  }

  #answer(type: AnswerType, query: number, time: number, value: number): void {
    const { queries, entries } = this.#params.trace;
    const expressway = Math.floor(query / queries);
    const own = query - expressway * queries;
    const at = own * REQUEST_CELLS;
    const requests = this.#requests;
    let isRight = false;
    for (let i = 0; i < requests[at + 1]; i++) if (requests[at + 2 + i] === value) isRight = true;
    const isDoubled = this.#see(expressway * this.#perExpressway + entries.byteLength / (4 * ENTRY_CELLS) + own);
    this.#count(type, isRight, isDoubled, time, requests[at], expressway);
  }

  #findEntry(vid: number, time: number): number {
    const table = this.#table;
    const entries = this.#entries;
    const mask = table.length - 1;
    for (let slot = entrySlot(vid, time, mask); table[slot] !== 0; slot = (slot + 1) & mask) {
      const index = table[slot] - 1;
      if (entries[index * ENTRY_CELLS] === vid && entries[index * ENTRY_CELLS + 1] === time) return index;
    }
    return -1;
  }

  /** Marks an answer as given; true if it was before. */
  #see(bit: number): boolean {
    const seen = this.#seen;
    const at = Math.floor(bit / 8);
    const mask = 1 << (bit & 7);
    if ((seen[at] & mask) !== 0) return true;
    seen[at] |= mask;
    return false;
  }

  #count(type: AnswerType, isRight: boolean, isDoubled: boolean, time: number, line: number, expressway: number): void {
    const cells = this.#cells[type];
    cells[ANSWERS]++;
    if (!isRight) cells[WRONG]++;
    if (isDoubled) cells[DOUBLED]++;
    if (line < 0 || time < this.#params.paceFrom) return;
    const nowMs = sharedNow();
    if (nowMs - this.#pace.secondMs(time) > DEADLINE_SECONDS[type] * 1000) cells[MISSED]++;
    const latencyMs = nowMs - this.#pace.dueMs(time, line, expressway);
    cells[HISTOGRAM + Math.min(BUCKETS - 1, Math.max(0, Math.floor(latencyMs)))]++;
  }
}
