// Goal: the oracle of the chaos run in event time finds a single tuple that is lost, doubled, out of order or late without a reason, and
// a single window or pair that is missing, doubled or wrong; and blames no run in which all is well.
// MILLRACE_TEST_SEED=<seed> repeats the random cases.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ViolationKind, Violations } from '../../proof/chaos/oracle.ts';
import { type PairRow, type Row, TimeOracle, type Windows } from '../../proof/chaos/time-oracle.ts';
import {
  INTERVAL,
  isPausing,
  NOBODY,
  PARTITIONS,
  placeOf,
  SOURCES,
  type SourceName,
  type TimedTuple,
  type TimeSettings,
  timedTuple,
  WINDOWS,
} from '../../proof/chaos/time-tuples.ts';
import { runs } from '../kit/arbitraries.ts';

const SETTINGS: TimeSettings = { outOfOrderMs: 8, idleAfterMs: 100, combine: false };

interface Out {
  readonly seen: TimedTuple[];
  readonly late: TimedTuple[];
  readonly rows: [Windows, Row][];
  readonly pairs: PairRow[];
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
        const tuple = timedTuple(source, partition, n);
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
  const areMates = (left: TimedTuple, right: TimedTuple): boolean =>
    left.key === right.key && left.at + INTERVAL.fromMs <= right.at && right.at < left.at + INTERVAL.toMs;
  const pairs = ofA.flatMap((left) => {
    const mates = ofB.filter((right) => areMates(left, right));
    const others = mates.length > 0 ? mates.map(placeOf) : [NOBODY];
    return others.map((right) => ({ key: left.key, left: placeOf(left), right }));
  });
  const alone = ofB.filter((right) => !ofA.some((left) => areMates(left, right)));
  return {
    seen,
    late,
    rows: [...rows.values()],
    pairs: [...pairs, ...alone.map((right) => ({ key: right.key, left: NOBODY, right: placeOf(right) }))],
  };
}

/** @param more tuples that were read, and did not come out */
function judge({ seen, late, rows, pairs }: Out, more = 0): Violations['counts'] {
  const violations = new Violations();
  const oracle = new TimeOracle(SETTINGS, violations);
  for (const tuple of seen) oracle.see(tuple, false);
  for (const tuple of late) oracle.see(tuple, true);
  for (const [of, row] of rows) oracle.seeRow(of, row);
  for (const pair of pairs) oracle.seePair(pair);
  const made = (name: SourceName): number =>
    new Set([...seen, ...late].filter(({ source }) => source === name).map(placeOf)).size;
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
  'a pair that did not come': ['lost', { ...WELL, pairs: without(WELL.pairs, 5) }],
  'a pair that came twice': ['doubled', { ...WELL, pairs: [...WELL.pairs, WELL.pairs[5]] }],
  'a tuple alone that had met its mate': [
    'other',
    {
      ...WELL,
      pairs: [
        ...WELL.pairs,
        { ...(WELL.pairs.find(({ left, right }) => left !== NOBODY && right !== NOBODY) as PairRow), right: NOBODY },
      ],
    },
  ],
};

for (const [fault, [kind, out, more]] of Object.entries(faults)) {
  test(`finds ${fault}`, () => {
    assert.ok(judge(out, more)[kind] > 0);
  });
}

/** Makes one tuple late that was on time, with all that comes of it. */
function leftBehind(partition: number): Violations['counts'] {
  const i = WELL.seen.findIndex((tuple) => tuple.source === 'b' && tuple.partition === partition && tuple.n === 40);
  return judge({ ...WELL, seen: without(WELL.seen, i), late: [...WELL.late, WELL.seen[i]] });
}

test('finds a tuple that is late though its partition is never silent; one of a silent partition may be', () => {
  assert.deepEqual([isPausing(0), isPausing(1)], [false, true]);
  assert.ok(leftBehind(0).other > leftBehind(1).other);
});
