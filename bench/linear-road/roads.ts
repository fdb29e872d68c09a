// The operator 'roads': trips, statistics, accidents and tolls of a share of the roads, rules 1 to 9 of the benchmark.
// Promises: what it says of a vehicle in minute M depends on the reports of its roads up to minute M - 1 and on the vehicle's
// own trip, never on the order within a second. A balance request goes by when its
// second is over, or at once.
// Relies on: it gets all reports of a road, ordered by time; a vehicle is on one road at a time.

import { type Emit, type StateOf, type StateTable, type TupleOf, t, table } from '../../src/index.ts';
import {
  EXIT_LANE,
  LineType,
  minuteOf,
  type Passage,
  PassageKind,
  type passageFields,
  placeOf,
  REPORT_SECONDS,
  type RoadRecord,
  roadAt,
  SEGMENTS,
} from './records.ts';
import { latestAverageVelocity, scaledMean, tollOf } from './rules.ts';

const vehicle = {
  /** Second of the last report, and 1; 0 for none. */
  timeAnd1: t.u32(),
  /** Of the last report: its segment of its road. */
  place: t.u32(),
  lane: t.u8(),
  position: t.u32(),
  /** Consecutive reports of the trip at this lane and position. */
  still: t.u32(),
  /** What it was told at its last entry. */
  toll: t.u32(),
  /** The minute that the following belong to: sum and number of its speeds where it is, and in the place before. */
  minute: t.u32(),
  speeds: t.u32(),
  reports: t.u32(),
  /** A place and 1; 0 for none. */
  placeBeforeAnd1: t.u32(),
  speedsBefore: t.u32(),
  reportsBefore: t.u32(),
  /** True if it was in more places within the minute: those are in the table of visits. */
  roams: t.bool(),
};

const segment = {
  minute: t.u32(),
  /** Vehicles and the sum of their scaled mean speeds, in this minute and the five before. */
  count: t.u32(),
  count1: t.u32(),
  count2: t.u32(),
  count3: t.u32(),
  count4: t.u32(),
  count5: t.u32(),
  sum: t.f64(),
  sum1: t.f64(),
  sum2: t.f64(),
  sum3: t.f64(),
  sum4: t.f64(),
  sum5: t.f64(),
  /** What vehicles that enter in this minute are told; `zone` is the segment of the accident, or -1. */
  lav: t.i32(),
  toll: t.u32(),
  zone: t.i32(),
};

/** The last minute with an accident, and the one before that. */
const accident = { minute: t.u32(), minuteBefore: t.u32() };

/** The last two vehicles that have stopped at a spot, with the seconds of their last stopped reports; 0 for none. */
const spot = { vid: t.u32(), time: t.u32(), vidBefore: t.u32(), timeBefore: t.u32() };

const visit = { minute: t.u32(), speeds: t.u32(), reports: t.u32() };

const vehicleKey = { vid: t.u32() };
const placeKey = { place: t.u32() };
const visitKey = { vid: t.u32(), place: t.u32() };
const spotKey = { roadAndLane: t.u32(), position: t.u32() };

export const roadsState = { time: t.u32() };
export const roadsTables = {
  requests: table({ query: t.u32() }, { time: t.u32(), vid: t.u32() }),
  vehicles: table(vehicleKey, vehicle),
  visits: table(visitKey, visit),
  segments: table(placeKey, segment),
  accidents: table(placeKey, accident),
  spots: table(spotKey, spot),
};

type Roads = StateOf<typeof roadsState, typeof roadsTables>;
type Vehicle = TupleOf<typeof vehicle>;
type Segment = TupleOf<typeof segment>;

const STOPPED_REPORTS = 4;
/** Segments that an accident is told in, with its own. */
const ZONE_SEGMENTS = 5;
/** Nothing older than this is asked for, nor any visit of an earlier minute. */
const KEPT_SECONDS = 60;
/** In which all rows are looked at once. */
const SWEEP_SECONDS = 60;

export interface RoadOptions {
  /**
   * True if balance requests wait for the end of their second: all that is charged in it counts, and the answer depends on
   * nothing but the input. Without that it is as right, and given at once.
   */
  readonly settles: boolean;
}

/** Deals with one report, or takes a balance request along. */
export function onRoad(
  record: RoadRecord,
  roads: Roads,
  emit: Emit<typeof passageFields>,
  { settles }: RoadOptions,
): void {
  const { type, time, vid, place, lane } = record;
  if (roads.time !== time) {
    passRequests(roads, emit);
    sweep(roads, roads.time, time);
    roads.time = time;
  }
  if (type !== LineType.report) {
    if (type !== LineType.balance) return;
    if (settles) holdRequest(roads, record);
    else emit(requestPassage(time, vid, record.query));
    return;
  }
  const minute = minuteOf(time);
  const car = roads.vehicles.upsert(vid);
  const { timeAnd1 } = car;
  const isDue = timeAnd1 !== 0 && timeAnd1 === time - REPORT_SECONDS + 1;
  const placeBefore = car.place;
  const continues = isDue && roadAt(placeBefore) === roadAt(place) && car.lane !== EXIT_LANE;
  const here = roads.segments.upsert(place);
  if (here.minute !== minute) turnTo(minute, here, roads.accidents, place);
  count(roads, record, car, here, minute);

  const stays = continues && placeBefore === place;
  const charge = continues && !stays ? car.toll : 0;
  car.still = continues && car.lane === lane && car.position === record.position ? car.still + 1 : 1;
  car.timeAnd1 = time + 1;
  car.lane = lane;
  car.position = record.position;
  if (car.still >= STOPPED_REPORTS && isAccident(roads.spots, record)) noteAccident(roads.accidents, place, minute);
  if (stays) return;
  if (lane !== EXIT_LANE) {
    const { lav, toll, zone } = here;
    car.toll = toll;
    emit({ kind: PassageKind.entry, time, vid, lav, toll, accident: zone, charge, query: 0 });
  } else if (continues) {
    emit({ kind: PassageKind.exit, time, vid, lav: -1, toll: 0, accident: -1, charge, query: 0 });
  }
}

function holdRequest({ requests }: Roads, { query, time, vid }: RoadRecord): void {
  const request = requests.upsert(query);
  request.time = time;
  request.vid = vid;
}

/** What the requests ask for is complete: the second that they were made in is over. */
export function passRequests({ requests }: Roads, emit: Emit<typeof passageFields>): void {
  if (requests.size === 0) return;
  for (const { query, time, vid } of requests) emit(requestPassage(time, vid, query));
  requests.clear();
}

const requestPassage = (time: number, vid: number, query: number): Passage => ({
  kind: PassageKind.request,
  time,
  vid,
  lav: -1,
  toll: 0,
  accident: -1,
  charge: 0,
  query,
});

/** Adds a report to the statistics of its segment and minute: a vehicle counts once, with its mean speed. */
function count(
  { visits }: Roads,
  { vid, speed, place }: RoadRecord,
  car: Vehicle,
  here: Segment,
  minute: number,
): void {
  if (car.minute !== minute) {
    car.minute = minute;
    car.placeBeforeAnd1 = 0;
    car.roams = false;
  } else if (car.place === place) {
    here.sum -= scaledMean(car.speeds, car.reports);
    car.speeds += speed;
    car.reports += 1;
    here.sum += scaledMean(car.speeds, car.reports);
    return;
  } else {
    const { placeBeforeAnd1, speedsBefore, reportsBefore } = car;
    car.placeBeforeAnd1 = car.place + 1;
    car.speedsBefore = car.speeds;
    car.reportsBefore = car.reports;
    let been = placeBeforeAnd1 === place + 1 ? { speeds: speedsBefore, reports: reportsBefore } : undefined;
    if (been === undefined && placeBeforeAnd1 !== 0) {
      const visit = visits.upsert(vid, placeBeforeAnd1 - 1);
      visit.minute = minute;
      visit.speeds = speedsBefore;
      visit.reports = reportsBefore;
      const found = car.roams ? visits.get(vid, place) : undefined;
      if (found?.minute === minute) been = found;
      car.roams = true;
    }
    if (been !== undefined) {
      here.sum -= scaledMean(been.speeds, been.reports);
      car.place = place;
      car.speeds = been.speeds + speed;
      car.reports = been.reports + 1;
      here.sum += scaledMean(car.speeds, car.reports);
      return;
    }
  }
  car.place = place;
  car.speeds = speed;
  car.reports = 1;
  here.count += 1;
  here.sum += scaledMean(speed, 1);
}

/** The first report in a minute: the minutes before are complete, and say what is told in this one. */
function turnTo(
  minute: number,
  here: Segment,
  accidents: StateTable<typeof placeKey, typeof accident>,
  place: number,
): void {
  const passed = Math.min(6, minute - here.minute);
  for (let i = 0; i < passed; i++) {
    here.count5 = here.count4;
    here.sum5 = here.sum4;
    here.count4 = here.count3;
    here.sum4 = here.sum3;
    here.count3 = here.count2;
    here.sum3 = here.sum2;
    here.count2 = here.count1;
    here.sum2 = here.sum1;
    here.count1 = here.count;
    here.sum1 = here.sum;
    here.count = 0;
    here.sum = 0;
  }
  here.minute = minute;
  const sums = [here.sum1, here.sum2, here.sum3, here.sum4, here.sum5];
  const counts = [here.count1, here.count2, here.count3, here.count4, here.count5];
  const lav = latestAverageVelocity(sums, counts);
  const zone = accidentAhead(accidents, place, minute - 1);
  here.lav = lav;
  here.zone = zone;
  here.toll = zone < 0 ? tollOf(lav, here.count1) : 0;
}

/** The nearest segment downstream with an accident in a minute; -1 if there is none. */
function accidentAhead(accidents: StateTable<typeof placeKey, typeof accident>, place: number, minute: number): number {
  if (accidents.size === 0) return -1;
  const road = roadAt(place);
  const segment = place % SEGMENTS;
  const step = (road & 1) === 0 ? 1 : -1;
  for (let i = 0, at = segment; i < ZONE_SEGMENTS && at >= 0 && at < SEGMENTS; i++, at += step) {
    const found = accidents.get(placeOf(road, at));
    if (found !== undefined && (found.minute === minute || found.minuteBefore === minute)) return at;
  }
  return -1;
}

/** Notes a stopped report; true if another vehicle stopped at the same spot at most 30 s before. */
function isAccident(
  spots: StateTable<typeof spotKey, typeof spot>,
  { place, lane, position, vid, time }: RoadRecord,
): boolean {
  const at = spots.upsert(roadAt(place) * 8 + lane, position);
  if (at.vid !== vid) {
    at.vidBefore = at.vid;
    at.timeBefore = at.time;
    at.vid = vid;
  }
  at.time = time;
  // A fourth report comes at second 90 at the earliest.
  return at.timeBefore > 0 && at.timeBefore >= time - REPORT_SECONDS;
}

function noteAccident(accidents: StateTable<typeof placeKey, typeof accident>, place: number, minute: number): void {
  const found = accidents.upsert(place);
  if (found.minute === minute) return;
  found.minuteBefore = found.minute;
  found.minute = minute;
}

/** Forgets vehicles that have left, a part of the tables each second: all of them at once would hold everybody up. */
function sweep({ vehicles, visits, spots }: Roads, timeBefore: number, time: number): void {
  const from = time - KEPT_SECONDS;
  const minute = minuteOf(time);
  for (let second = Math.max(timeBefore, time - SWEEP_SECONDS); second < time; second++) {
    const part = second % SWEEP_SECONDS;
    for (const { vid, timeAnd1 } of vehicles.slice(part, SWEEP_SECONDS)) if (timeAnd1 <= from) vehicles.delete(vid);
    for (const each of visits.slice(part, SWEEP_SECONDS)) if (each.minute < minute) visits.delete(each.vid, each.place);
    for (const each of spots.slice(part, SWEEP_SECONDS))
      if (each.time < from) spots.delete(each.roadAndLane, each.position);
  }
}
