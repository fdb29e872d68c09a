// Goal: a tuple that an aggregate cannot take in is a dead letter of that aggregate, with its key, and the only tuple that is left out:
// whether tuples are combined or not. What `merge` or `result` throws names the aggregate.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, custom } from '../../../src/aggregates.ts';
import { keptObjects } from '../../../src/flow/aggregates/kept-object.ts';
import { buildGraph } from '../../../src/flow/dataflow.ts';
import { planOf } from '../../../src/flow/plan.ts';
import { dataflow, type MillraceError, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { randomOf } from '../../kit/seeds.ts';

interface Parts {
  readonly add?: (state: { list: number[] | null }, tuple: { i: number }) => void;
  readonly merge?: (state: { list: number[] | null }) => void;
  readonly result?: (state: { readonly list: number[] | null }) => number;
}

const flowOf = (parts: Parts, combine: boolean) =>
  dataflow(import.meta.url, 'failing', (flow) => {
    const own = custom({
      state: { list: t.json<number[]>() },
      type: t.f64(),
      add(state, tuple: { i: number }) {
        parts.add?.(state, tuple);
        state.list = [...(state.list ?? []), tuple.i];
      },
      merge(state, other) {
        parts.merge?.(state);
        state.list = [...(state.list ?? []), ...(other.list ?? [])];
      },
      result: (state) => parts.result?.(state) ?? state.list?.length ?? 0,
    });
    return flow
      .source(
        'numbers',
        generate({ key: t.u32(), i: t.u32() }, (i) => ({ key: i % 2, i }), { count: 40 }),
      )
      .keyBy('key')
      .aggregate('totals', { own, n: count() }, { combine })
      .collect('out');
  });

function run(parts: Parts, combine: boolean) {
  const job = LocalJob.of(flowOf(parts, combine), {});
  job.run(randomOf(1));
  const letters = job.letters.map(({ operator, key, tuple, error }) => ({
    operator,
    key,
    tuple,
    code: error.code ?? error.name,
    message: error.message,
  }));
  return { rows: job.tuples.get('out') ?? [], letters };
}

for (const combine of [true, false]) {
  const how = combine ? 'combined' : 'one by one';

  test(`a tuple that 'add' throws at is left out, ${how}`, () => {
    const add = (_: unknown, { i }: { i: number }): void => {
      if (i === 17) throw new RangeError('no 17');
    };
    const { rows, letters } = run({ add }, combine);
    assert.deepEqual(letters, [
      { operator: 'totals', key: 1, tuple: { key: 1, i: 17 }, code: 'RangeError', message: 'no 17' },
    ]);
    assert.deepEqual(rows.map(({ key, n }) => [key, n]).sort(), [
      [0, 20],
      [1, 19],
    ]);
  });

  test(`what 'result' throws is a dead letter that names the aggregate, ${how}`, () => {
    const result = (): never => {
      throw new RangeError('no result');
    };
    const { rows, letters } = run({ result }, combine);
    assert.deepEqual(rows, []);
    assert.deepEqual(letters.map(({ operator, key, code }) => [operator, key, code]).sort(), [
      ['totals', 0, 'AGGREGATE_FAILED'],
      ['totals', 1, 'AGGREGATE_FAILED'],
    ]);
  });

  test(`what 'merge' throws is a dead letter with what was to be merged, ${how}`, () => {
    const merge = (): never => {
      throw new RangeError('no merge');
    };
    const { letters } = run({ merge }, combine);
    assert.ok(letters.length >= 2);
    assert.ok(letters.every(({ operator, code }) => operator === 'totals' && code === 'AGGREGATE_FAILED'));
  });
}

test('an object that two keys share is refused', () => {
  const shared = [1];
  const add = (state: { list: number[] | null }): void => {
    state.list = shared;
  };
  const flow = dataflow(import.meta.url, 'sharing', (builder) =>
    builder
      .source(
        'numbers',
        generate({ key: t.u32() }, (key) => ({ key }), { count: 2 }),
      )
      .keyBy('key')
      .aggregate('totals', {
        own: custom({ state: { list: t.json<number[]>() }, type: t.f64(), add, merge() {}, result: () => 1 }),
      })
      .collect('out'),
  );
  const job = LocalJob.of(flow, {});
  job.run(randomOf(1));
  // Whichever comes first when tuples are tried alone: both put the same object there.
  assert.ok(job.letters.length > 0);
  assert.ok(job.letters.every(({ operator, error }) => operator === 'totals' && error.code === 'AGGREGATE_SHARED'));
});

const misspelt = (state: object): { list2?: number; lits?: number } => state;
const MISSPELT: Readonly<Record<string, Parts>> = {
  'written by add': {
    add(state) {
      misspelt(state).lits = 1;
    },
  },
  'written by code that is not strict': {
    // An assignment to what is not there says nothing there.
    add: new Function('state', 'state.lits = 1') as () => void,
  },
  'read by add': {
    add(state) {
      state.list = [misspelt(state).lits ?? 0];
    },
  },
  'read by merge': {
    merge(state) {
      state.list = [misspelt(state).lits ?? 0];
    },
  },
  'read by result': { result: (state) => misspelt(state).lits ?? 0 },
};

for (const [how, parts] of Object.entries(MISSPELT)) {
  test(`a field that the state of a custom aggregate does not have is refused by name: ${how}`, () => {
    const { letters } = run(parts, true);
    assert.ok(letters.length >= 2);
    assert.deepEqual([...new Set(letters.map(({ code }) => code))], ['AGGREGATE_FIELD']);
    assert.match(
      letters[0].message,
      /^operator 'totals': the custom aggregate 'own' uses the field 'lits', which its 'state' does not have \(it has list\): declare it there, or mend the name\. Did you mean 'list'\?/,
    );
  });
}

test('what any object has, the state of a custom aggregate has, and JSON.stringify and a field named constructor work', () => {
  const make = keptObjects('totals', 'own', ['constructor', 'n']);
  const state = make('c', 1);
  assert.equal(JSON.stringify(state), '{"constructor":"c","n":1}');
  assert.deepEqual(Object.keys(state), ['constructor', 'n']);
  assert.equal(typeof state.hasOwnProperty, 'function');
  assert.equal(String(state), '[object Object]');
  assert.ok(Object.isSealed(state));
});

test('the combiners of merged streams have names of their own in the plan, so that readings tell them apart', () => {
  const flow = dataflow(import.meta.url, 'merged', (builder) => {
    const [left, right] = ['left', 'right'].map((name) =>
      builder.source(
        name,
        generate({ key: t.u32() }, (key) => ({ key }), { count: 3 }),
      ),
    );
    return left.merge(right).keyBy('key').aggregate('totals', { n: count() }).collect('out');
  });
  const names = planOf(buildGraph(flow, {})).stages.flatMap(({ operators }) => operators.map(({ name }) => name));
  assert.deepEqual(names, ['left', 'totals.combine-1', 'right', 'totals.combine-2', 'totals', 'out']);
});

for (const part of ['add', 'merge', 'result'] as const) {
  test(`a promise that '${part}' of a custom aggregate returns fails the job, and the error says what to do`, () => {
    const plain = { state: { n: t.u32() }, type: t.u32(), add() {}, merge() {}, result: () => 1 };
    const late = { ...plain, [part]: () => Promise.reject(new Error('late')) };
    const flow = dataflow(import.meta.url, 'late', (builder) =>
      builder
        .source(
          'numbers',
          generate({ key: t.u32() }, (key) => ({ key }), { count: 2 }),
        )
        .keyBy('key')
        .aggregate('totals', { own: custom(late as never) as ReturnType<typeof count> })
        .collect('out'),
    );
    const job = LocalJob.of(flow, {});
    assert.throws(
      () => job.run(randomOf(1)),
      ({ cause }: { cause: MillraceError }) =>
        cause.code === 'ASYNC_CLOSURE' &&
        cause.message.includes(
          `operator 'totals': '${part}' of the custom aggregate 'own' returned a promise, and nobody awaits`,
        ),
    );
    assert.deepEqual(job.letters, []);
  });
}
