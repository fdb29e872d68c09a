// Goal: an operator that is wrong in a way that the kit promises to catch is caught, by the check that is to catch it, with a
// text that says what differed; and what looks alike but is right is let through.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowBuilder } from '../../src/flow/dataflow.ts';
import { dataflow, type MillraceError, t, table } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { type OperatorTest, type TestOptions, testOperator } from '../../src/testing.ts';
import { thrown } from '../kit/run-flow.ts';

const ROLLBACK: TestOptions = { rollback: true, restore: false };
const RESTORE: TestOptions = { rollback: false, restore: true };
const NEITHER: TestOptions = { rollback: false, restore: false };

/** A flow whose keyed operator 'tested' is what a build gives. */
const keyed = (build: (numbers: ReturnType<typeof numbersOf>) => { collect(name: string): unknown }) =>
  dataflow(import.meta.url, 'wrong', (flow) => build(numbersOf(flow)).collect('out'));

const numbersOf = (flow: FlowBuilder) => flow.source('numbers', push({ key: t.string(), n: t.i32() })).keyBy('key');

const output = { key: t.string(), n: t.f64() };
type Numbers = OperatorTest<{ key: string; n: number }, { key: string; n: number }>;

const tuples = (...numbers: number[]): { key: string; n: number }[] => numbers.map((n) => ({ key: `k${n % 2}`, n }));

/** The error with which the flow's operator is caught; every option set must catch it. */
function caught(
  flow: ReturnType<typeof keyed>,
  fed: readonly { key: string; n: number }[],
  ...optionSets: TestOptions[]
): MillraceError {
  let last: MillraceError | undefined;
  for (const options of optionSets) {
    const each = testOperator(flow, 'tested', options) as unknown as Numbers;
    last = thrown(() => each.feed(fed), 'NOT_REPEATABLE');
    assert.equal(last.details.operator, 'tested');
    assert.throws(() => each.feed(fed), last, 'the test has failed for good');
  }
  return last as MillraceError;
}

/** Not caught, with these options. */
function passes(
  flow: ReturnType<typeof keyed>,
  fed: readonly { key: string; n: number }[],
  options: TestOptions,
): Numbers {
  const each = testOperator(flow, 'tested', options) as unknown as Numbers;
  each.feed(fed);
  assert.deepEqual(each.deadLetters(), []);
  return each;
}

test('a count in a variable of the build', () => {
  const flow = keyed((numbers) => {
    let count = 0;
    return numbers.process('tested', { output }, ({ key }, _, emit) => emit({ key, n: ++count }));
  });
  const { message, details } = caught(flow, tuples(7), ROLLBACK, {});
  assert.match(
    message,
    /^operator 'tested' emitted {"key":"k1","n":2} instead of {"key":"k1","n":1}, when its batch was rolled back and run again and it went on from a snapshot with fresh closures: it depends on something besides its tuples and its state, such as a variable outside of its closure/,
  );
  assert.deepEqual(details.undisturbed, { key: 'k1', n: 1 });
  assert.deepEqual(details.disturbances, ['rollback', 'restore']);
  const restored = caught(flow, tuples(7, 8), RESTORE);
  assert.match(
    restored.message,
    /emitted .*"n":1} instead of .*"n":2}, when it went on from a snapshot .*\({ restore: false }\)$/,
  );
  assert.deepEqual(
    passes(flow, tuples(7, 8), NEITHER)
      .emitted()
      .map(({ n }) => n),
    [1, 2],
  );
});

let moduleCount = 0;

test('a count in a variable of the module', () => {
  const flow = keyed((numbers) =>
    numbers.process('tested', { output }, ({ key }, _, emit) => emit({ key, n: ++moduleCount })),
  );
  caught(flow, tuples(7), ROLLBACK, RESTORE, {});
});

test('a maximum in a variable: running twice changes nothing, but a snapshot does not have it', () => {
  const flow = keyed((numbers) => {
    let max = Number.NEGATIVE_INFINITY;
    return numbers.process('tested', { output }, ({ key, n }, _, emit) => {
      max = Math.max(max, n);
      emit({ key, n: max });
    });
  });
  caught(flow, tuples(7, 3), RESTORE, {});
  const each = testOperator(flow, 'tested') as unknown as Numbers;
  for (const tuple of tuples(7, 8, 9)) each.feed(tuple);
  thrown(() => each.feed(tuples(1)), 'NOT_REPEATABLE');
  assert.deepEqual(
    passes(flow, tuples(7, 3), ROLLBACK)
      .emitted()
      .map(({ n }) => n),
    [7, 7],
    'as docs/testing.md says',
  );
});

test('a set of seen keys in a variable', () => {
  const flow = keyed((numbers) => {
    const seen = new Set<string>();
    return numbers.filter('tested', ({ key }) => seen.size !== seen.add(key).size);
  });
  const { message } = caught(flow, tuples(7), ROLLBACK, {});
  assert.match(message, /operator 'tested' did not emit {"key":"k1","n":7}, when/);
  assert.match(caught(flow, tuples(7, 9), RESTORE).message, /emitted {"key":"k1","n":9} as well, when/);
});

test('state that is changed by more than tuples, though what is emitted is right', () => {
  const flow = keyed((numbers) => {
    let calls = 0;
    return numbers.process('tested', { state: { calls: t.u32() }, output }, ({ key, n }, state, emit) => {
      state.calls = ++calls;
      emit({ key, n });
    });
  });
  const { message } = caught(flow, tuples(7), ROLLBACK, {});
  assert.match(message, /had the state {"calls":2} for key {"key":"k1"} instead of the state {"calls":1}, when/);
  caught(flow, tuples(7, 9), RESTORE);
});

test('rows that are removed, or tables that are filled, by more than tuples', () => {
  let calls = 0;
  const removing = keyed((numbers) =>
    numbers.process('tested', { state: { n: t.u32() }, output }, (_, state, __, context) => {
      state.n = 1;
      if (++calls % 2 === 0) context.remove();
    }),
  );
  const { message } = caught(removing, tuples(7), ROLLBACK);
  assert.match(message, /had the state {"n":1} for key {"key":"k1"} instead of no state|had no state for key/);
  const filling = keyed((numbers) =>
    numbers.process('tested', { tables: { rows: table({ at: t.u32() }, { n: t.u32() }) }, output }, (_, state) => {
      state.rows.upsert(++calls).n = 1;
    }),
  );
  caught(filling, tuples(7), ROLLBACK, RESTORE);
});

test('time and chance', () => {
  let nowMs = 0;
  const clock = keyed((numbers) => numbers.map('tested', output, ({ key }) => ({ key, n: nowMs++ })));
  caught(clock, tuples(7), ROLLBACK, RESTORE, {});
  const chance = keyed((numbers) => numbers.map('tested', output, ({ key }) => ({ key, n: Math.random() })));
  caught(chance, tuples(7), ROLLBACK, RESTORE, {});
});

test('a failure that depends on how often it is tried', () => {
  const flow = keyed((numbers) => {
    let calls = 0;
    return numbers.filter('tested', () => {
      calls += 1;
      // A failure in a batch is tried once more, alone.
      if (calls === 2 || calls === 3) throw new Error('not again');
      return true;
    });
  });
  const { message } = caught(flow, tuples(7), ROLLBACK, {});
  assert.match(message, /operator 'tested' failed at {"key":"k1","n":7} \(not again\), when/);
  const passing = keyed((numbers) => {
    let calls = 0;
    return numbers.filter('tested', ({ n }) => {
      if (n === 8 && ++calls < 3) throw new Error('not yet');
      return true;
    });
  });
  assert.match(caught(passing, tuples(7, 8), ROLLBACK).message, /did not fail at .*\(not yet\), when/);
});

test("a failure under failure: 'stop' that depends on how often it is tried", () => {
  const flow = keyed((numbers) => {
    let calls = 0;
    return numbers.filter(
      'tested',
      () => {
        // The batch is rolled back, tried again, and its tuple tried alone.
        if (++calls > 2) throw new Error('too often');
        return true;
      },
      { failure: 'stop' },
    );
  });
  const each = testOperator(flow, 'tested', ROLLBACK) as unknown as Numbers;
  each.feed(tuples(7));
  const { message } = thrown(() => each.feed(tuples(8)), 'NOT_REPEATABLE');
  assert.match(message, /did not emit|failed with OPERATOR_FAILED .*too often/);
});

test('a state object that is kept from one call to the next', () => {
  const flow = keyed((numbers) => {
    let kept: { n: number } | undefined;
    return numbers.process('tested', { state: { n: t.u32() }, output }, ({ key }, state, emit) => {
      kept ??= state;
      kept.n += 1;
      emit({ key, n: kept.n });
    });
  });
  const { message } = caught(flow, tuples(7), ROLLBACK, {});
  assert.match(message, /state of operator 'tested' was used after its closure had returned/);
});

test('results that gather in a variable and are emitted at the end', () => {
  const flow = keyed((numbers) => {
    const sums = new Map<string, number>();
    return numbers.process('tested', { output }, ({ key, n }) => void sums.set(key, (sums.get(key) ?? 0) + n), {
      end: ({ key }, _, emit) => emit({ key, n: sums.get(key) ?? 0 }),
    });
  });
  for (const options of [ROLLBACK, RESTORE, {}]) {
    const each = passes(flow, tuples(7, 8, 9), options);
    const { message } = thrown(() => each.end(), 'NOT_REPEATABLE');
    assert.match(message, /operator 'tested' emitted {"key":"k\d","n":\d+} instead of {"key":"k\d","n":\d+}/);
  }
});

test('a wrong operator among those fused behind the named one is named in its tuples', () => {
  const flow = dataflow(import.meta.url, 'fused', (builder) => {
    let count = 0;
    return builder
      .source('numbers', push({ n: t.u32() }))
      .filter('tested', () => true)
      .map('counted', { n: t.u32(), count: t.u32() }, ({ n }) => ({ n, count: ++count }))
      .collect('out');
  });
  assert.match(
    thrown(() => testOperator(flow, 'tested').feed({ n: 5 }), 'NOT_REPEATABLE').message,
    /emitted {"n":5,"count":2} instead of {"n":5,"count":1}/,
  );
  testOperator(flow, 'tested', { alone: true }).feed({ n: 5 });
});

test('what a sink gets depends on a variable', () => {
  const flow = dataflow(import.meta.url, 'sink', (builder) => {
    let count = 0;
    builder
      .source('numbers', push({ n: t.u32() }))
      .map('tested', { n: t.u32() }, () => ({ n: ++count }))
      .to('out', { open: () => ({ write() {}, flush: () => 0, rollback() {}, close() {} }) });
  });
  const { message } = thrown(() => testOperator(flow, 'tested').feed({ n: 5 }), 'NOT_REPEATABLE');
  assert.match(message, /operator 'tested' wrote {"n":2} instead of {"n":1}/);
});

test('a build that declares another flow the next time', () => {
  let builds = 0;
  const flow = dataflow(import.meta.url, 'unstable', (builder) =>
    builder
      .source('numbers', push({ n: t.u32() }))
      .filter('tested', () => true)
      .collect(`out${builds++}`),
  );
  thrown(() => testOperator(flow, 'tested'), 'FLOW_DIFFERS');
});

test('let through: a cache of what follows from the tuple alone', () => {
  const flow = keyed((numbers) => {
    const cache = new Map<number, number>();
    return numbers.map('tested', output, ({ key, n }) => {
      if (!cache.has(n)) cache.set(n, n * n);
      return { key, n: cache.get(n) as number };
    });
  });
  for (const options of [ROLLBACK, RESTORE, {}]) passes(flow, tuples(7, 8, 7), options);
});

test('let through: a clock that stands still', (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 1000 });
  const flow = keyed((numbers) => numbers.map('tested', output, ({ key }) => ({ key, n: Date.now() })));
  const each = passes(flow, tuples(1), {});
  context.mock.timers.tick(50);
  each.feed(tuples(2));
  assert.deepEqual(
    each.emitted().map(({ n }) => n),
    [1000, 1050],
  );
});

test('let through: tuples in the order of a table, and keys in the order of the state at the end', () => {
  const flow = keyed((numbers) =>
    numbers.process(
      'tested',
      { tables: { rows: table({ at: t.i32() }, { n: t.i32() }) }, output },
      ({ key, n }, state, emit) => {
        // A table that has shrunk has another order in a snapshot.
        for (let at = 0; n === 0 && at < 40; at++) state.rows.upsert(at);
        for (let at = 0; n === 0 && at < 40; at++) if (at % 5 !== 0) state.rows.delete(at);
        for (const { at } of state.rows) emit({ key, n: at });
      },
      { end: ({ key }, state, emit) => emit({ key, n: state.rows.size }) },
    ),
  );
  const emittedWith = (options: TestOptions): number[] => {
    const each = passes(flow, tuples(0, 2), options);
    const emitted = each.emitted().map(({ n }) => n);
    each.end();
    assert.deepEqual(each.emitted(), [{ key: 'k0', n: 8 }]);
    return emitted;
  };
  const left = emittedWith(NEITHER);
  const restored = emittedWith({});
  assert.notDeepEqual(restored, left, 'this test shows something only if the order differs');
  assert.deepEqual(restored.sort(), left.sort());
});
