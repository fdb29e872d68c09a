// Goal: the kinds of fault that aggregates have had elsewhere: overflow that depends on the path, NaN that depends on what came
// first, an empty part that counts as a value, a mean of means, sketches that are off once they are merged.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approxDistinct, count, first, last, max, mean, min, quantile, sum, topN } from '../../../src/aggregates.ts';
import type { Aggregate } from '../../../src/flow/aggregates/aggregate.ts';
import { DdSketch } from '../../../src/flow/aggregates/dd-sketch.ts';
import { hashes, hashValue } from '../../../src/flow/aggregates/hash-value.ts';
import { HyperLogLog } from '../../../src/flow/aggregates/hyper-log-log.ts';
import { dataflow, type Field, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { randomOf } from '../../kit/seeds.ts';

type Aggregates = Readonly<Record<string, Aggregate<'v'>>>;

/** The results, and the codes of dead letters, of values of one key: combined in batches of `cut` tuples, or not at all. */
function resultsOf(field: Field<unknown>, values: readonly unknown[], aggregates: Aggregates, cut: number | false) {
  const flow = dataflow(import.meta.url, 'numerics', (builder) =>
    builder
      .source(
        'values',
        generate({ key: t.u32(), v: field }, (i) => ({ key: 1, v: values[i] }) as never, { count: values.length }),
      )
      .keyBy('key')
      .aggregate('results', aggregates as never, { combine: cut !== false, combineMs: cut === false ? 0 : cut })
      .collect('out'),
  );
  let nowMs = 0;
  const job = LocalJob.of(flow, {}, { now: () => nowMs });
  const random = randomOf(values.length);
  job.run((below) => {
    nowMs += 1;
    return random(below);
  });
  const [row] = job.tuples.get('out') ?? [];
  return { row, letters: job.letters };
}

/** The results must be the same in every path. */
function everywhere(field: Field<unknown>, values: readonly unknown[], aggregates: Aggregates, expected: object): void {
  for (const cut of [false, 0, 1, 1000] as const) {
    const { row, letters } = resultsOf(field, values, aggregates, cut);
    assert.deepEqual(letters, [], `combined for ${cut} ms`);
    assert.deepEqual({ ...row, key: undefined }, { ...expected, key: undefined }, `combined for ${cut} ms`);
  }
}

const { MAX_VALUE, NaN: NAN, POSITIVE_INFINITY: INFINITE } = Number;

test('sums of doubles near 2^53, with terms that cancel, and of small beside large ones', () => {
  const total = { total: sum('v') };
  everywhere(t.f64(), [2 ** 53 - 1, 2, -2], total, { total: 2 ** 53 - 1 });
  everywhere(t.f64(), [1e100, 1, -1e100], total, { total: 1 });
  everywhere(
    t.f64(),
    Array.from({ length: 1000 }, () => 0.1),
    total,
    { total: 100 },
  );
  everywhere(t.f64(), [MAX_VALUE, -MAX_VALUE, 3], total, { total: 3 });
  everywhere(t.f64(), [INFINITE, 1], total, { total: INFINITE });
  everywhere(t.f64(), [INFINITE, -INFINITE], total, { total: NAN });
  everywhere(t.f64(), [], total, {});
});

test('sums of integers beyond 32 bits, and exactly beyond 2^53', () => {
  const big = 2 ** 32 - 1;
  everywhere(t.u32(), [big, big, big], { total: sum('v') }, { total: 3 * big });
  everywhere(t.u32(), [big, big], { total: sum('v', { exact: true }) }, { total: 2n * BigInt(big) });
  const most = 2n ** 63n - 1n;
  // Beyond 64 bits only in between.
  everywhere(t.i64(), [most, most, -most, -1n], { total: sum('v') }, { total: most - 1n });
  everywhere(t.u64(), [2n ** 63n, 2n ** 63n - 1n], { total: sum('v') }, { total: 2n ** 64n - 1n });
});

test('an exact sum that does not fit its type in the end is an error, in every path the same', () => {
  for (const cut of [false, 0, 1000] as const) {
    const { row, letters } = resultsOf(t.i64(), [2n ** 63n - 1n, 1n], { total: sum('v') }, cut);
    assert.equal(row, undefined);
    assert.deepEqual(
      letters.map(({ operator, key, error }) => [error.code, operator, key, error.details.aggregate]),
      [['AGGREGATE_OVERFLOW', 'results', 1, 'total']],
    );
  }
});

test('extremes do not depend on where NaN, -0 and infinities come', () => {
  const extremes = { least: min('v'), greatest: max('v') };
  for (const values of [
    [NAN, 1, 2],
    [1, NAN, 2],
    [1, 2, NAN],
  ]) {
    everywhere(t.f64(), values, extremes, { least: 1, greatest: NAN });
  }
  everywhere(t.f64(), [NAN], extremes, { least: NAN, greatest: NAN });
  for (const values of [
    [0, -0],
    [-0, 0],
  ]) {
    everywhere(t.f64(), values, extremes, { least: -0, greatest: 0 });
  }
  everywhere(t.f64(), [INFINITE], extremes, { least: INFINITE, greatest: INFINITE });
  everywhere(t.f64(), [-INFINITE], extremes, { least: -INFINITE, greatest: -INFINITE });
  // What would be the sentinel.
  everywhere(t.i32(), [-(2 ** 31), 2 ** 31 - 1], extremes, { least: -(2 ** 31), greatest: 2 ** 31 - 1 });
  everywhere(t.u8(), [255, 0], extremes, { least: 0, greatest: 255 });
  everywhere(t.string(), ['b', '', 'a'], extremes, { least: '', greatest: 'b' });
  const [early, late] = [new Date(0), new Date(5)];
  everywhere(t.date(), [late, early], extremes, { least: early, greatest: late });
});

test('of an optional field that never has a value, results are null, 0 or empty, and never a sentinel', () => {
  const all: Aggregates = {
    least: min('v'),
    greatest: max('v'),
    average: mean('v'),
    total: sum('v'),
    head: first('v'),
    tail: last('v'),
    middle: quantile('v', 0.5),
    about: approxDistinct('v'),
    top: topN('v', 2),
    n: count(),
  };
  const none = { least: null, greatest: null, average: null, total: 0, middle: null, about: 0, top: [] };
  everywhere(t.optional(t.f64()), [null, null], all, { ...none, head: null, tail: null, n: 2 });
  const nothing = [null, -5, null];
  everywhere(t.optional(t.f64()), nothing, all, {
    least: -5,
    greatest: -5,
    average: -5,
    total: -5,
    head: null,
    tail: null,
    middle: -5,
    about: 1,
    top: [{ v: -5 }],
    n: 3,
  });
});

test('a mean is that of all values, and not one of means', () => {
  everywhere(t.f64(), [...Array.from({ length: 99 }, () => 1), 101], { average: mean('v') }, { average: 2 });
});

test('the least values, and equal ones, of topN', () => {
  everywhere(
    t.f64(),
    [3, NAN, 1, 2, 1],
    { top: topN('v', 2), low: topN('v', 3, { keep: 'least' }) },
    { top: [{ v: NAN }, { v: 3 }], low: [{ v: 1 }, { v: 1 }, { v: 2 }] },
  );
});

test('counts of different values: exact if few, within the stated error if many, merged in any order and with themselves', () => {
  const bits = 12;
  const error = 1.04 / Math.sqrt(2 ** bits);
  const kinds: Readonly<Record<string, (i: number) => unknown>> = {
    u32: (i) => i,
    f64: (i) => i / 7,
    string: (i) => `user ${i}`,
    bigint: (i) => BigInt(i) << 20n,
  };
  for (const [kind, made] of Object.entries(kinds)) {
    for (const size of [0, 1, 100, 256, 257, 10_000, 300_000]) {
      for (const parts of [1, 2, 16]) {
        for (const overlap of [0, 0.5, 1]) {
          if (size > 10_000 && (parts === 2 || overlap === 0.5)) continue;
          const sketches = Array.from({ length: parts }, () => new HyperLogLog(bits));
          for (let i = 0; i < size; i++) {
            hashValue(made(i));
            sketches.forEach((sketch, part) => {
              if (i % parts === part || i < overlap * size) sketch.add(hashes[0], hashes[1]);
            });
          }
          const orders = [sketches, [...sketches].reverse(), [...sketches, ...sketches]];
          const merged = orders.map((order) => {
            const all = new HyperLogLog(bits);
            for (const sketch of order) all.merge(HyperLogLog.fromBytes(bits, sketch.toBytes()));
            return all;
          });
          const [{ estimate }] = merged;
          const where = `${size} of ${kind} in ${parts} parts: ${estimate}`;
          for (const other of merged) assert.equal(other.estimate, estimate, where);
          if (size <= 256) assert.equal(estimate, size, where);
          else assert.ok(Math.abs(estimate - size) <= 4.5 * error * size, where);
          assert.ok(merged.every((each) => each.toBytes().length <= 1 + 2 ** bits));
        }
      }
    }
  }
});

test('values that are one key are one value of a sketch', () => {
  const hashOf = (value: unknown): string => {
    hashValue(value);
    return hashes.join();
  };
  assert.equal(hashOf(0), hashOf(-0));
  assert.equal(hashOf(NAN), hashOf(-NAN));
  assert.equal(hashOf(new Date(5)), hashOf(new Date(5)));
  assert.notEqual(hashOf('1'), hashOf(1));
  assert.notEqual(hashOf('ab'), hashOf('ba'));
});

test('quantiles: within the stated error for every cutting, exact at both ends', () => {
  const error = 0.01;
  const streams: Readonly<Record<string, readonly number[]>> = {
    empty: [],
    one: [7],
    constant: Array.from({ length: 1000 }, () => 3),
    sorted: Array.from({ length: 10_000 }, (_, i) => i),
    descending: Array.from({ length: 10_000 }, (_, i) => 5000 - i),
    wide: Array.from({ length: 5000 }, (_, i) => 1.007 ** (i - 2500)),
    ends: [-MAX_VALUE, MAX_VALUE, INFINITE, -INFINITE, 0, -0],
  };
  for (const [name, values] of Object.entries(streams)) {
    const inOrder = [...values].sort((a, b) => a - b);
    for (const parts of [1, 2, 16]) {
      const all = new DdSketch(error);
      for (let part = 0; part < parts; part++) {
        const sketch = new DdSketch(error);
        for (let i = part; i < values.length; i += parts) sketch.add(values[i]);
        all.merge(DdSketch.fromBytes(error, sketch.toBytes()));
      }
      for (const q of [0, 0.01, 0.5, 0.99, 1]) {
        const found = all.quantile(q);
        const expected = inOrder[Math.floor(q * (values.length - 1))];
        const where = `${name} in ${parts} parts, ${q}: ${found}, not ${expected}`;
        if (values.length === 0) assert.equal(found, null);
        else if (q === 0 || q === 1) assert.equal(found, expected, where);
        else if (Number.isFinite(expected) && name !== 'ends')
          assert.ok(Math.abs((found as number) - expected) <= 1.0001 * error * Math.abs(expected), where);
        assert.ok(!Number.isNaN(found), where);
      }
    }
  }
  const mixed = new DdSketch(error);
  for (const value of [NAN, 1, NAN, 2]) mixed.add(value);
  assert.deepEqual(
    [0, 0.4, 1].map((q) => mixed.quantile(q)),
    [1, 2, NAN],
  );
});

test('a sketch has a bound, and within it the stated error, however small that is', () => {
  const wide = new DdSketch(0.01);
  for (let exponent = -300; exponent <= 300; exponent += 0.01) wide.add(10 ** exponent);
  const fine = new DdSketch(0.001);
  for (let i = 1; i <= 100_000; i++) fine.add(i);
  for (const q of [0.001, 0.1, 0.5, 0.9]) {
    const found = fine.quantile(q) as number;
    const expected = 1 + Math.floor(q * 99_999);
    assert.ok(Math.abs(found / expected - 1) <= 0.001001, `${found} is not ${expected}`);
  }
  for (const sketch of [wide, fine]) assert.ok(sketch.toBytes().length <= 8 * (6 + 2 * 2 * 2 ** 14));
  const apart = new DdSketch(0.01);
  for (const value of [5e-324, 1.7e308, 1.7e308, -1.7e308]) apart.add(value);
  assert.ok((apart.quantile(0.5) as number) <= 1e-323);
});

test('numbers that are put together are the smallest, whatever was put together before', () => {
  const error = 0.001;
  const values = Array.from({ length: 40_000 }, (_, i) => 1.0021 ** (i - 20_000));
  const [all, ...parts] = Array.from({ length: 4 }, () => new DdSketch(error));
  values.forEach((value, i) => {
    all.add(value);
    parts[i % parts.length].add(value);
  });
  const merged = new DdSketch(error);
  for (const part of parts) merged.merge(DdSketch.fromBytes(error, part.toBytes()));
  const again = DdSketch.fromBytes(error, merged.toBytes());
  for (const q of [0, 0.2, 0.5, 0.7, 0.99, 1]) {
    assert.equal(merged.quantile(q), all.quantile(q));
    assert.equal(again.quantile(q), all.quantile(q));
  }
  const found = all.quantile(0.9) as number;
  assert.ok(Math.abs(found / values[Math.floor(0.9 * 39_999)] - 1) <= 0.001001);
});
