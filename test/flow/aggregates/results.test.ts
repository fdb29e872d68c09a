// Goal: every aggregate gives what a naive model gives, whether tuples are combined where they are made or not, however batches are
// cut, by however many writers, over the smallest rings, and also while tuples fail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  approxDistinct,
  collect,
  count,
  custom,
  distinct,
  first,
  last,
  max,
  mean,
  min,
  quantile,
  sum,
  topN,
} from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { runs } from '../../kit/arbitraries.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { randomOf } from '../../kit/seeds.ts';

const FIELDS = {
  key: t.string(),
  i: t.u32(),
  x: t.f64(),
  o: t.optional(t.i32()),
  big: t.i64(),
  name: t.string(),
  at: t.date(),
};

interface Tuple {
  key: string;
  i: number;
  x: number;
  o: number | null;
  big: bigint;
  name: string;
  at: Date;
}

/** Sums of halves are exact whatever comes first. */
const tuples = fc.array(
  fc.record({
    key: fc.constantFrom('', 'a', 'ab', 'whale', 'Queequeg', 'Queequegs', 'ÿ', 'море', '\ud800', 'x'.repeat(40)),
    x: fc.integer({ min: -1000, max: 1000 }).map((half) => half / 2),
    o: fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }),
    big: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
    name: fc.constantFrom('ann', 'bob', 'cyd', 'dan', ''),
    at: fc.date({ noInvalidDate: true }),
  }),
  { maxLength: 60 },
);

const cases = fc.record({
  tuples,
  writers: fc.integer({ min: 1, max: 3 }),
  combineMs: fc.constantFrom(0, 0.02, 0.2, 50),
  lingerMs: fc.constantFrom(0, 0.1),
  /** Every so many tuples fail on their way to the aggregate. */
  poison: fc.constantFrom(0, 7, 3),
  parallelism: fc.integer({ min: 1, max: 2 }),
  seed: fc.integer(),
});

type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

const aggregates = () => ({
  n: count(),
  total: sum('x'),
  exact: sum('big'),
  ofOptional: sum('o'),
  least: min('o'),
  greatest: max('x'),
  latest: max('at'),
  lastName: max('name'),
  average: mean('o'),
  different: distinct('name'),
  about: approxDistinct('i'),
  middle: quantile('x', 0.5),
  top: topN('x', 3, { with: ['i'] }),
  own: custom({
    state: { xor: t.u32(), list: t.json<number[]>() },
    type: t.string(),
    add(state, { i }: { i: number }) {
      state.xor = (state.xor ^ i) >>> 0;
      state.list = [...(state.list ?? []), i].sort((a, b) => a - b);
    },
    merge(state, other) {
      state.xor = (state.xor ^ other.xor) >>> 0;
      state.list = [...(state.list ?? []), ...(other.list ?? [])].sort((a, b) => a - b);
    },
    result: ({ xor, list }) => `${xor}: ${list}`,
  }),
});

const isPoison = ({ i }: { i: number }, poison: number): boolean => poison > 0 && i % poison === poison - 1;

function flowOf({ tuples: all, writers, combineMs, poison, parallelism }: Case, combine: boolean) {
  return dataflow(import.meta.url, 'aggregates', (flow) => {
    const [head, ...others] = Array.from({ length: writers }, (_, writer) =>
      flow
        .source(
          `source-${writer}`,
          generate(FIELDS, (index) => ({ ...all[index * writers + writer], i: index * writers + writer }), {
            count: Math.ceil((all.length - writer) / writers),
          }),
        )
        .filter(`filter-${writer}`, (tuple) => {
          if (isPoison(tuple, poison)) throw new RangeError(`no ${tuple.i} here`);
          return true;
        }),
    );
    head
      .merge(...others)
      .keyBy('key')
      .aggregate('results', aggregates(), { combine, combineMs, parallelism })
      .collect('out');
  });
}

function modelOf({ tuples: all, poison }: Case): Map<string, unknown> {
  const byKey = new Map<string, Tuple[]>();
  all.forEach((tuple, i) => {
    if (!isPoison({ i }, poison)) byKey.set(tuple.key, [...(byKey.get(tuple.key) ?? []), { ...tuple, i }]);
  });
  return new Map(
    Array.from(byKey, ([key, rows]) => {
      const given = rows.flatMap(({ o }) => (o === null ? [] : [o]));
      const xs = rows.map(({ x }) => x).sort((a, b) => a - b);
      const top = [...rows].sort((a, b) => b.x - a.x || b.i - a.i).slice(0, 3);
      const list = rows.map(({ i }) => i).sort((a, b) => a - b);
      return [
        key,
        {
          key,
          n: rows.length,
          total: rows.reduce((all, { x }) => all + x, 0),
          exact: rows.reduce((all, { big }) => all + big, 0n),
          ofOptional: given.reduce((all, o) => all + o, 0),
          least: given.length === 0 ? null : Math.min(...given),
          greatest: Math.max(...xs),
          latest: new Date(Math.max(...rows.map(({ at }) => at.getTime()))),
          lastName: rows.map(({ name }) => name).reduce((a, b) => (a > b ? a : b)),
          average: given.length === 0 ? null : given.reduce((all, o) => all + o, 0) / given.length,
          different: new Set(rows.map(({ name }) => name)).size,
          about: rows.length,
          middle: xs[Math.floor(0.5 * (xs.length - 1))],
          top: top.map(({ x, i }) => ({ x, i })),
          own: `${list.reduce((xor, i) => (xor ^ i) >>> 0, 0)}: ${list}`,
        },
      ];
    }),
  );
}

function resultsOf(drawn: Case, combine: boolean): { rows: Map<string, unknown>; letters: readonly unknown[] } {
  let nowMs = 0;
  const job = LocalJob.of(
    flowOf(drawn, combine),
    { ringBytes: 1 << 13, lingerMs: drawn.lingerMs },
    { now: () => nowMs, parks: true },
  );
  const random = randomOf(drawn.seed);
  job.run((below) => {
    nowMs += 0.01;
    return random(below);
  });
  const tuples = job.tuples.get('out') ?? [];
  const rows = new Map(tuples.map((tuple) => [tuple.key as string, tuple]));
  assert.equal(rows.size, tuples.length, 'a key has two results');
  return { rows, letters: job.letters.map(({ operator, tuple }) => `${operator} ${(tuple as Tuple).i}`).sort() };
}

test('aggregates of random tuples: as a naive model says, combined and not', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const expected = modelOf(drawn);
      const [combined, plain] = [true, false].map((combine) => resultsOf(drawn, combine));
      for (const { rows } of [combined, plain]) {
        assert.equal(rows.size, expected.size);
        for (const [key, row] of rows) {
          const { middle, ...exact } = row as { middle: number };
          const { middle: wanted, ...others } = expected.get(key) as { middle: number };
          assert.deepEqual(exact, others);
          assert.ok(Math.abs(middle - wanted) <= 0.0101 * Math.abs(wanted), `${middle} is the median, not ${wanted}`);
        }
      }
      assert.deepEqual(combined.letters, plain.letters);
    }),
    runs(40),
  );
});

test('first, last and collect go by the order of one writer', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const { tuples: all, combineMs, seed } = drawn;
      const flow = dataflow(import.meta.url, 'order', (builder) =>
        builder
          .source(
            'source',
            generate(FIELDS, (i) => ({ ...all[i], i }), { count: all.length }),
          )
          .keyBy('key')
          .aggregate(
            'results',
            { head: first('i'), tail: last('i'), list: collect('o', 4), oldest: first('o') },
            { combineMs },
          )
          .collect('out'),
      );
      let nowMs = 0;
      const job = LocalJob.of(flow, { ringBytes: 4096 }, { now: () => nowMs, parks: true });
      const random = randomOf(seed);
      job.run((below) => {
        nowMs += 0.01;
        return random(below);
      });
      for (const { key, ...row } of job.tuples.get('out') ?? []) {
        const rows = all.flatMap((tuple, i) => (tuple.key === key ? [{ ...tuple, i }] : []));
        const list = rows.map(({ o }) => o);
        assert.deepEqual(row, { head: rows[0].i, tail: rows.at(-1)?.i, list: list.slice(0, 4), oldest: list[0] });
      }
    }),
    runs(30),
  );
});
