// Goal: a mistake in the declaration of an aggregate is a typed error that names operator, aggregate, field and remedy; types do not
// let it compile; and what is declared well has the results' types.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  approxDistinct,
  collect,
  count,
  custom,
  distinct,
  first,
  max,
  mean,
  min,
  quantile,
  sum,
  topN,
} from '../../../src/aggregates.ts';
import { buildGraph } from '../../../src/flow/dataflow.ts';
import { type Dataflow, dataflow, type Field, MillraceError, type Stream, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

const FIELDS = {
  key: t.string(),
  x: t.f64(),
  o: t.optional(t.u32()),
  big: t.i64(),
  name: t.string(),
  extra: t.json(),
  score: t.json<number>(),
  raw: t.bytes(),
  when: t.date(),
  state: t.enum('open', 'closed'),
};

type Declared = Parameters<Parameters<typeof dataflow>[2]>[0];

const keyed = (flow: Declared) =>
  flow
    .source(
      'tuples',
      generate(FIELDS, () => ({}) as never, { count: 0 }),
    )
    .keyBy('key');

function failureOf(aggregates: unknown, options?: unknown): MillraceError {
  const flow = dataflow(import.meta.url, 'declared', (builder) =>
    keyed(builder)
      .aggregate('results', aggregates as { n: ReturnType<typeof count> }, options as object)
      .collect('out'),
  );
  try {
    buildGraph(flow as Dataflow<unknown, unknown>, {});
  } catch (error) {
    assert.ok(error instanceof MillraceError, String(error));
    return error;
  }
  return assert.fail('the flow is built');
}

const PLAIN = { state: { n: t.u32() }, type: t.u32(), add() {}, merge() {}, result: () => 1 };

const MISTAKES: Readonly<Record<string, readonly [aggregates: () => unknown, code: string, text: RegExp]>> = {
  'no aggregates': [() => ({}), 'BAD_OPTION', /'aggregates' of operator 'results'/],
  'no object': [() => undefined, 'BAD_OPTION', /'aggregates' of operator 'results'/],
  'a function': [() => ({ n: count }), 'BAD_OPTION', /'n' of the aggregates of operator 'results'/],
  'an unknown field': [
    () => ({ n: sum('y') }),
    'BAD_AGGREGATE',
    /'y', which its tuples do not have: use one of 'key', 'x'/,
  ],
  'a sum of text': [
    () => ({ n: sum('name') }),
    'BAD_AGGREGATE',
    /'n' \(sum\) takes a field of numbers; 'name' is string/,
  ],
  'an exact sum of doubles': [
    () => ({ n: sum('x', { exact: true }) }),
    'BAD_AGGREGATE',
    /a field of integers; 'x' is f64/,
  ],
  'a mean of bigints': [() => ({ n: mean('big') }), 'BAD_AGGREGATE', /\(mean\)/],
  'a quantile of text': [() => ({ n: quantile('name', 0.5) }), 'BAD_AGGREGATE', /\(quantile\)/],
  'a greatest json': [() => ({ n: max('extra') }), 'BAD_AGGREGATE', /whose values have an order; 'extra' is json/],
  'a least of bytes': [() => ({ n: min('raw') }), 'BAD_AGGREGATE', /whose values have an order; 'raw' is bytes/],
  'a top of json': [() => ({ n: topN('x', 3, { with: ['extra'] }) }), 'BAD_AGGREGATE', /\(topN\)/],
  'different json': [() => ({ n: distinct('extra') }), 'BAD_AGGREGATE', /\(distinct\)/],
  "a key's name": [() => ({ key: count() }), 'BAD_AGGREGATE', /has the name of a key field/],
  'a share beyond 1': [
    () => ({ n: quantile('x', 95) }),
    'BAD_OPTION',
    /'share' of quantile\(\) must be a share from 0 to 1/,
  ],
  'no limit': [() => ({ n: collect('x', undefined as never) }), 'BAD_OPTION', /'limit' of collect\(\)/],
  'no rows': [() => ({ n: topN('x', 0) }), 'BAD_OPTION', /'n' of topN\(\)/],
  'a surplus argument': [() => ({ n: (count as (field: string) => unknown)('x') }), 'SURPLUS_ARGUMENTS', /count\(\)/],
  'an unknown option': [() => ({ n: sum('x', { precise: true } as object) }), 'BAD_OPTION', /'precise'/],
  'a custom one without merge': [
    () => ({ n: custom({ state: { n: t.u32() }, type: t.u32(), add() {}, result: () => 1 } as never) }),
    'BAD_OPTION',
    /'merge' of custom\(\)/,
  ],
  ...Object.fromEntries(
    (['add', 'merge', 'result'] as const).map((part) => [
      `a custom one whose ${part} is async`,
      [
        () => ({ n: custom({ ...PLAIN, [part]: async () => {} } as never) }),
        'ASYNC_CLOSURE',
        new RegExp(
          `operator 'results': '${part}' of the custom aggregate 'n' is an async function, .*when '${part}' returns. Make it a plain function`,
        ),
      ],
    ]),
  ),
  'an unknown policy of emission': [() => ({ n: count() }), 'BAD_OPTION', /'emit' of operator 'results'/],
};

for (const [name, [aggregates, code, text]] of Object.entries(MISTAKES)) {
  test(`${name} is refused when the flow is declared`, () => {
    const options = name.includes('emission') ? { emit: 'never' } : {};
    const error = (() => {
      try {
        return failureOf(aggregates(), options);
      } catch (thrown) {
        return thrown as MillraceError;
      }
    })();
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
  });
}

test('types: results are inferred, and aggregates that do not suit the fields do not compile', () => {
  const flow = dataflow(import.meta.url, 'typed', (builder) => {
    const results = keyed(builder).aggregate('results', {
      n: count(),
      total: sum('x'),
      exact: sum('big'),
      average: mean('o'),
      plain: mean('x'),
      greatest: max('state'),
      head: first('o'),
      top: topN('x', 3, { with: ['name'] }),
      list: collect('state', 3),
      oldest: min('when'),
      least: min('o'),
      structured: first('score'),
      lists: collect('raw', 2),
      states: distinct('state'),
      own: custom({
        state: { n: t.u32() },
        type: t.bool(),
        add(state, { x }: { x: number }) {
          state.n += x;
        },
        merge(state, other) {
          state.n += other.n;
        },
        result: ({ n }) => n > 0,
      }),
    });
    const typed: Stream<{
      key: Field<string>;
      n: Field<number>;
      total: Field<number>;
      exact: Field<bigint>;
      average: Field<number | null>;
      plain: Field<number>;
      greatest: Field<'open' | 'closed'>;
      head: Field<number | null>;
      top: Field<{ x: number; name: string }[]>;
      list: Field<('open' | 'closed')[]>;
      oldest: Field<Date>;
      least: Field<number | null>;
      structured: Field<number>;
      lists: Field<Uint8Array[]>;
      states: Field<number>;
      own: Field<boolean>;
    }> = results;
    return typed.collect('out');
  });
  assert.equal(buildGraph(flow, {}).operators.length, 3);
  dataflow(import.meta.url, 'mistyped', (builder) => {
    const stream = keyed(builder);
    // @ts-expect-error json has no order
    stream.aggregate('e', { n: max('extra') });
    // @ts-expect-error nor has json that is a number
    stream.aggregate('f', { n: min('score') });
    // @ts-expect-error nor have bytes
    stream.aggregate('g', { n: max('raw') });
    // @ts-expect-error nor has one of these fields
    stream.aggregate('h', { n: topN('x', 3, { with: ['extra'] }) });
    // @ts-expect-error a json field is no number, whatever its values are
    stream.aggregate('i', { n: sum('score') });
    // @ts-expect-error and has no mean
    stream.aggregate('j', { n: mean('extra') });
    // @ts-expect-error bytes cannot be told apart as keys are
    stream.aggregate('k', { n: distinct('raw') });
    // @ts-expect-error nor can json
    stream.aggregate('l', { n: approxDistinct('extra') });
    // @ts-expect-error the key is part of the result already
    stream.aggregate('m', { key: count() });
    // @ts-expect-error there is no such field
    stream.aggregate('a', { n: sum('y') });
    // @ts-expect-error text has no sum
    stream.aggregate('b', { n: sum('name') });
    // @ts-expect-error bigints have no mean
    stream.aggregate('c', { n: mean('big') });
    const ofOthers = custom({
      state: { n: t.u32() },
      type: t.u32(),
      add(state, { y }: { y: number }) {
        state.n += y;
      },
      merge() {},
      result: ({ n }) => n,
    });
    // @ts-expect-error the tuples have no such field
    stream.aggregate('d', { n: ofOthers });
  });
});

for (const method of ['aggregate', 'process'] as const) {
  test(`${method} of a stream without a key says what to call`, () => {
    const flow = dataflow(import.meta.url, 'keyless', (builder) => {
      const stream = keyed(builder).filter('all', () => true) as unknown as Record<string, (name: string) => unknown>;
      stream[method]('results');
    });
    assert.throws(
      () => buildGraph(flow as Dataflow<unknown, unknown>, {}),
      (error) =>
        error instanceof MillraceError &&
        error.code === 'BAD_FLOW' &&
        error.message.includes(
          `operator 'results': ${method} takes a stream with a key, and this one has none: call keyBy(field) right before it, with one or two of 'key', 'x'`,
        ),
    );
  });
}
