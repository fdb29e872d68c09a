// The oracle of the chaos run in event time: says by a plain model what windows, timers and joins must have come to.
// Promises: a tuple that is lost, doubled, late without a reason, or in another window is found. Which tuples are late behind a silence
// depends on clocks, so the job says which were; that they may be is checked, and all else follows from it.
// Relies on: a partition gives its tuples in order and leaves none out, so that their number tells which they were.

import type { Result } from '../simulate/time-steps.ts';
import { JoinOracle } from './join-oracle.ts';
import type { Violations } from './oracle.ts';
import { joinedTuple } from './time-joins.ts';
import {
  isPausing,
  PARTITIONS,
  type SourceName,
  type TimedTuple,
  type TimeSettings,
  timedTuple,
  WINDOWS,
} from './time-tuples.ts';

/** A window, a session or a bucket of timers, with what is in it. */
export interface Row {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly tuples: number;
  readonly weights: number;
}

/** How a tuple has come out. */
type Place = Pick<TimedTuple, 'source' | 'partition' | 'n'>;

export type Windows = 'tumbling' | 'sliding' | 'sessions' | 'timers';

/** What came of the tuples of one partition, by their numbers. */
const ON_TIME = 1;
const LATE = 2;

class Partition {
  readonly outcomes: number[] = [];
  lastOnTime = -1;

  get count(): number {
    return this.outcomes.length;
  }
}

const nameOf = ({ source, partition, n }: Place): string => `tuple ${n} of ${source}/${partition}`;

export class TimeOracle {
  /** Tuples on time, and late ones; of these, those that are late because others went ahead while their partition was silent. */
  onTime = 0;
  late = 0;
  leftBehind = 0;
  rows = 0;
  private readonly partitions: Readonly<Record<SourceName, readonly Partition[]>>;
  private readonly results = new Map<string, string>();
  private readonly violations: Violations;
  private readonly settings: TimeSettings;
  private readonly joins: JoinOracle;

  constructor(settings: TimeSettings, violations: Violations) {
    this.settings = settings;
    this.violations = violations;
    this.joins = new JoinOracle(settings.joins, violations);
    const of = (source: SourceName): Partition[] => Array.from({ length: PARTITIONS[source] }, () => new Partition());
    this.partitions = { a: of('a'), b: of('b') };
  }

  /** A tuple has come out, of the stream that is on time or of the late one. */
  see(place: Place, isLate: boolean): void {
    const partition = this.partitions[place.source][place.partition];
    if (partition.outcomes[place.n] !== undefined) this.violations.add('doubled', `${nameOf(place)} came twice`);
    partition.outcomes[place.n] = isLate ? LATE : ON_TIME;
    if (isLate) this.late++;
    else {
      this.onTime++;
      if (place.n < partition.lastOnTime)
        this.violations.add('reordered', `${nameOf(place)} came after ${partition.lastOnTime}`);
      partition.lastOnTime = place.n;
    }
  }

  seeRow(of: Windows, row: Row): void {
    const name = `${of} ${row.key} ${row.start}`;
    this.rows++;
    if (this.results.has(name)) this.violations.add('doubled', `${name} came twice`);
    this.results.set(name, contentOf(row));
  }

  /** @param join which of the joins the row has come out of */
  seeJoined(join: number, row: Result): void {
    this.rows++;
    this.joins.see(join, row);
  }

  seeLetter(operator: string, message: string): void {
    this.joins.seeLetter(operator, message);
  }

  /** The end. @param made how many tuples each source has given in all */
  finish(made: Readonly<Record<SourceName, number>>): void {
    for (const source of ['a', 'b'] as const) {
      const counts = this.partitions[source].map(({ count }) => count);
      const count = counts.reduce((sum, each) => sum + each, 0);
      if (count !== made[source])
        this.violations.add('lost', `${count} tuples of '${source}' came out, and ${made[source]} were read`);
    }
    const newest = this.newestOthers();
    const a = this.onTimeOf('a', newest);
    const b = this.onTimeOf('b', newest);
    const expected = new Map<string, string>();
    for (const [of, rows] of windowsOf(a))
      for (const row of rows) expected.set(`${of} ${row.key} ${row.start}`, contentOf(row));
    this.compare(expected);
    this.joins.finish(a.map(joinedTuple), b.map(joinedTuple));
  }

  private compare(expected: ReadonlyMap<string, string>): void {
    const { results, violations } = this;
    for (const [name, content] of expected) {
      const found = results.get(name);
      if (found === undefined) violations.add('lost', `${name} did not come`);
      else if (found !== content) violations.add('wrongState', `${name} has ${found} instead of ${content}`);
    }
    for (const name of results.keys()) if (!expected.has(name)) violations.add('other', `${name} came, and should not`);
  }

  /** Of each partition, the largest time that any other one has given. */
  private newestOthers(): (source: SourceName, partition: number) => number {
    const newest = (['a', 'b'] as const).flatMap((source) =>
      this.partitions[source].map(({ count }, partition) => {
        let at = Number.NEGATIVE_INFINITY;
        for (let n = 0; n < count; n++) at = Math.max(at, timedTuple(this.settings, source, partition, n).at);
        return { source, partition, at };
      }),
    );
    return (source, partition) =>
      Math.max(...newest.filter((each) => each.source !== source || each.partition !== partition).map(({ at }) => at));
  }

  /** The tuples of a source that were on time; checks that those that were not, and no others, had a reason. */
  private onTimeOf(source: SourceName, newestOther: (source: SourceName, partition: number) => number): TimedTuple[] {
    const { outOfOrderMs } = this.settings;
    return this.partitions[source].flatMap(({ outcomes }, partition) => {
      const others = newestOther(source, partition);
      const onTime: TimedTuple[] = [];
      let seen = Number.NEGATIVE_INFINITY;
      for (let n = 0; n < outcomes.length; n++) {
        const tuple = timedTuple(this.settings, source, partition, n);
        const outcome = outcomes[n];
        const isBelowOwn = tuple.at < seen - outOfOrderMs;
        if (outcome === undefined) this.violations.add('lost', `${nameOf(tuple)} did not come`);
        else if (outcome === ON_TIME) {
          if (isBelowOwn)
            this.violations.add('other', `${nameOf(tuple)} is late by its own partition, and was on time`);
          onTime.push(tuple);
          seen = Math.max(seen, tuple.at);
        } else if (!isBelowOwn) {
          this.leftBehind++;
          if (!isPausing(this.settings, source, partition))
            this.violations.add('other', `${nameOf(tuple)} is late, and nothing was idle there`);
          else if (tuple.at >= others) this.violations.add('other', `${nameOf(tuple)} is late, and no other is ahead`);
        }
      }
      return onTime;
    });
  }
}

const contentOf = ({ end, tuples, weights }: Row): string => `end ${end}, ${tuples} tuples, weights ${weights}`;

function byKey(tuples: readonly TimedTuple[]): Map<string, TimedTuple[]> {
  const keys = new Map<string, TimedTuple[]>();
  for (const tuple of tuples) {
    const own = keys.get(tuple.key);
    if (own === undefined) keys.set(tuple.key, [tuple]);
    else own.push(tuple);
  }
  for (const own of keys.values()) own.sort((one, other) => one.at - other.at);
  return keys;
}

const rowOf = (key: string, start: number, end: number, tuples: readonly TimedTuple[]): Row => ({
  ...{ key, start, end, tuples: tuples.length },
  weights: tuples.reduce((sum, { weight }) => sum + weight, 0),
});

function slicesOf(key: string, tuples: readonly TimedTuple[], sizeMs: number, everyMs: number): Row[] {
  const windows = new Map<number, TimedTuple[]>();
  for (const tuple of tuples) {
    for (let start = Math.floor(tuple.at / everyMs) * everyMs; start + sizeMs > tuple.at; start -= everyMs) {
      const own = windows.get(start);
      if (own === undefined) windows.set(start, [tuple]);
      else own.push(tuple);
    }
  }
  return [...windows].map(([start, own]) => rowOf(key, start, start + sizeMs, own));
}

function sessionsOf(key: string, tuples: readonly TimedTuple[], gapMs: number): Row[] {
  const sessions: TimedTuple[][] = [];
  for (const tuple of tuples) {
    const session = sessions.at(-1);
    const last = session?.at(-1);
    if (session === undefined || last === undefined || tuple.at >= last.at + gapMs) sessions.push([tuple]);
    else session.push(tuple);
  }
  return sessions.map((session) => rowOf(key, session[0].at, session[session.length - 1].at + gapMs, session));
}

function windowsOf(tuples: readonly TimedTuple[]): [Windows, Row[]][] {
  const { tumblingMs, slidingMs, everyMs, gapMs, bucketMs } = WINDOWS;
  const keys = [...byKey(tuples)];
  return [
    ['tumbling', keys.flatMap(([key, own]) => slicesOf(key, own, tumblingMs, tumblingMs))],
    ['sliding', keys.flatMap(([key, own]) => slicesOf(key, own, slidingMs, everyMs))],
    ['sessions', keys.flatMap(([key, own]) => sessionsOf(key, own, gapMs))],
    ['timers', keys.flatMap(([key, own]) => slicesOf(key, own, bucketMs, bucketMs))],
  ];
}
