// Goal: the oracle of the chaos run in event time finds a single tuple that is lost, doubled, out of order or late without a reason, and
// a single window, match of a join, row without a mate or dead letter that is missing, doubled or wrong; and blames no run in which all is
// well.
// MILLRACE_TEST_SEED=<seed> repeats the random cases.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ViolationKind, Violations } from '../../proof/chaos/oracle.ts';
import { joinedTuple } from '../../proof/chaos/time-joins.ts';
import { type Row, TimeOracle, type Windows } from '../../proof/chaos/time-oracle.ts';
import {
  isPausing,
  PARTITIONS,
  SOURCES,
  type SourceName,
  type TimedTuple,
  type TimeSettings,
  timedTuple,
  timePlanOf,
  WINDOWS,
} from '../../proof/chaos/time-tuples.ts';
import type { IntervalCase, JoinCase, LookupCase } from '../../proof/simulate/join-case.ts';
import { joinedOf } from '../../proof/simulate/join-expected.ts';
import { intervalTime, isPoisonAlone, isRemoved, joinedRow, lookedUpRow } from '../../proof/simulate/join-steps.ts';
import type { Result, Timed } from '../../proof/simulate/time-steps.ts';
import { runs } from '../kit/arbitraries.ts';

const JOINED = { parallelism: 1, second: undefined };
const PAIRED = { ...JOINED, pairs: 'full', poisonEvery: 0 } as const;
const JOINS: readonly JoinCase[] = [
  { kind: 'interval', by: 'mate', ...PAIRED, poisonEvery: 97, fromMs: -5, toMs: 5 },
  { kind: 'joinedSlices', by: 'key', ...PAIRED, sizeMs: 25, everyMs: 18, offsetMs: 3 },
  { kind: 'joinedSessions', by: 'mate', ...PAIRED, gapMs: 5 },
  { kind: 'asOf', by: 'key', ...JOINED, removesEvery: 4 },
  { kind: 'both', by: 'key', ...JOINED, sizeMs: 100 },
];
const [INTERVAL, , , AS_OF] = JOINS;
const SETTINGS: TimeSettings = {
  outOfOrderMs: 8,
  idleAfterMs: 100,
  combine: false,
  rateOfB: 400,
  aheadMsOfB: 20,
  silentB: false,
  joins: JOINS,
};

interface Out {
  readonly seen: TimedTuple[];
  readonly late: TimedTuple[];
  readonly rows: [Windows, Row][];
  /** Of each join. */
  readonly joined: Result[][];
  readonly letters: string[];
}

/** All windows of a length that a tuple is in, told one by one. */
function starts(at: number, sizeMs: number, everyMs: number): number[] {
  const found: number[] = [];
  for (let start = Math.ceil((at - sizeMs) / everyMs - 1) * everyMs; start <= at; start += everyMs) {
    if (start <= at && at < start + sizeMs) found.push(start + 0);
  }
  return found;
}

function add(rows: Map<string, [Windows, Row]>, of: Windows, { key, weight }: TimedTuple, start: number, end: number) {
  const name = `${of} ${key} ${start}`;
  const before = rows.get(name)?.[1] ?? { key, start, end, tuples: 0, weights: 0 };
  rows.set(name, [of, { ...before, tuples: before.tuples + 1, weights: before.weights + weight }]);
}

/** What comes of tuples, told without the oracle's model. */
function outOf(counts: Readonly<Record<SourceName, readonly number[]>>): Out {
  const seen: TimedTuple[] = [];
  const late: TimedTuple[] = [];
  for (const source of SOURCES) {
    counts[source].forEach((count, partition) => {
      let limit = Number.NEGATIVE_INFINITY;
      for (let n = 0; n < count; n++) {
        const tuple = timedTuple(SETTINGS, source, partition, n);
        (tuple.at < limit ? late : seen).push(tuple);
        if (tuple.at >= limit) limit = Math.max(limit, tuple.at - SETTINGS.outOfOrderMs);
      }
    });
  }
  const ofA = seen.filter(({ source }) => source === 'a');
  const ofB = seen.filter(({ source }) => source === 'b');
  const rows = new Map<string, [Windows, Row]>();
  const { tumblingMs, slidingMs, everyMs, bucketMs, gapMs } = WINDOWS;
  for (const tuple of ofA) {
    for (const start of starts(tuple.at, tumblingMs, tumblingMs))
      add(rows, 'tumbling', tuple, start, start + tumblingMs);
    for (const start of starts(tuple.at, slidingMs, everyMs)) add(rows, 'sliding', tuple, start, start + slidingMs);
    for (const start of starts(tuple.at, bucketMs, bucketMs)) add(rows, 'timers', tuple, start, start + bucketMs);
    // The session of a tuple: as far as there is one within the gap.
    const own = ofA.filter(({ key }) => key === tuple.key).map(({ at }) => at);
    let [first, last] = [tuple.at, tuple.at];
    for (let isLonger = true; isLonger; ) {
      const next = own.filter((at) => at > last && at < last + gapMs);
      const before = own.filter((at) => at < first && first < at + gapMs);
      isLonger = next.length + before.length > 0;
      [first, last] = [Math.min(first, ...before), Math.max(last, ...next)];
    }
    add(rows, 'sessions', tuple, first, last + gapMs);
  }
  const [lefts, rights] = [ofA.map(joinedTuple), ofB.map(joinedTuple)];
  const joined = JOINS.map((join) => {
    if (join === INTERVAL) return intervalsOf(join as IntervalCase, lefts, rights);
    if (join === AS_OF) return lefts.map((fact) => validAt(join as LookupCase, fact, rights));
    return joinedOf(join as IntervalCase, lefts, rights).rows.map(({ result }) => result);
  });
  const letters = joinedOf(INTERVAL as IntervalCase, lefts, rights).failed.map((text) => `interval-0: ${text}`);
  return { seen, late, rows: [...rows.values()], joined, letters };
}

/** Told by all tuples with all others. */
function intervalsOf(join: IntervalCase, lefts: readonly Timed[], rights: readonly Timed[]): Result[] {
  const { fromMs, toMs, by, poisonEvery } = join;
  const areMates = (left: Timed, right: Timed): boolean =>
    left.mate !== null && left.mate === right.mate && left.at + fromMs <= right.at && right.at < left.at + toMs;
  const row = (left: Timed | undefined, right: Timed | undefined): Result =>
    joinedRow(left, right, by, intervalTime(left, right, by, join), 0);
  const isGiven = (alone: Timed): boolean => !isPoisonAlone(poisonEvery, by, alone);
  return [
    ...lefts.flatMap((left) => rights.filter((right) => areMates(left, right)).map((right) => row(left, right))),
    ...lefts
      .filter((left) => isGiven(left) && !rights.some((right) => areMates(left, right)))
      .map((left) => row(left, undefined)),
    ...rights
      .filter((right) => isGiven(right) && !lefts.some((left) => areMates(left, right)))
      .map((right) => row(undefined, right)),
  ];
}

function validAt(join: LookupCase, fact: Timed, rights: readonly Timed[]): Result {
  let valid: Timed | undefined;
  for (const change of rights)
    if (change.key === fact.key && change.at <= fact.at && (valid === undefined || change.at >= valid.at))
      valid = change;
  const isGone = valid !== undefined && isRemoved(join.removesEvery, valid);
  return lookedUpRow(fact, isGone ? undefined : valid, join.by);
}

/** @param more tuples that were read, and did not come out */
function judge({ seen, late, rows, joined, letters }: Out, more = 0): Violations['counts'] {
  const violations = new Violations();
  const oracle = new TimeOracle(SETTINGS, violations);
  for (const tuple of seen) oracle.see(tuple, false);
  for (const tuple of late) oracle.see(tuple, true);
  for (const [of, row] of rows) oracle.seeRow(of, row);
  joined.forEach((own, join) => {
    for (const each of own) oracle.seeJoined(join, each);
  });
  for (const letter of letters) oracle.seeLetter('interval-0', letter.replace('interval-0: ', ''));
  const made = (name: SourceName): number =>
    new Set([...seen, ...late].filter(({ source }) => source === name).map(({ partition, n }) => `${partition} ${n}`))
      .size;
  oracle.finish({ a: made('a') + more, b: made('b') });
  return violations.counts;
}

const NOTHING: Violations['counts'] = { lost: 0, doubled: 0, reordered: 0, wrongState: 0, other: 0 };
const countsOf = (source: SourceName) =>
  fc.array(fc.nat(150), { minLength: PARTITIONS[source], maxLength: PARTITIONS[source] });

test('a run in which all is well is blamed for nothing', () => {
  const property = fc.property(countsOf('a'), countsOf('b'), (a, b) => {
    assert.deepEqual(judge(outOf({ a, b })), NOTHING);
  });
  fc.assert(property, runs(25));
});

const WELL = outOf({ a: [200, 120, 150, 90], b: [180, 160] });
const without = <Item>(items: readonly Item[], i: number): Item[] => items.filter((_, at) => at !== i);
const [[of, row]] = WELL.rows;

const faults: Readonly<Record<string, readonly [ViolationKind, Out, number?]>> = {
  'a tuple that did not come out': ['lost', { ...WELL, seen: without(WELL.seen, 7) }],
  'a tuple at the end that was read, and did not come out': ['lost', WELL, 1],
  'a tuple that came twice': ['doubled', { ...WELL, seen: [...WELL.seen, WELL.seen[3]] }],
  'a tuple that was on time, and late as well': ['doubled', { ...WELL, late: [...WELL.late, WELL.seen[3]] }],
  'a tuple before the one before it': [
    'reordered',
    { ...WELL, seen: [WELL.seen[1], WELL.seen[0], ...WELL.seen.slice(2)] },
  ],
  'a late tuple that was on time': ['other', { ...WELL, seen: [...WELL.seen, WELL.late[0]], late: WELL.late.slice(1) }],
  'a window that did not come': ['lost', { ...WELL, rows: WELL.rows.slice(1) }],
  'a window that came twice': ['doubled', { ...WELL, rows: [...WELL.rows, WELL.rows[0]] }],
  'a window with a tuple of another': [
    'wrongState',
    { ...WELL, rows: [[of, { ...row, weights: row.weights + 1 }], ...WELL.rows.slice(1)] },
  ],
  'a window of another key': ['other', { ...WELL, rows: [...WELL.rows, [of, { ...row, key: 'other' }]] }],
  'a dead letter of a join that did not come': ['lost', { ...WELL, letters: WELL.letters.slice(1) }],
  'a dead letter of a join that came twice': ['doubled', { ...WELL, letters: [...WELL.letters, WELL.letters[0]] }],
};

for (const [fault, [kind, out, more]] of Object.entries(faults)) {
  test(`finds ${fault}`, () => {
    assert.ok(judge(out, more)[kind] > 0);
  });
}

/** The same, but for one join. */
const otherwise = (join: number, change: (rows: Result[]) => Result[]): Out => ({
  ...WELL,
  joined: WELL.joined.map((rows, at) => (at === join ? change(rows) : rows)),
});
const PAIR = 3;

JOINS.forEach(({ kind }, join) => {
  const isMatch = ({ tuples }: Result): boolean => kind === 'asOf' || kind === 'both' || tuples === PAIR;
  const at = (rows: Result[]): number => rows.findIndex(isMatch);
  const lookup = kind === 'asOf';

  test(`${kind}: finds a match that is lost`, () => {
    assert.ok(at(WELL.joined[join]) >= 0);
    const { lost, wrongState } = judge(otherwise(join, (rows) => without(rows, at(rows))));
    assert.equal(lookup ? wrongState : lost, 1);
  });

  test(`${kind}: finds a match that is doubled`, () => {
    const { doubled, wrongState } = judge(otherwise(join, (rows) => [...rows, rows[at(rows)]]));
    assert.ok((lookup ? wrongState : doubled) > 0);
  });

  test(`${kind}: finds a match with another tuple`, () => {
    const wrong = judge(
      otherwise(join, (rows) => {
        const match = rows[at(rows)];
        const other = lookup ? { ...match, end: match.end + 1 } : { ...match, digest: match.digest + 1 };
        return [...without(rows, at(rows)), other];
      }),
    );
    assert.ok(wrong.other + wrong.wrongState > 0);
  });
});

test('finds a tuple that came out of a join alone though it had met its mate', () => {
  const left = WELL.seen.filter(({ source }) => source === 'a').map(joinedTuple);
  const rights = WELL.seen.filter(({ source }) => source === 'b').map(joinedTuple);
  const met = left.find(({ mate, at }) =>
    rights.some((right) => mate !== null && right.mate === mate && at - 5 <= right.at && right.at < at + 5),
  ) as Timed;
  const alone = joinedRow(met, undefined, 'mate', intervalTime(met, undefined, 'mate', INTERVAL as IntervalCase), 0);
  assert.equal(judge(otherwise(0, (rows) => [...rows, alone])).other, 1);
});

test('finds windows of a key that came out of order', () => {
  assert.ok(judge(otherwise(1, (rows) => rows.toReversed())).reordered > 0);
});

test('seeds draw joins of all kinds, and sources of different pace', () => {
  const plans = Array.from({ length: 40 }, (_, seed) => timePlanOf(seed).flow);
  const kinds = new Set(plans.flatMap(({ joins }) => joins.map(({ kind }) => kind)));
  assert.deepEqual([...kinds].sort(), ['asOf', 'both', 'interval', 'joinedSessions', 'joinedSlices', 'latest']);
  assert.ok(new Set(plans.map(({ rateOfB }) => rateOfB)).size > 1);
  assert.ok(plans.some(({ silentB }) => silentB) && plans.some(({ aheadMsOfB }) => aheadMsOfB > 0));
});

/** Makes one tuple late that was on time, with all that comes of it. */
function leftBehind(partition: number): Violations['counts'] {
  const i = WELL.seen.findIndex((tuple) => tuple.source === 'b' && tuple.partition === partition && tuple.n === 40);
  return judge({ ...WELL, seen: without(WELL.seen, i), late: [...WELL.late, WELL.seen[i]] });
}

test('finds a tuple that is late though its partition is never silent; one of a silent partition may be', () => {
  assert.deepEqual([isPausing(SETTINGS, 'b', 0), isPausing(SETTINGS, 'b', 1)], [false, true]);
  assert.ok(leftBehind(0).other > leftBehind(1).other);
});
