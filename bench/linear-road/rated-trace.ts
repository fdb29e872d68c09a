// The traffic of a rated run: the trace of one expressway in shared memory, with the answers to it.
// Promises: expressway c of L is the same trace with XWay c, and vehicles and requests of numbers of its own, so every answer
// of every expressway is known.
// Relies on: the rules of the operators, which tests compare with a slow answerer.

import { onExpenditure } from './accounts.ts';
import { historyLine } from './input.ts';
import { makeDays, makeRoads, stateOf } from './plain.ts';
import { type HistoryLine, type Line, LineType, type Passage, PassageKind } from './records.ts';
import { onRoad } from './roads.ts';
import { route } from './route.ts';
import { type Profile, Trace } from './trace.ts';

/** The fields of a line, one after the other. */
export const FIELDS = [
  'type',
  'time',
  'vid',
  'speed',
  'xway',
  'lane',
  'direction',
  'segment',
  'position',
  'query',
  'day',
] as const;
/** Of an entry: vehicle, time, LAV, toll, segment of the accident, index of the line. */
export const ENTRY_CELLS = 6;
/** Of a request: index of the line, number of accepted answers, and these. */
export const REQUEST_CELLS = 8;

/** Buffers that all threads share. */
export interface RatedTrace {
  readonly lines: SharedArrayBuffer;
  /** For each second the index of its first line; lines of history are before second 0. */
  readonly seconds: SharedArrayBuffer;
  readonly entries: SharedArrayBuffer;
  /** Open addressing: index of an entry and 1, by vehicle and time. */
  readonly entryTable: SharedArrayBuffer;
  /** By the number of the request. */
  readonly requests: SharedArrayBuffer;
  /** Vehicles and requests of one expressway. */
  readonly vehicles: number;
  readonly queries: number;
  readonly counts: {
    readonly tolls: number;
    readonly accidents: number;
    readonly balances: number;
    readonly expenditures: number;
  };
}

/** With these a third of the lines at the peak are entries into a segment. */
const TRAFFIC = { crowd: 480, tripSegmentsMax: 12, breakdown: 0.00005 };
/** Lines a second of an expressway at the end of the benchmark's three hours, and at their beginning. */
export const PEAK_LINES = 1700;
const FIRST_LINES = 15;
/** Traffic has its peak for so much of the time before real time begins: by then it is steady. */
const RISE_SHARE = 0.8;
const ACCEPTED_SECONDS = 60;

const shared = (values: readonly number[] | Int32Array): SharedArrayBuffer => {
  const buffer = new SharedArrayBuffer(values.length * 4);
  new Int32Array(buffer).set(values);
  return buffer;
};

/** The slot at which the search for an entry begins. */
export const entrySlot = (vid: number, time: number, mask: number): number =>
  (Math.imul(vid, 0x9e3779b1) ^ Math.imul(time, 0x85ebca6b)) & mask;

/** Traffic that has grown to the peak before real time begins, and stays there. */
export const peakProfile = (fillSeconds: number): Profile => [
  { second: 0, lines: FIRST_LINES },
  { second: fillSeconds * RISE_SHARE, lines: PEAK_LINES },
];

/** Traffic of a hundredth of the peak, which grows to the peak from some second on, and stays there. */
export const rampProfile = (fromSecond: number, growSeconds: number): Profile => [
  { second: 0, lines: PEAK_LINES / 100 },
  { second: fromSecond, lines: PEAK_LINES / 100 },
  { second: fromSecond + growSeconds, lines: PEAK_LINES },
];

/** Makes the trace of one expressway over some seconds, and its answers. */
export function makeRatedTrace(seed: number, duration: number, rate: Profile): RatedTrace {
  const trace = new Trace({ ...TRAFFIC, rate, seed, seconds: duration });
  const seconds = [...trace];
  const history = historyOf(seconds, trace.history());
  const lines = history.map(historyLine);
  const starts: number[] = [];
  for (const second of seconds) {
    starts.push(lines.length);
    for (const line of second) lines.push(line);
  }
  starts.push(lines.length);
  const cells = new Int32Array(lines.length * FIELDS.length);
  lines.forEach((line, i) => {
    FIELDS.forEach((field, k) => {
      cells[i * FIELDS.length + k] = line[field];
    });
  });
  return { lines: shared(cells), seconds: shared(starts), ...answersTo(lines) };
}

/** History of those vehicles that somebody asks for: nobody would see the others. */
function historyOf(seconds: readonly Line[][], history: readonly HistoryLine[]): HistoryLine[] {
  const asked = new Set<number>();
  for (const second of seconds) {
    for (const { type, vid } of second) if (type === LineType.expenditure) asked.add(vid);
  }
  return history.filter(({ vid }) => asked.has(vid));
}

function answersTo(lines: readonly Line[]): Omit<RatedTrace, 'lines' | 'seconds'> {
  const roads = makeRoads();
  const pasts = new Map<number, ReturnType<typeof makeDays>>();
  const charges = new Map<number, { time: number; charge: number }[]>();
  const entries: number[] = [];
  const requests: number[][] = [];
  const counts = { tolls: 0, accidents: 0, balances: 0, expenditures: 0 };
  let at = 0;
  const passed = ({ kind, vid, time, lav, toll, accident, charge }: Passage): void => {
    if (charge > 0) stateOf(charges, vid, () => [] as { time: number; charge: number }[]).push({ time, charge });
    if (kind !== PassageKind.entry) return;
    entries.push(vid, time, lav, toll, accident, at);
    counts.tolls++;
    if (accident >= 0) counts.accidents++;
  };
  lines.forEach((line, i) => {
    at = i;
    route(
      line,
      (record) => {
        if (record.type === LineType.report) onRoad(record, roads as never, passed, { settles: false });
        if (record.type !== LineType.history && record.type !== LineType.expenditure) return;
        onExpenditure(record, stateOf(pasts, record.vid, makeDays) as never, ({ query, toll }) => {
          requests[query] = [i, 1, toll];
          counts.expenditures++;
        });
      },
      1,
    );
  });
  lines.forEach(({ type, vid, time, query }, i) => {
    if (type !== LineType.balance) return;
    requests[query] = [i, 0, ...acceptedBalances(charges.get(vid) ?? [], time)];
    requests[query][1] = requests[query].length - 2;
    counts.balances++;
  });
  const cells = new Int32Array((requests.length + 1) * REQUEST_CELLS);
  requests.forEach((request, query) => {
    cells.set(request, query * REQUEST_CELLS);
  });
  const vehicles = 1 + lines.reduce((most, { vid }) => Math.max(most, vid), 0);
  return {
    entries: shared(entries),
    entryTable: tableOf(entries),
    requests: shared(cells),
    vehicles,
    queries: requests.length,
    counts,
  };
}

/** Every balance that was right at some instant of the last minute. */
function acceptedBalances(charges: readonly { time: number; charge: number }[], time: number): number[] {
  let balance = 0;
  for (const each of charges) if (each.time <= time - ACCEPTED_SECONDS) balance += each.charge;
  const accepted = [balance];
  for (const each of charges) {
    if (each.time <= time - ACCEPTED_SECONDS || each.time > time) continue;
    balance += each.charge;
    accepted.push(balance);
  }
  return accepted;
}

function tableOf(entries: readonly number[]): SharedArrayBuffer {
  const count = entries.length / ENTRY_CELLS;
  const slots = 2 ** Math.ceil(Math.log2(count * 2 + 2));
  const table = new Int32Array(slots);
  for (let i = 0; i < count; i++) {
    let slot = entrySlot(entries[i * ENTRY_CELLS], entries[i * ENTRY_CELLS + 1], slots - 1);
    while (table[slot] !== 0) slot = (slot + 1) & (slots - 1);
    table[slot] = i + 1;
  }
  return shared(table);
}
