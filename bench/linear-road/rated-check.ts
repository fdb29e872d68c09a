// Checks every answer of a rated run as it is given, and how late it is: the sinks of its flow.
// Promises: counts answers, wrong ones, doubled ones, and missed deadlines, by type, where the app's thread reads them. What was
// found of answers whose commit a crash has prevented is taken back, so each answer counts once.
// Relies on: one thread checks answers of one type. A thread is not ended between two plain stores (no call and no loop is
// between them); a batch has fewer answers than the journal has room for.

import type { SinkContext, SinkDefinition, SinkWriter } from '../../src/sinks.ts';
import { sharedNow } from '../clock.ts';
import {
  ANSWERS,
  type AnswerType,
  DOUBLED,
  latencyCell,
  missedCell,
  type ResultsMemory,
  typeCell,
  WRONG,
} from './rated-results.ts';
import { Pace, type RatedTraffic } from './rated-source.ts';
import { ENTRY_CELLS, entrySlot, type RatedTrace, REQUEST_CELLS } from './rated-trace.ts';
import { type Balance, type Expenditure, type Passage, PassageKind } from './records.ts';

const DEADLINE_SECONDS: Readonly<Record<AnswerType, number>> = { toll: 5, accident: 5, balance: 5, expenditure: 10 };

const JOURNAL_ENTRIES = 1 << 18;
/** Of an answer: its bit among those seen, -1 for none; the cell of its latency, 0 for none; its type's cell; what it was found. */
const ENTRY_WORDS = 4;
const IS_WRONG = 1;
const IS_DOUBLED = 2;
const IS_MISSED = 4;

/** Where checks are kept: the results, and what they need for them. */
export interface CheckMemory {
  readonly results: ResultsMemory;
  /** A bit for each expected entry, and for each request, of each expressway. */
  readonly seen: SharedArrayBuffer;
  /** Of each sink: how many answers it has counted, and the latest of them. */
  readonly journals: Readonly<Record<'tolls' | 'balances' | 'expenditures', SharedArrayBuffer>>;
}

/** The entries of a trace come first, then its requests. */
const seenPerExpressway = ({ entries, queries }: RatedTrace): number =>
  entries.byteLength / (4 * ENTRY_CELLS) + queries;

export function allocateChecks(trace: RatedTrace, expressways: number, results: ResultsMemory): CheckMemory {
  const journal = (): SharedArrayBuffer => new SharedArrayBuffer(8 + JOURNAL_ENTRIES * ENTRY_WORDS * 4);
  return {
    results,
    seen: new SharedArrayBuffer(Math.ceil((seenPerExpressway(trace) * expressways) / 8)),
    journals: { tolls: journal(), balances: journal(), expenditures: journal() },
  };
}

/** What all sinks of a flow check by. */
export class Checker {
  readonly #trace: RatedTrace;
  readonly #paceFrom: number;
  readonly #pace: Pace;
  readonly #memory: CheckMemory;
  readonly #entries: Int32Array;
  readonly #table: Int32Array;
  readonly #requests: Int32Array;
  readonly #perExpressway: number;

  constructor(traffic: RatedTraffic, memory: CheckMemory) {
    const { trace, paceFrom } = traffic;
    this.#trace = trace;
    this.#paceFrom = paceFrom;
    this.#memory = memory;
    this.#pace = new Pace(traffic);
    this.#entries = new Int32Array(trace.entries);
    this.#table = new Int32Array(trace.entryTable);
    this.#requests = new Int32Array(trace.requests);
    this.#perExpressway = seenPerExpressway(trace);
  }

  tolls(): SinkDefinition<Passage> {
    return this.#sink('tolls', (passage, count) => this.#passage(passage, count));
  }

  balances(): SinkDefinition<Balance> {
    return this.#sink('balances', ({ query, time, balance }, count) => {
      this.#answer('balance', query, time, balance, count);
    });
  }

  expenditures(): SinkDefinition<Expenditure> {
    return this.#sink('expenditures', ({ query, time, toll }, count) => {
      this.#answer('expenditure', query, time, toll, count);
    });
  }

  #sink<Tuple>(
    name: keyof CheckMemory['journals'],
    check: (tuple: Tuple, found: Found) => void,
  ): SinkDefinition<Tuple> {
    return {
      open: (context): SinkWriter<Tuple> => {
        const found = new Found(this.#memory, name, this.#pace, this.#paceFrom, context);
        return {
          write: (tuple) => check(tuple, found),
          flush: () => found.count,
          rollback: (position) => found.takeBack(position),
          close: () => {},
        };
      },
    };
  }

  #passage({ kind, vid, time, lav, toll, accident }: Passage, found: Found): void {
    if (kind !== PassageKind.entry) return;
    const { vehicles } = this.#trace;
    const expressway = Math.floor(vid / vehicles);
    const index = this.#findEntry(vid - expressway * vehicles, time);
    const entries = this.#entries;
    const at = index * ENTRY_CELLS;
    const isTollRight = index >= 0 && entries[at + 2] === lav && entries[at + 3] === toll;
    const isAccidentRight = index >= 0 && entries[at + 4] === accident;
    const bit = index < 0 ? -1 : expressway * this.#perExpressway + index;
    const line = index < 0 ? -1 : entries[at + 5];
    const isDoubled = found.isSeen(bit);
    found.take('toll', bit, isTollRight && isAccidentRight, isDoubled, time, line, expressway);
    if (accident >= 0) found.take('accident', -1, isAccidentRight, isDoubled, time, line, expressway);
  }

  #answer(type: AnswerType, query: number, time: number, value: number, found: Found): void {
    const { queries, entries } = this.#trace;
    const expressway = Math.floor(query / queries);
    const own = query - expressway * queries;
    const at = own * REQUEST_CELLS;
    const requests = this.#requests;
    let isRight = false;
    for (let i = 0; i < requests[at + 1]; i++) if (requests[at + 2 + i] === value) isRight = true;
    const bit = expressway * this.#perExpressway + entries.byteLength / (4 * ENTRY_CELLS) + own;
    found.take(type, bit, isRight, found.isSeen(bit), time, requests[at], expressway);
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
}

/** What one sink found, with a journal that it can be taken back by. */
class Found {
  readonly #results: ResultsMemory;
  readonly #cells: Int32Array;
  readonly #seen: Uint8Array;
  /** How many answers are counted in `#cells`; its word is stored before they are. */
  readonly #counted: Float64Array;
  readonly #journal: Int32Array;
  readonly #pace: Pace;
  readonly #paceFrom: number;
  readonly #typeCells: Readonly<Record<AnswerType, number>>;

  constructor(
    { results, seen, journals }: CheckMemory,
    name: keyof CheckMemory['journals'],
    pace: Pace,
    paceFrom: number,
    { position }: SinkContext,
  ) {
    this.#results = results;
    this.#cells = new Int32Array(results.cells);
    this.#seen = new Uint8Array(seen);
    this.#counted = new Float64Array(journals[name], 0, 1);
    this.#journal = new Int32Array(journals[name], 8);
    this.#pace = pace;
    this.#paceFrom = paceFrom;
    const [toll, accident] = [typeCell(results, 'toll'), typeCell(results, 'accident')];
    const [balance, expenditure] = [typeCell(results, 'balance'), typeCell(results, 'expenditure')];
    this.#typeCells = { toll, accident, balance, expenditure };
    this.takeBack(position);
  }

  get count(): number {
    return this.#counted[0];
  }

  isSeen(bit: number): boolean {
    return bit >= 0 && (this.#seen[bit >>> 3] & (1 << (bit & 7))) !== 0;
  }

  take(
    type: AnswerType,
    bit: number,
    isRight: boolean,
    isDoubled: boolean,
    time: number,
    line: number,
    expressway: number,
  ): void {
    const cells = this.#cells;
    const typeAt = this.#typeCells[type];
    let flags = (isRight ? 0 : IS_WRONG) | (isDoubled ? IS_DOUBLED : 0);
    let missedAt = 0;
    let latencyAt = 0;
    if (line >= 0 && time >= this.#paceFrom) {
      const nowMs = sharedNow();
      const pace = this.#pace;
      missedAt = missedCell(this.#results, typeAt, time - this.#paceFrom);
      latencyAt = latencyCell(missedAt, nowMs - pace.dueMs(time, line, expressway));
      if (nowMs - pace.secondMs(time) > DEADLINE_SECONDS[type] * 1000) flags |= IS_MISSED;
    }
    const journal = this.#journal;
    const counted = this.#counted[0];
    const at = (counted & (JOURNAL_ENTRIES - 1)) * ENTRY_WORDS;
    journal[at] = isDoubled ? -1 : bit;
    journal[at + 1] = latencyAt;
    journal[at + 2] = (typeAt << 3) | flags;
    journal[at + 3] = missedAt;
    // From here on all of it is taken back, or nothing: plain stores, without a call between them.
    this.#counted[0] = counted + 1;
    if (bit >= 0) this.#seen[bit >>> 3] |= 1 << (bit & 7);
    cells[typeAt + ANSWERS] += 1;
    cells[typeAt + WRONG] += flags & IS_WRONG;
    cells[typeAt + DOUBLED] += (flags & IS_DOUBLED) >> 1;
    if (latencyAt === 0) return;
    cells[latencyAt] += 1;
    cells[missedAt] += flags >> 2;
  }

  /** Forgets the answers from a position on: they were not committed, and will come again. */
  takeBack(position: number): void {
    const [counted, journal, cells, seen] = [this.#counted, this.#journal, this.#cells, this.#seen];
    if (counted[0] - position > JOURNAL_ENTRIES) {
      throw new Error(`${counted[0] - position} answers were not committed, and the journal has ${JOURNAL_ENTRIES}`);
    }
    while (counted[0] > position) {
      const index = counted[0] - 1;
      const at = (index & (JOURNAL_ENTRIES - 1)) * ENTRY_WORDS;
      const [bit, latencyAt, typeAndFlags, missedAt] = [journal[at], journal[at + 1], journal[at + 2], journal[at + 3]];
      const typeAt = typeAndFlags >>> 3;
      if (bit >= 0) seen[bit >>> 3] &= ~(1 << (bit & 7));
      cells[typeAt + ANSWERS] -= 1;
      cells[typeAt + WRONG] -= typeAndFlags & IS_WRONG;
      cells[typeAt + DOUBLED] -= (typeAndFlags & IS_DOUBLED) >> 1;
      if (latencyAt !== 0) {
        cells[latencyAt] -= 1;
        cells[missedAt] -= (typeAndFlags & IS_MISSED) >> 2;
      }
      counted[0] = index;
    }
  }
}
