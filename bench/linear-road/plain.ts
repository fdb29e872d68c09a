// The same query without Millrace, as one loop over Maps: what a user would write first. No safety, no second thread.
// Promises: the same rules (the operators' own functions), on plain objects; each line is cut by split(','), each file is
// read and written as a whole.
// Relies on: MapTable has what the operators use of a StateTable.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onAccount, onExpenditure } from './accounts.ts';
import { historyLine } from './input.ts';
import {
  ANSWER_FILES,
  accidentLine,
  type Balance,
  balanceLine,
  type Expenditure,
  expenditureLine,
  LineType,
  lineOf,
  type Passage,
  PassageKind,
  type RoadRecord,
  tollLine,
} from './records.ts';
import { onRoad, passRequests, type RoadOptions } from './roads.ts';
import { route } from './route.ts';

type Row = Record<string, number | boolean>;

/** A table of rows under one key, as a Map. */
class MapTable {
  readonly #rows = new Map<number | string, Row>();
  readonly #make: (...key: number[]) => Row;

  constructor(make: (...key: number[]) => Row) {
    this.#make = make;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(first: number, second?: number): Row | undefined {
    return this.#rows.get(second === undefined ? first : `${first},${second}`);
  }

  upsert(first: number, second?: number): Row {
    const key = second === undefined ? first : `${first},${second}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = second === undefined ? this.#make(first) : this.#make(first, second);
      this.#rows.set(key, row);
    }
    return row;
  }

  delete(first: number, second?: number): boolean {
    return this.#rows.delete(second === undefined ? first : `${first},${second}`);
  }

  clear(): void {
    this.#rows.clear();
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.#rows.values();
  }

  /** A Map cannot be taken in parts: the first one has all rows. */
  slice(part: number): Iterable<Row> {
    return part === 0 ? this : [];
  }
}

const makeRequest = (query: number): Row => ({ query, time: 0, vid: 0, shares: 0, balance: 0, lastAnd1: 0 });
const makeVehicle = (vid: number): Row => ({
  vid,
  timeAnd1: 0,
  place: 0,
  lane: 0,
  position: 0,
  still: 0,
  toll: 0,
  minute: 0,
  speeds: 0,
  reports: 0,
  placeBeforeAnd1: 0,
  speedsBefore: 0,
  reportsBefore: 0,
  roams: false,
});
const makeSegment = (place: number): Row => ({
  place,
  minute: 0,
  count: 0,
  count1: 0,
  count2: 0,
  count3: 0,
  count4: 0,
  count5: 0,
  sum: 0,
  sum1: 0,
  sum2: 0,
  sum3: 0,
  sum4: 0,
  sum5: 0,
  lav: 0,
  toll: 0,
  zone: 0,
});
const makeVisit = (vid: number, place: number): Row => ({ vid, place, minute: 0, speeds: 0, reports: 0 });
const makeSpot = (roadAndLane: number, position: number): Row => ({
  roadAndLane,
  position,
  vid: 0,
  time: 0,
  vidBefore: 0,
  timeBefore: 0,
});

/** The state of one share of the roads. */
export const makeRoads = () => ({
  time: 0,
  requests: new MapTable(makeRequest),
  vehicles: new MapTable(makeVehicle),
  visits: new MapTable(makeVisit),
  segments: new MapTable(makeSegment),
  accidents: new MapTable((place) => ({ place, minute: 0, minuteBefore: 0 })),
  spots: new MapTable(makeSpot),
});
const makeAccount = () => ({ balance: 0, lastAnd1: 0, requests: new MapTable(makeRequest) });
export const makeDays = () => ({ days: new MapTable((day, xway) => ({ day, xway, toll: 0 })) });

/** The state of a key, made when it is asked for first. */
export function stateOf<State>(states: Map<number, State>, key: number, make: () => State): State {
  let state = states.get(key);
  if (state === undefined) {
    state = make();
    states.set(key, state);
  }
  return state;
}

const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
};

/** Calls `take` with the fields of each line. */
function forEachLine(text: string, take: (fields: string[]) => void): void {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const stop = end < 0 ? text.length : end;
    if (stop > at) take(text.substring(at, stop).split(','));
    at = stop + 1;
  }
}

/** What becomes of the answers of the loop. */
export interface AnswerTaker {
  /** A vehicle has entered a segment; with an accident ahead that is two answers. */
  entry(passage: Passage): void;
  balance(answer: Balance): void;
  expenditure(answer: Expenditure): void;
}

/** Who is one share of the roads and everything else at once. */
export class PlainQuery {
  readonly #answers: AnswerTaker;
  readonly #options: RoadOptions;
  readonly #roads = makeRoads();
  readonly #accounts = new Map<number, ReturnType<typeof makeAccount>>();
  readonly #pasts = new Map<number, ReturnType<typeof makeDays>>();

  constructor(answers: AnswerTaker, settles = true) {
    this.#answers = answers;
    this.#options = { settles };
  }

  readonly take = (record: RoadRecord): void => {
    const { type, vid } = record;
    if (type === LineType.report || type === LineType.balance) {
      onRoad(record, this.#roads as never, this.#passed, this.#options);
      return;
    }
    onExpenditure(record, stateOf(this.#pasts, vid, makeDays) as never, (answer) => this.#answers.expenditure(answer));
  };

  readonly #passed = (passage: Passage): void => {
    if (passage.kind === PassageKind.entry) this.#answers.entry(passage);
    onAccount(passage, stateOf(this.#accounts, passage.vid, makeAccount) as never, this.#answered, 1);
  };

  readonly #answered = (answer: Balance): void => this.#answers.balance(answer);

  end(): void {
    passRequests(this.#roads as never, this.#passed);
  }
}

/** The answers as lines of their files. */
export class AnswerLines implements AnswerTaker {
  readonly tolls: string[] = [];
  readonly accidents: string[] = [];
  readonly balances: string[] = [];
  readonly expenditures: string[] = [];

  entry(passage: Passage): void {
    this.tolls.push(tollLine(passage, passage.time));
    if (passage.accident >= 0) this.accidents.push(accidentLine(passage, passage.time));
  }

  balance(answer: Balance): void {
    this.balances.push(balanceLine(answer, answer.time));
  }

  expenditure(answer: Expenditure): void {
    this.expenditures.push(expenditureLine(answer, answer.time));
  }
}

export interface PlainOrder {
  readonly input: string;
  readonly history: string | undefined;
  readonly output: string;
}

/** From files to files; returns how many lines there were. */
export function answerPlainly({ input, history, output }: PlainOrder): number {
  mkdirSync(output, { recursive: true });
  const answers = new AnswerLines();
  const query = new PlainQuery(answers);
  let lines = 0;
  if (history !== undefined) {
    forEachLine(textOf(history), (fields) => {
      lines++;
      const [vid, day, xway, toll] = fields.map(Number);
      route(historyLine({ vid, day, xway, toll }), query.take, 1);
    });
  }
  forEachLine(textOf(input), (fields) => {
    lines++;
    route(lineOf(fields), query.take, 1);
  });
  query.end();
  const { tolls, accidents, balances, expenditures } = answers;
  [tolls, accidents, balances, expenditures].forEach((each, i) => {
    writeFileSync(join(output, ANSWER_FILES[i]), each.map((answer) => `${answer}\n`).join(''));
  });
  return lines;
}
