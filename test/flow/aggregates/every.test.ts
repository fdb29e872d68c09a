// Goal: with `emit: { everyMs }` a key's results come at most once in so many milliseconds, all of them with changes, and the last one
// is that of the end: as a naive model says on a test's clock, and combined like not combined.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { count, custom, sum } from '../../../src/aggregates.ts';
import { dataflow, MillraceError, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { runs } from '../../kit/arbitraries.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { randomOf } from '../../kit/seeds.ts';

interface Result {
  readonly key: string;
  readonly n: number;
  readonly total: number;
}

const EVERY_MS = 10;

const pushed = dataflow(import.meta.url, 'pushed', (flow) =>
  flow
    .source('tuples', push({ key: t.string(), x: t.f64() }))
    .keyBy('key')
    .aggregate('results', { n: count(), total: sum('x') }, { emit: { everyMs: EVERY_MS } })
    .collect('out'),
);

/** Tuples, or a step of the clock. */
const acts = fc.array(
  fc.oneof(
    fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), x: fc.integer({ min: -9, max: 9 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.integer({ min: 0, max: 25 }),
    fc.constant('restart' as const),
  ),
  { maxLength: 20 },
);

test('results come at the times, and with the values, that a naive model says', () => {
  fc.assert(
    fc.property(acts, (drawn) => {
      const operator = testOperator<object, Result>(pushed, 'results', { restore: false });
      const keys = new Map<string, { n: number; total: number; dueMs: number }>();
      let nowMs = 0;
      const sorted = (results: readonly Result[]): Result[] =>
        results.map((result) => ({ ...result })).sort((a, b) => (a.key < b.key ? -1 : 1));
      const due = (untilMs: number): Result[] =>
        Array.from(keys, ([key, row]) => ({ key, row }))
          .filter(({ row }) => row.dueMs <= untilMs)
          .map(({ key, row }) => {
            row.dueMs = Number.POSITIVE_INFINITY;
            return { key, n: row.n, total: row.total };
          });
      for (const act of drawn) {
        if (act === 'restart') operator.restart();
        else if (typeof act === 'number') {
          operator.advance(act);
          nowMs += act;
          assert.deepEqual(sorted(operator.emitted()), sorted(due(nowMs)));
        } else {
          operator.feed(act);
          for (const { key, x } of act) {
            const row = keys.get(key) ?? { n: 0, total: 0, dueMs: Number.POSITIVE_INFINITY };
            keys.set(key, { n: row.n + 1, total: row.total + x, dueMs: Math.min(row.dueMs, nowMs + EVERY_MS) });
          }
          assert.deepEqual(operator.emitted(), []);
        }
      }
      operator.end();
      const last = Array.from(keys, ([key, row]) => ({ key, row })).filter(({ row }) => row.dueMs < Infinity);
      assert.deepEqual(
        sorted(operator.emitted()),
        sorted(last.map(({ key, row: { n, total } }) => ({ key, n, total }))),
        'what has changed since, and nothing else',
      );
    }),
    runs(90),
  );
});

const cases = fc.record({
  tuples: fc.integer({ min: 0, max: 200 }),
  writers: fc.integer({ min: 1, max: 3 }),
  keys: fc.integer({ min: 1, max: 9 }),
  everyMs: fc.constantFrom(1, 3, 1000, 2 ** 31 - 1),
  combineMs: fc.constantFrom(undefined, 0, 0.2, 50),
  lingerMs: fc.constantFrom(0, 0.3),
  parallelism: fc.integer({ min: 1, max: 2 }),
  seed: fc.integer(),
});

type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

function resultsOf({ tuples, writers, keys, everyMs, combineMs, lingerMs, parallelism, seed }: Case, combine: boolean) {
  const flow = dataflow(import.meta.url, 'every', (builder) => {
    const [head, ...others] = Array.from({ length: writers }, (_, w) =>
      builder.source(
        `source-${w}`,
        generate({ key: t.u32(), x: t.f64() }, (i) => ({ key: (i * 7) % keys, x: i }), { count: tuples }),
      ),
    );
    const options = { emit: { everyMs }, combine, parallelism, ...(combineMs === undefined ? {} : { combineMs }) };
    return head
      .merge(...others)
      .keyBy('key')
      .aggregate('results', { n: count(), total: sum('x') }, options)
      .collect('out');
  });
  let nowMs = 0;
  const job = LocalJob.of(flow, { ringBytes: 4096, lingerMs }, { now: () => nowMs, parks: true });
  const random = randomOf(seed);
  job.run((below) => {
    nowMs += 0.05;
    return random(below);
  });
  return (job.tuples.get('out') ?? []) as unknown as { key: number; n: number; total: number }[];
}

test('combined and not, each result has changes, and the last ones are those of the end', () => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const expected = new Map<number, { n: number; total: number }>();
      for (let i = 0; i < drawn.tuples; i++) {
        const key = (i * 7) % drawn.keys;
        const { n, total } = expected.get(key) ?? { n: 0, total: 0 };
        expected.set(key, { n: n + drawn.writers, total: total + drawn.writers * i });
      }
      for (const combine of [true, false]) {
        const last = new Map<number, { n: number; total: number }>();
        for (const { key, n, total } of resultsOf(drawn, combine)) {
          assert.ok(n > (last.get(key)?.n ?? 0), 'a result is emitted that has not changed');
          last.set(key, { n, total });
        }
        assert.deepEqual(new Map([...last].sort()), new Map([...expected].sort()));
      }
    }),
    runs(60),
  );
});

test('a result that throws is a dead letter with the key, and comes again with its next change', () => {
  const failing = custom({
    state: { n: t.u32() },
    type: t.u32(),
    add: (state) => void state.n++,
    merge(state, other) {
      state.n += other.n;
    },
    result({ n }) {
      if (n === 2) throw new RangeError('two is too few');
      return n;
    },
  });
  const flow = dataflow(import.meta.url, 'failing', (builder) =>
    builder
      .source('tuples', push({ key: t.string() }))
      .keyBy('key')
      .aggregate('results', { n: failing }, { emit: { everyMs: 5 } })
      .collect('out'),
  );
  const operator = testOperator(flow, 'results');
  operator.feed([{ key: 'a' }, { key: 'b' }, { key: 'a' }]);
  operator.advance(5);
  assert.deepEqual(operator.emitted(), [{ key: 'b', n: 1 }]);
  const [{ key, error, position }] = operator.deadLetters();
  assert.deepEqual([key, (error as MillraceError).code], ['a', 'AGGREGATE_FAILED']);
  assert.match(position, /^the timer of /);
  operator.feed({ key: 'a' });
  operator.advance(5);
  assert.deepEqual(operator.emitted(), [{ key: 'a', n: 3 }]);
});

test('what is no span of time is a typed error', () => {
  const emits: unknown[] = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1000', null, undefined].map(
    (everyMs) => ({ everyMs }),
  );
  for (const emit of [...emits, {}, 'often', 1000, null]) {
    const flow = dataflow(import.meta.url, 'wrong', (builder) =>
      builder
        .source('tuples', push({ key: t.string() }))
        .keyBy('key')
        .aggregate('results', { n: count() }, { emit: emit as 'end' })
        .collect('out'),
    );
    assert.throws(
      () => testOperator(flow, 'results'),
      (error) => {
        assert.ok(error instanceof MillraceError, String(error));
        assert.equal(error.code, 'BAD_OPTION');
        assert.match(error.message, /operator 'results'/);
        assert.match(error.message, /emit/);
        return true;
      },
      JSON.stringify(emit),
    );
  }
});
