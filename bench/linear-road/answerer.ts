// A slow and simple answerer for tests: each rule of the benchmark, word by word, over a whole trace in memory.
// Promises: shares no rule with the operators; averages are fractions of big integers.
// Relies on: lines ordered by time.

import { type HistoryLine, type Line, LineType, minuteOf, REPORT_SECONDS, SEGMENTS } from './records.ts';

/** A report with what follows from the reports of its vehicle before it. */
interface Report extends Line {
  /** The report before it in its trip. */
  readonly before: Report | undefined;
  /** Consecutive reports of the trip, up to this one, with its lane and position. */
  readonly still: number;
  toll: number;
}

export interface Answers {
  readonly tolls: string[];
  readonly accidents: string[];
  readonly balances: string[];
  readonly expenditures: string[];
  /** Query and balance, for every balance that was right at some instant of the last minute. */
  readonly acceptedBalances: Set<string>;
}

const STOPPED = 4;
const ACCEPTED_SECONDS = 60;

const segmentKey = (xway: number, direction: number, segment: number): string => `${xway} ${direction} ${segment}`;

/** Rule 1 and rule 4. */
function tripsOf(lines: readonly Line[]): Report[] {
  const last = new Map<number, Report>();
  return lines
    .filter(({ type }) => type === LineType.report)
    .map((line) => {
      const previous = last.get(line.vid);
      const continues =
        previous !== undefined &&
        previous.time === line.time - REPORT_SECONDS &&
        previous.xway === line.xway &&
        previous.direction === line.direction &&
        previous.lane !== 4;
      const before = continues ? previous : undefined;
      const isStill = before !== undefined && before.lane === line.lane && before.position === line.position;
      const report = { ...line, before, still: isStill ? before.still + 1 : 1, toll: 0 };
      last.set(line.vid, report);
      return report;
    });
}

/** Rules 2 and 3: the speeds of each vehicle, by segment and minute. */
class Statistics {
  readonly #speeds = new Map<string, Map<number, number[]>>();

  constructor(reports: readonly Report[]) {
    for (const { xway, direction, segment, time, vid, speed } of reports) {
      const key = `${segmentKey(xway, direction, segment)} ${minuteOf(time)}`;
      const vehicles = this.#speeds.get(key) ?? new Map<number, number[]>();
      this.#speeds.set(key, vehicles);
      vehicles.set(vid, [...(vehicles.get(vid) ?? []), speed]);
    }
  }

  count(segment: string, minute: number): number {
    return this.#speeds.get(`${segment} ${minute}`)?.size ?? 0;
  }

  lav(segment: string, minute: number): number {
    let mean: Fraction = [0n, 1n];
    let minutes = 0;
    for (let m = minute - 5; m < minute; m++) {
      const vehicles = this.#speeds.get(`${segment} ${m}`);
      if (vehicles === undefined) continue;
      minutes++;
      let sum: Fraction = [0n, 1n];
      for (const speeds of vehicles.values()) {
        sum = plus(sum, [BigInt(speeds.reduce((one, other) => one + other, 0)), BigInt(speeds.length)]);
      }
      mean = plus(mean, [sum[0], sum[1] * BigInt(vehicles.size)]);
    }
    return minutes === 0 ? -1 : Number(mean[0] / (mean[1] * BigInt(minutes)));
  }
}

type Fraction = [numerator: bigint, denominator: bigint];

function plus([a, b]: Fraction, [c, d]: Fraction): Fraction {
  const [numerator, denominator] = [a * d + c * b, b * d];
  const divisor = greatestDivisor(numerator, denominator);
  return [numerator / divisor, denominator / divisor];
}

const greatestDivisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : greatestDivisor(b, a % b));

/** Rule 5: the segments and minutes with an accident. */
function accidentsOf(reports: readonly Report[]): Set<string> {
  const spots = new Map<string, Report[]>();
  for (const report of reports) {
    if (report.still < STOPPED) continue;
    const spot = `${report.xway} ${report.direction} ${report.lane} ${report.position}`;
    spots.set(spot, [...(spots.get(spot) ?? []), report]);
  }
  const accidents = new Set<string>();
  for (const stopped of spots.values()) {
    for (const one of stopped) {
      const hit = stopped.some(
        ({ vid, time }) => vid !== one.vid && time <= one.time && time >= one.time - REPORT_SECONDS,
      );
      if (hit) accidents.add(`${segmentKey(one.xway, one.direction, one.segment)} ${minuteOf(one.time)}`);
    }
  }
  return accidents;
}

/** Rule 6: the segment of the accident, or undefined. */
function zoneOf({ xway, direction, segment, time }: Report, accidents: ReadonlySet<string>): number | undefined {
  for (let i = 0; i <= 4; i++) {
    const ahead = direction === 0 ? segment + i : segment - i;
    if (ahead < 0 || ahead >= SEGMENTS) continue;
    if (accidents.has(`${segmentKey(xway, direction, ahead)} ${minuteOf(time) - 1}`)) return ahead;
  }
  return undefined;
}

/** What a vehicle did at a second that its account shows. */
interface Movement {
  readonly time: number;
  readonly charge: number;
}

export function answerSlowly(lines: readonly Line[], history: readonly HistoryLine[]): Answers {
  const answers: Answers = {
    tolls: [],
    accidents: [],
    balances: [],
    expenditures: [],
    acceptedBalances: new Set(),
  };
  const reports = tripsOf(lines);
  const statistics = new Statistics(reports);
  const accidents = accidentsOf(reports);
  const movements = new Map<number, Movement[]>();
  for (const report of reports) {
    const { before, vid, time, lane } = report;
    const enters = before === undefined || before.segment !== report.segment;
    if (!enters && before !== undefined) report.toll = before.toll;
    if (!enters) continue;
    const charge = before?.toll ?? 0;
    if (lane !== 4 || before !== undefined) movements.set(vid, [...(movements.get(vid) ?? []), { time, charge }]);
    if (lane === 4) continue;
    const segment = segmentKey(report.xway, report.direction, report.segment);
    const lav = statistics.lav(segment, minuteOf(time));
    const count = statistics.count(segment, minuteOf(time) - 1);
    const zone = zoneOf(report, accidents);
    report.toll = lav >= 40 || count <= 50 || zone !== undefined ? 0 : 2 * (count - 50) ** 2;
    answers.tolls.push(`0,${vid},${time},${time},${lav},${report.toll}`);
    if (zone !== undefined) answers.accidents.push(`1,${time},${time},${vid},${zone}`);
  }
  for (const { type, time, vid, query, xway, day } of lines) {
    if (type === LineType.balance) {
      const known = movements.get(vid) ?? [];
      const balanceAt = (instant: number): number =>
        known.filter((movement) => movement.time <= instant).reduce((sum, { charge }) => sum + charge, 0);
      const resultTime = known.filter((movement) => movement.time <= time).at(-1)?.time ?? time;
      answers.balances.push(`2,${time},${time},${query},${resultTime},${balanceAt(time)}`);
      for (let instant = time - ACCEPTED_SECONDS; instant <= time; instant++) {
        answers.acceptedBalances.add(`${query},${balanceAt(instant)}`);
      }
    } else if (type === LineType.expenditure) {
      const past = history.find((each) => each.vid === vid && each.day === day && each.xway === xway);
      answers.expenditures.push(`3,${time},${time},${query},${past?.toll ?? 0}`);
    }
  }
  return answers;
}
