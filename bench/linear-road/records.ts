// The tuples of Linear Road: what the input's lines become, what the operators say to each other, and the answers.
// Promises: a segment, a road (an expressway in one direction) and a minute are numbers that all files here compute alike.
// Relies on: the benchmark's ranges: 100 segments of 5280 feet, directions 0 and 1.

import { type TupleOf, t } from '../../src/index.ts';

/** The input's lines, by their first field. Travel times are read and skipped, as every published implementation does. */
export const LineType = { report: 0, balance: 2, expenditure: 3, travelTime: 4, history: 9 } as const;

/** What of an input line is used; -1 where a line has no such field. */
export const lineFields = {
  type: t.i32(),
  time: t.i32(),
  vid: t.i32(),
  speed: t.i32(),
  xway: t.i32(),
  lane: t.i32(),
  direction: t.i32(),
  segment: t.i32(),
  position: t.i32(),
  query: t.i32(),
  day: t.i32(),
};
export type Line = TupleOf<typeof lineFields>;

/** A line of the input from its columns, as the plain loops split it. */
export const lineOf = (fields: readonly string[]): Line => ({
  type: Number(fields[0]),
  time: Number(fields[1]),
  vid: Number(fields[2]),
  speed: Number(fields[3]),
  xway: Number(fields[4]),
  lane: Number(fields[5]),
  direction: Number(fields[6]),
  segment: Number(fields[7]),
  position: Number(fields[8]),
  query: Number(fields[9]),
  day: Number(fields[14]),
});

/** The columns of the input file; those that are no field above are left out. */
export const LINE_COLUMNS: readonly string[] = [
  ...['type', 'time', 'vid', 'speed', 'xway', 'lane', 'direction', 'segment', 'position', 'query'],
  ...['from', 'to', 'weekday', 'timeOfDay', 'day'],
];

/** The lines of the history file. */
export const historyFields = { vid: t.u32(), day: t.u32(), xway: t.u32(), toll: t.u32() };
export type HistoryLine = TupleOf<typeof historyFields>;

/** A report, a request, or a line of history, on its way to the operator that deals with it. */
export const recordFields = {
  type: t.u8(),
  /** Which share of the roads deals with it: what they are partitioned by. */
  share: t.u32(),
  time: t.u32(),
  vid: t.u32(),
  /** The segment of its road, as {@link placeOf} numbers it. */
  place: t.u32(),
  lane: t.u8(),
  position: t.u32(),
  speed: t.u8(),
  query: t.u32(),
  /** Of requests for a day of the past, and of history. */
  xway: t.u32(),
  day: t.u32(),
  /** Of history. */
  toll: t.u32(),
};
export type RoadRecord = TupleOf<typeof recordFields>;

/** What the roads say of a vehicle. */
export const PassageKind = { entry: 0, exit: 1, request: 2 } as const;

/** A vehicle enters a segment, or leaves its last one by lane 4; or a share of the roads has come to a balance request. */
export const passageFields = {
  kind: t.u8(),
  time: t.u32(),
  vid: t.u32(),
  /** Of the segment that is entered: what its vehicle is told. */
  lav: t.i32(),
  toll: t.u32(),
  /** The segment of the accident ahead; -1 if there is none. */
  accident: t.i32(),
  /** What the vehicle pays for the segment before. */
  charge: t.u32(),
  query: t.u32(),
};
export type Passage = TupleOf<typeof passageFields>;

export const balanceFields = { time: t.u32(), query: t.u32(), resultTime: t.u32(), balance: t.f64() };
export type Balance = TupleOf<typeof balanceFields>;

export const expenditureFields = { time: t.u32(), query: t.u32(), toll: t.u32() };
export type Expenditure = TupleOf<typeof expenditureFields>;

export const SEGMENTS = 100;
export const SEGMENT_FEET = 5280;
export const EXIT_LANE = 4;
export const REPORT_SECONDS = 30;

/** The minute of a second, from 1 on. */
export const minuteOf = (time: number): number => Math.floor(time / 60) + 1;

/** An expressway in one direction: 0 is east, towards higher segments. */
export const roadOf = (xway: number, direction: number): number => xway * 2 + direction;
/** A segment of a road as one number. */
export const placeOf = (road: number, segment: number): number => road * SEGMENTS + segment;
export const roadAt = (place: number): number => Math.floor(place / SEGMENTS);

/** The answers as lines, with the second of the benchmark's clock at which they were given. */
export const tollLine = ({ vid, time, lav, toll }: Passage, emit: number): string =>
  `0,${vid},${time},${emit},${lav},${toll}`;
export const accidentLine = ({ time, vid, accident }: Passage, emit: number): string =>
  `1,${time},${emit},${vid},${accident}`;
export const balanceLine = ({ time, query, resultTime, balance }: Balance, emit: number): string =>
  `2,${time},${emit},${query},${resultTime},${balance}`;
export const expenditureLine = ({ time, query, toll }: Expenditure, emit: number): string =>
  `3,${time},${emit},${query},${toll}`;

/** The files of the answers, in the folder of a run. */
export const ANSWER_FILES = ['tolls.csv', 'accidents.csv', 'balances.csv', 'expenditure.csv'] as const;
