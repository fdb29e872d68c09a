// What must come out of a simulated flow in event time: lateness by partition, in order, and windows over all tuples at once.
// Promises: knows nothing of Millrace, nor of when anything happens.

import type { Relay, SecondStage, TimedFlow, TimedReader } from './time-case.ts';
import {
  beforeTime,
  chainTimed,
  ECHO_MS,
  gatherResult,
  gatherTimed,
  isKept,
  isPoisonBucket,
  isTimedPoison,
  LATEST_MS,
  leftTuple,
  type Result,
  type Timed,
  timedTuple,
} from './time-steps.ts';

export interface Judged {
  readonly onTime: readonly Timed[];
  readonly late: readonly Timed[];
  readonly bad: readonly Timed[];
}

/**
 * Tells apart what a source gives, by its partitions.
 * @param isLate what is late behind a silence, which depends on when things happen
 */
export function judged(
  flow: TimedFlow,
  source: number,
  length: number,
  isLate: (tuple: Timed) => boolean = () => false,
): Judged {
  const of = flow.sources[source];
  const onTime: Timed[] = [];
  const late: Timed[] = [];
  const bad: Timed[] = [];
  for (let partition = 0; partition < of.partitions; partition++) {
    let seen = Number.NEGATIVE_INFINITY;
    for (let index = partition; index < length; index += of.partitions) {
      for (const tuple of beforeTime(of, timedTuple(flow, source, index))) {
        const { at } = tuple;
        if (Number.isNaN(at)) bad.push(tuple);
        else if (at < seen - of.outOfOrderMs - of.allowedLatenessMs || isLate(tuple)) late.push(tuple);
        else {
          onTime.push(tuple);
          seen = Math.max(seen, at);
        }
      }
    }
  }
  return { onTime, late, bad };
}

export interface Relayed {
  readonly tuples: readonly Timed[];
  /** By the name of the operator that fails at them. */
  readonly poison: readonly (readonly [string, Timed])[];
}

/** @param prefix of the names of the relays */
export function relayed(relays: readonly Relay[], given: readonly Timed[], prefix: string): Relayed {
  const poison: (readonly [string, Timed])[] = [];
  let tuples = given;
  relays.forEach((relay, index) => {
    if (relay.kind === 'filter') tuples = tuples.filter((tuple) => isKept(relay.drop, tuple));
    for (const tuple of tuples)
      if (isTimedPoison(relay, tuple)) poison.push([`${prefix}${relay.kind}-${index}`, tuple]);
    tuples = tuples.filter((tuple) => !isTimedPoison(relay, tuple));
    if (relay.kind !== 'process' || !relay.leaves) return;
    const left = [...grouped(tuples, ({ key }) => key)].map(([key, own]) =>
      leftTuple(index, key, own[0].team, own.reduce(chainTimed, 0)),
    );
    tuples = [...tuples, ...left];
  });
  return { tuples, poison };
}

export function grouped<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** The final results of a reader, each key's in the order in which they come if nothing is given twice. */
export function resultsOf(reader: TimedReader, tuples: readonly Timed[]): Result[] {
  const isByTeam = (reader.kind === 'sliced' || reader.kind === 'session') && reader.by === 'team';
  const groups = grouped(tuples, ({ key, team }) => (isByTeam ? team : key));
  return [...groups].flatMap(([key, own]) => resultsOfKey(reader, key, own));
}

function resultsOfKey(reader: TimedReader, key: string, tuples: readonly Timed[]): Result[] {
  switch (reader.kind) {
    case 'sliced':
      return slicedOf(reader, key, tuples);
    case 'session':
      return sessionsOf(reader, key, tuples);
    case 'count':
      return countsOf(reader, key, tuples);
    case 'timers':
      return timersOf(reader, key, tuples);
    case 'all':
      return [];
  }
}

/** @param inOrder the order of a key's tuples, where it counts */
function resultOf(key: string, start: number, end: number, tuples: readonly Timed[], inOrder: boolean): Result {
  return {
    key,
    all: '',
    start,
    end,
    tuples: tuples.length,
    digest: tuples.reduce(inOrder ? chainTimed : gatherTimed, 0),
  };
}

type Of<Kind> = Extract<TimedReader, { readonly kind: Kind }>;

function slicedOf(
  { sizeMs, everyMs, offsetMs, rows, by }: Of<'sliced'>,
  key: string,
  tuples: readonly Timed[],
): Result[] {
  const windows = new Map<number, Timed[]>();
  for (const tuple of tuples) {
    const last = Math.floor((tuple.at - offsetMs) / everyMs) * everyMs + offsetMs;
    for (let start = last; start + sizeMs > tuple.at; start -= everyMs) {
      const own = windows.get(start);
      if (own === undefined) windows.set(start, [tuple]);
      else own.push(tuple);
    }
  }
  return [...windows]
    .sort(([one], [other]) => one - other)
    .map(([start, own]) => resultOf(key, start, start + sizeMs, own, rows && by === 'key'));
}

function sessionsOf({ gapMs, rows, by }: Of<'session'>, key: string, tuples: readonly Timed[]): Result[] {
  const places = new Map(tuples.map((tuple, place) => [tuple, place]));
  const sorted = tuples.toSorted((one, other) => one.at - other.at);
  const sessions: Timed[][] = [];
  for (const tuple of sorted) {
    const session = sessions.at(-1);
    const last = session?.at(-1);
    if (session === undefined || last === undefined || tuple.at >= last.at + gapMs) sessions.push([tuple]);
    else session.push(tuple);
  }
  return sessions.map((session) => {
    const [start, end] = [session[0].at, session[session.length - 1].at + gapMs];
    session.sort((one, other) => Number(places.get(one)) - Number(places.get(other)));
    return resultOf(key, start, end, session, rows && by === 'key');
  });
}

function countsOf({ size, every, rest, rows }: Of<'count'>, key: string, tuples: readonly Timed[]): Result[] {
  const results: Result[] = [];
  const give = (start: number, end: number): void => {
    const result = resultOf(key, start, end, tuples.slice(start, end), rows);
    // A key of which nothing is kept begins anew.
    const from = size === every ? start : 0;
    if (rows) results.push({ ...result, start: start - from, end: end - from });
    else results.push({ ...result, start: 0, end: 0 });
  };
  let start = 0;
  for (; start + size <= tuples.length; start += every) give(start, start + size);
  if (rest && tuples.length > start) give(start, tuples.length);
  return results;
}

function timersOf({ sizeMs, echoes, poisonEvery }: Of<'timers'>, key: string, tuples: readonly Timed[]): Result[] {
  const buckets = [...grouped(tuples, ({ at }) => String(Math.floor(at / sizeMs) * sizeMs))]
    .map(([start, own]) => [Number(start), own] as const)
    .sort(([one], [other]) => one - other);
  const results: Result[] = [];
  let from = 0;
  let left = 0;
  let echoAt = Number.POSITIVE_INFINITY;
  const echoUntil = (until: number): void => {
    while (echoAt < until) {
      results.push({ key, all: '', start: from, end: echoAt, tuples: 0, digest: left });
      left -= 1;
      echoAt = left > 0 ? echoAfter(echoAt) : Number.POSITIVE_INFINITY;
    }
  };
  for (const [start, own] of buckets) {
    const end = Math.min(start + sizeMs, LATEST_MS);
    echoUntil(end);
    if (isPoisonBucket(poisonEvery, key, start)) continue;
    results.push(resultOf(key, start, end, own, false));
    from = start;
    left = echoes;
    if (own.length % 3 === 0) echoAt = Number.POSITIVE_INFINITY;
    else if (left > 0) echoAt = echoAfter(end);
  }
  echoUntil(Number.POSITIVE_INFINITY);
  return results;
}

const echoAfter = (atMs: number): number => (atMs + ECHO_MS <= LATEST_MS ? atMs + ECHO_MS : Number.POSITIVE_INFINITY);

/** Buckets that fail, as what their errors say. */
export function poisonBucketsOf(reader: TimedReader, tuples: readonly Timed[]): string[] {
  if (reader.kind !== 'timers') return [];
  const { sizeMs, poisonEvery } = reader;
  const buckets = grouped(tuples, ({ key, at }) => `${key} ${Math.floor(at / sizeMs) * sizeMs}`);
  return [...buckets.keys()].filter((name) => {
    const [key, start] = name.split(' ');
    return isPoisonBucket(poisonEvery, key, Number(start));
  });
}

/** The time of a result: the end of its window, less what is the least there is; of a timer it is the timer's. */
export const timeOf = (reader: TimedReader, { end }: Result): number =>
  reader.kind === 'timers' ? end : Math.min(Math.ceil(end) - 1, LATEST_MS);

/** A result, and its time. */
export interface ResultAt {
  readonly result: Result;
  readonly atMs: number;
}

/** Windows of results, in the order of their ends. */
export function secondOf({ by, sizeMs }: SecondStage, results: readonly ResultAt[]): Result[] {
  const startOf = ({ atMs }: ResultAt): number => Math.floor(atMs / sizeMs) * sizeMs;
  const byWindow = grouped(results, (each) => `${each.result[by]} ${startOf(each)}`);
  return [...byWindow.values()]
    .map((own) => {
      const start = startOf(own[0]);
      const digest = own.reduce((sum, { result }) => gatherResult(sum, result), 0);
      return { key: own[0].result[by], all: '', start, end: start + sizeMs, tuples: own.length, digest };
    })
    .sort((one, other) => one.end - other.end);
}
