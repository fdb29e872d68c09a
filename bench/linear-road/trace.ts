// Traces of traffic, made from a seed: vehicles that enter and leave, congestion, accidents, and requests.
// Promises: the same seed and settings give the same trace on every machine. Lines are ordered by time and shuffled within a
// second; a vehicle reports every 30 s of a trip, and is on one expressway at a time.
// Relies on: Random of the chaos run.

import { Random } from '../../src/testing/random.ts';
import { EXIT_LANE, type HistoryLine, type Line, LineType, REPORT_SECONDS, SEGMENT_FEET, SEGMENTS } from './records.ts';

/** A rate over time: straight lines between points in order of their seconds, and the last rate from then on. */
export type Profile = readonly { readonly second: number; readonly lines: number }[];

/** Lines a second at a second, which is not before the first point. */
function rateAt(profile: Profile, second: number): number {
  const next = profile.findIndex((point) => point.second > second);
  if (next < 0) return profile[profile.length - 1].lines;
  const [from, to] = [profile[next - 1], profile[next]];
  return from.lines + ((to.lines - from.lines) * (second - from.second)) / (to.second - from.second);
}

export interface TraceSettings {
  readonly seed: number;
  readonly xways: number;
  readonly seconds: number;
  /** Vehicles that enter each expressway in a second, at the start and at the end of the trace. */
  readonly arrivalsFrom: number;
  readonly arrivalsTo: number;
  /** If there is one, vehicles enter so that each expressway has so many lines in a second, and arrivals are not looked at. */
  readonly rate: Profile | undefined;
  /** Where vehicles drive: from segment `first` to `last`. */
  readonly first: number;
  readonly last: number;
  /** Segments that a trip goes over, at most. */
  readonly tripSegmentsMax: number;
  /** Vehicles in a segment, both directions together, at which traffic has slowed down by half. */
  readonly crowd: number;
  /** Probability that a vehicle breaks down between two reports, and brings the one behind it to a stop. */
  readonly breakdown: number;
  /** Probability that a report is followed by a request. */
  readonly request: number;
}

const TRACE_DEFAULTS: TraceSettings = {
  seed: 1,
  xways: 1,
  seconds: 600,
  arrivalsFrom: 2,
  arrivalsTo: 10,
  rate: undefined,
  first: 0,
  last: SEGMENTS - 1,
  tripSegmentsMax: 20,
  crowd: 60,
  breakdown: 0.0002,
  request: 0.01,
};

interface Vehicle {
  vid: number;
  xway: number;
  direction: number;
  lane: number;
  position: number;
  /** Where its trip ends. */
  goal: number;
  /** Stands until this second. */
  standsUntil: number;
  /** Leaves the road without a report in lane 4. */
  vanishes: boolean;
}

const FEET_PER_SECOND = 5280 / 3600;
const SPEED_MAX = 100;
const FREE_SPEED = 60;
const SLOWEST = 8;
const STANDS_SECONDS_MIN = 150;
const STANDS_SECONDS_SPAN = 180;
const VANISHING = 0.05;
const RETURNING = 0.15;
const PAUSE_SECONDS_MIN = 61;
const PAUSE_SECONDS_SPAN = 120;
const DAYS = 69;
const HISTORY_SHARE = 0.3;
const TOLL_MAX = 100;
/** The day of which a vehicle has a history, if it has one. */
const dayOf = (vid: number): number => 1 + (vid % DAYS);
const REQUEST_TYPES = { balance: 6, expenditure: 3, travelTime: 1 } as const;

const UNUSED = { speed: -1, xway: -1, lane: -1, direction: -1, segment: -1, position: -1, query: -1, day: -1 };

/** Makes the lines of one second after another. */
export class Trace implements Iterable<Line[]> {
  readonly #settings: TraceSettings;
  readonly #random: Random;
  /** Vehicles by the second, modulo 30, of their next report. */
  readonly #due: Vehicle[][] = Array.from({ length: REPORT_SECONDS }, () => []);
  readonly #crowds: Int32Array;
  /** Those that have left, and the second from which they may come again. */
  readonly #gone: { vid: number; from: number }[] = [];
  #vehicles = 0;
  #queries = 0;

  constructor(settings: Partial<TraceSettings>) {
    this.#settings = { ...TRACE_DEFAULTS, ...settings };
    this.#random = new Random(this.#settings.seed);
    this.#crowds = new Int32Array(this.#settings.xways * SEGMENTS);
  }

  *[Symbol.iterator](): Generator<Line[]> {
    for (let time = 0; time < this.#settings.seconds; time++) yield this.#second(time);
  }

  /** All lines of the trace. */
  lines(): Line[] {
    return [...this].flat();
  }

  /** Tolls of the past, for some of the vehicles that the trace has had so far. */
  history(): HistoryLine[] {
    const random = new Random(this.#settings.seed + 1);
    const lines: HistoryLine[] = [];
    for (let vid = 1; vid <= this.#vehicles; vid++) {
      if (!random.chance(HISTORY_SHARE)) continue;
      lines.push({ vid, day: dayOf(vid), xway: random.below(this.#settings.xways), toll: random.below(TOLL_MAX) });
    }
    return lines;
  }

  #second(time: number): Line[] {
    const random = this.#random;
    const { xways, seconds, arrivalsFrom, arrivalsTo, rate } = this.#settings;
    const lines: Line[] = [];
    const due = this.#due[time % REPORT_SECONDS];
    this.#due[time % REPORT_SECONDS] = [];
    for (const vehicle of due) this.#drive(vehicle, time, lines);
    if (rate === undefined) {
      const arrivals = arrivalsFrom + ((arrivalsTo - arrivalsFrom) * time) / seconds;
      for (let xway = 0; xway < xways; xway++) {
        const count = Math.floor(arrivals) + (random.chance(arrivals % 1) ? 1 : 0);
        for (let i = 0; i < count; i++) this.#enter(xway, time, lines);
      }
    } else {
      const wanted = Math.round(rateAt(rate, time) * xways);
      for (let i = 0; lines.length < wanted; i++) this.#enter(i % xways, time, lines);
    }
    for (let i = lines.length - 1; i > 0; i--) {
      const k = random.below(i + 1);
      [lines[i], lines[k]] = [lines[k], lines[i]];
    }
    return lines;
  }

  #enter(xway: number, time: number, lines: Line[]): void {
    const random = this.#random;
    const { first, last, tripSegmentsMax } = this.#settings;
    const [oldest] = this.#gone;
    const returns = oldest !== undefined && oldest.from <= time && random.chance(RETURNING);
    const vid = returns ? oldest.vid : ++this.#vehicles;
    if (returns) this.#gone.shift();
    const direction = random.below(2);
    const start = first + random.below(last - first + 1);
    const length = 1 + random.below(tripSegmentsMax);
    const goal = direction === 0 ? Math.min(last, start + length) : Math.max(first, start - length);
    const position = start * SEGMENT_FEET + random.below(SEGMENT_FEET);
    const vanishes = random.chance(VANISHING);
    const vehicle = { vid, xway, direction, lane: 0, position, goal, standsUntil: 0, vanishes };
    this.#crowds[xway * SEGMENTS + start]++;
    this.#report(vehicle, this.#speed(vehicle), time, lines);
  }

  #speed({ xway, position }: Vehicle): number {
    const crowd = this.#crowds[xway * SEGMENTS + Math.floor(position / SEGMENT_FEET)];
    const free = FREE_SPEED + this.#random.below(SPEED_MAX - FREE_SPEED + 1);
    return Math.max(SLOWEST, Math.floor(free / (1 + (crowd / this.#settings.crowd) ** 2)));
  }

  /** What a vehicle does in the 30 s before a report. */
  #drive(vehicle: Vehicle, time: number, lines: Line[]): void {
    const random = this.#random;
    if (vehicle.standsUntil >= time) {
      this.#report(vehicle, 0, time, lines);
      return;
    }
    const speed = this.#speed(vehicle);
    const feet = Math.floor(speed * FEET_PER_SECOND * REPORT_SECONDS);
    const before = Math.floor(vehicle.position / SEGMENT_FEET);
    const moved = vehicle.position + (vehicle.direction === 0 ? feet : -feet);
    const end = vehicle.goal * SEGMENT_FEET + (vehicle.direction === 0 ? SEGMENT_FEET - 1 : 0);
    const arrives = vehicle.direction === 0 ? moved >= end : moved <= end;
    vehicle.position = arrives ? end : moved;
    const after = Math.floor(vehicle.position / SEGMENT_FEET);
    const crowds = vehicle.xway * SEGMENTS;
    this.#crowds[crowds + before]--;
    if (arrives) {
      this.#gone.push({ vid: vehicle.vid, from: time + PAUSE_SECONDS_MIN + random.below(PAUSE_SECONDS_SPAN) });
      if (vehicle.vanishes) return;
      vehicle.lane = EXIT_LANE;
    } else {
      this.#crowds[crowds + after]++;
      vehicle.lane = 1 + random.below(3);
      if (random.chance(this.#settings.breakdown)) this.#breakDown(vehicle, time);
    }
    this.#report(vehicle, speed, time, lines);
  }

  /** The vehicle stops, and one that is about to report drives into it: both report the same place from now on. */
  #breakDown(vehicle: Vehicle, time: number): void {
    const random = this.#random;
    vehicle.standsUntil = time + STANDS_SECONDS_MIN + random.below(STANDS_SECONDS_SPAN);
    const segment = Math.floor(vehicle.position / SEGMENT_FEET);
    const behind = this.#due[(time + 1 + random.below(REPORT_SECONDS - 1)) % REPORT_SECONDS].find(
      ({ xway, direction, position, standsUntil }) =>
        xway === vehicle.xway &&
        direction === vehicle.direction &&
        standsUntil < time &&
        Math.abs(Math.floor(position / SEGMENT_FEET) - segment) <= 1,
    );
    if (behind === undefined) return;
    const crowds = vehicle.xway * SEGMENTS;
    this.#crowds[crowds + Math.floor(behind.position / SEGMENT_FEET)]--;
    this.#crowds[crowds + segment]++;
    behind.position = vehicle.position;
    behind.lane = vehicle.lane;
    behind.standsUntil = vehicle.standsUntil + random.below(STANDS_SECONDS_SPAN) - STANDS_SECONDS_SPAN / 2;
  }

  #report(vehicle: Vehicle, speed: number, time: number, lines: Line[]): void {
    const random = this.#random;
    const { vid, xway, direction, lane, position } = vehicle;
    const segment = Math.floor(position / SEGMENT_FEET);
    // Written out: there are many of them, and a spread costs more than the rest.
    const type = LineType.report;
    lines.push({ type, time, vid, speed, xway, lane, direction, segment, position, query: -1, day: -1 });
    if (lane !== EXIT_LANE) this.#due[time % REPORT_SECONDS].push(vehicle);
    if (!random.chance(this.#settings.request)) return;
    const request = LineType[random.weighted(REQUEST_TYPES)];
    const asked = random.chance(0.8) ? vid : 1 + random.below(this.#vehicles);
    const query = ++this.#queries;
    if (request !== LineType.expenditure) lines.push({ ...UNUSED, type: request, time, vid: asked, query });
    else {
      const day = random.chance(0.5) ? dayOf(asked) : 1 + random.below(DAYS);
      const xway = random.below(this.#settings.xways);
      lines.push({ ...UNUSED, type: request, time, vid: asked, xway, query, day });
    }
  }
}

/** A line of the input file, with its columns that are not used. */
export const inputLine = (line: Line): string =>
  [
    ...[line.type, line.time, line.vid, line.speed, line.xway, line.lane, line.direction, line.segment, line.position],
    ...[line.query, -1, -1, -1, -1, line.day],
  ].join();

export const historyFileLine = ({ vid, day, xway, toll }: HistoryLine): string => `${vid},${day},${xway},${toll}`;
