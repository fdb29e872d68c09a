// Goal: the oracle finds exactly what was done to a stream: nothing in a right one; what was lost, doubled, reordered or made up in
// a wrong one, whatever else is wrong. MILLRACE_TEST_SEED=<seed> repeats the property.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExactlyOnce } from '../../src/testing.ts';
import { runs } from '../kit/arbitraries.ts';

const NONE = { lost: 0, doubled: 0, reordered: 0, unexpected: 0 };

function judge(
  came: readonly (readonly [string, number])[],
  sent?: Record<string, number>,
  excused: [string, number][] = [],
) {
  const oracle = new ExactlyOnce<string>();
  for (const [key, sequence] of came) oracle.see(key, sequence);
  for (const [key, sequence] of excused) oracle.excuse(key, sequence);
  return oracle.finish(sent && Object.entries(sent));
}

const ofOne = (...sequences: number[]): [string, number][] => sequences.map((sequence) => ['a', sequence]);

test('a stream as it must be', () => {
  const report = judge(
    [
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ],
    { a: 3, b: 2 },
  );
  assert.deepEqual(report, { isClean: true, tuples: 5, counts: NONE, violations: [] });
  assert.equal(judge([], {}).isClean, true);
});

test('lost: in the middle, at the end, a whole key', () => {
  const { counts, violations, isClean } = judge(ofOne(0, 2, 3), { a: 6, b: 1 });
  assert.equal(isClean, false);
  assert.deepEqual(counts, { ...NONE, lost: 4 });
  assert.deepEqual(
    violations.map(({ kind, key, sequence }) => `${kind} ${key} ${sequence}`),
    ['lost a 1', 'lost a 4', 'lost a 5', 'lost b 0'],
  );
  assert.deepEqual(judge(ofOne(0, 2, 3)).counts, { ...NONE, lost: 1 }, 'only gaps, if nobody says how many were sent');
});

test('doubled, reordered, unexpected', () => {
  assert.deepEqual(judge(ofOne(0, 0, 1, 0), { a: 2 }).counts, { ...NONE, doubled: 2 });
  assert.deepEqual(judge(ofOne(1, 0, 2), { a: 3 }).counts, { ...NONE, reordered: 1 });
  assert.deepEqual(judge(ofOne(2, 0, 1, 1), { a: 3 }).counts, { ...NONE, reordered: 2, doubled: 1 });
  assert.deepEqual(judge([...ofOne(0, 1, 2), ['c', 0]], { a: 2 }).counts, { ...NONE, unexpected: 2 });
  for (const sequence of [-1, 0.5, Number.NaN, undefined as never]) {
    assert.deepEqual(judge([['a', sequence]], { a: 0 }).counts, { ...NONE, unexpected: 1 });
  }
});

test('excused: neither lost nor to come, wherever it stands', () => {
  assert.deepEqual(judge(ofOne(0, 2), { a: 5 }, ofOne(1, 4, 3)).counts, NONE);
  assert.deepEqual(judge(ofOne(0, 1), { a: 3 }, ofOne(1, 2)).counts, { ...NONE, doubled: 1 });
  assert.deepEqual(judge([], { a: 1 }, ofOne(0)).counts, NONE);
});

test('a damaged number, however high, is told at once', () => {
  const { counts, violations } = judge(ofOne(0, Number.MAX_SAFE_INTEGER - 1, 1, 2), { a: 4 });
  assert.deepEqual(counts, { lost: 1, doubled: 0, reordered: 2, unexpected: 1 });
  assert.ok(violations.length < 10);
  const { counts: gap, violations: first } = judge(ofOne(1_000_000));
  assert.deepEqual([gap.lost, first.length], [1_000_000, 100]);
});

test('keys of any kind, as those of a Map', () => {
  const oracle = new ExactlyOnce<number>();
  oracle.see(Number.NaN, 0);
  oracle.see(-1, 0);
  oracle.see(Number.NaN, 1);
  const sent = new Map([
    [Number.NaN, 2],
    [-1, 1],
  ]);
  assert.equal(oracle.finish(sent).isClean, true);
});

test('property: what is done to a right stream is what is found', () => {
  const streams = fc.record({
    lengths: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
    lost: fc.array(fc.tuple(fc.nat(3), fc.nat(11)), { maxLength: 6 }),
    excused: fc.array(fc.tuple(fc.nat(3), fc.nat(11)), { maxLength: 6 }),
    doubled: fc.array(fc.tuple(fc.nat(3), fc.nat(11)), { maxLength: 6 }),
    order: fc.infiniteStream(fc.nat(1000)),
  });
  const property = fc.property(streams, ({ lengths, lost, excused, doubled, order }) => {
    const name = ([key, sequence]: readonly [number, number]): string => `${key}/${sequence}`;
    const exists = ([key, sequence]: readonly [number, number]): boolean => sequence < (lengths[key] ?? 0);
    const excuses = new Set(excused.filter(exists).map(name));
    const left = new Set(
      lost
        .filter(exists)
        .map(name)
        .filter((each) => !excuses.has(each)),
    );
    const twice = new Set(
      doubled
        .filter(exists)
        .map(name)
        .filter((each) => !excuses.has(each) && !left.has(each)),
    );
    const queues = lengths.map((length, key) =>
      Array.from({ length }, (_, sequence) => [key, sequence] as const)
        .filter((each) => !excuses.has(name(each)) && !left.has(name(each)))
        .flatMap((each) => (twice.has(name(each)) ? [each, each] : [each])),
    );
    const oracle = new ExactlyOnce<number>();
    for (let waiting = queues.filter(({ length }) => length > 0); waiting.length > 0; ) {
      const [key, sequence] = waiting[(order.next().value as number) % waiting.length].shift() as readonly [
        number,
        number,
      ];
      oracle.see(key, sequence);
      waiting = queues.filter(({ length }) => length > 0);
    }
    for (const each of excuses) oracle.excuse(...(each.split('/').map(Number) as [number, number]));
    const { counts, isClean } = oracle.finish(lengths.entries());
    assert.deepEqual(counts, { lost: left.size, doubled: twice.size, reordered: 0, unexpected: 0 });
    assert.equal(isClean, left.size + twice.size === 0);
  });
  fc.assert(property, runs(200));
});
