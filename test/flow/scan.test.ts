// Goal: a running fold gives the state after each tuple, with the key, in the order of the key's tuples, whoever is killed; what it is
// told wrong is a typed error, and a tuple that it fails at changes nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sum } from '../../src/aggregates.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { dataflow, type Field, type MillraceError, type Stream, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { tumbling } from '../../src/windows.ts';
import { thrown } from '../kit/run-flow.ts';

const ORDER = { customer: t.string(), cents: t.u32(), at: t.f64() };

const totals = dataflow(import.meta.url, 'totals', (flow) =>
  flow
    .source('orders', push(ORDER))
    .withEventTime('at')
    .keyBy('customer')
    .scan('running', { total: t.f64(), most: t.u32() }, ({ cents }, state) => {
      if (cents === 13) throw new RangeError('no such coin');
      state.total += cents;
      state.most = Math.max(state.most, cents);
    })
    .keyBy('customer')
    .window(tumbling({ sizeMs: 10 }))
    .aggregate('by-ten', { totals: sum('total') })
    .collect('out'),
);

test('the state after each tuple, with the key, through rollbacks and restarts; what fails changes nothing', () => {
  const running = testOperator<{ customer: string; cents: number; at: number }, object>(totals, 'running', {
    alone: true,
  });
  const feed = (customer: string, cents: number) => running.feed({ customer, cents, at: 1 }, { at: 1 });
  feed('a', 5);
  feed('b', 7);
  running.restart();
  feed('a', 13);
  feed('a', 2);
  assert.deepEqual(running.emitted(), [
    { customer: 'a', total: 5, most: 5 },
    { customer: 'b', total: 7, most: 7 },
    { customer: 'a', total: 7, most: 5 },
  ]);
  assert.equal(running.deadLetters().length, 1);
  assert.deepEqual(running.state.get('a'), { total: 7, most: 5 });
});

test('what is no fold is told of, and so is a field that the key has', () => {
  const built = (build: Parameters<typeof dataflow>[2]) =>
    buildGraph(dataflow(import.meta.url, 'x', build) as never, {});
  const orders = (flow: Parameters<Parameters<typeof dataflow>[2]>[0]) =>
    flow.source('orders', push(ORDER)).keyBy('customer');
  thrown(
    () =>
      built((flow) =>
        orders(flow)
          .scan('x', {} as never, () => {})
          .collect('out'),
      ),
    'BAD_SCHEMA',
  );
  thrown(
    () =>
      built((flow) =>
        orders(flow)
          .scan('x', { n: t.u32() }, 5 as never)
          .collect('out'),
      ),
    'BAD_OPTION',
  );
  thrown(
    () =>
      built((flow) =>
        orders(flow)
          .scan('x', { n: t.u32() }, (async () => {}) as never)
          .collect('out'),
      ),
    'ASYNC_CLOSURE',
  );
  thrown(
    () =>
      built((flow) =>
        orders(flow)
          .scan('x', { customer: t.u32() }, () => {})
          .collect('out'),
      ),
    'BAD_SCHEMA',
  );
  thrown(
    () => built((flow) => (flow.source('orders', push(ORDER)) as never as { scan(name: string): void }).scan('x')),
    'BAD_FLOW',
  );
});

test('a fold that returns a state, as a reducer does, fails the job whatever it returns: RETURNED_STATE', () => {
  for (const returned of [{ n: 1 }, [{ n: 1 }], 1, null, false, '']) {
    const flow = dataflow(import.meta.url, 'reducer', (builder) =>
      builder
        .source('orders', push(ORDER))
        .keyBy('customer')
        .scan('reduced', { n: t.u32() }, (() => returned) as never)
        .collect('out'),
    );
    const operator = testOperator<object, object>(flow, 'reduced', { alone: true });
    assert.throws(
      () => {
        operator.feed({ customer: 'a', cents: 1, at: 1 });
        operator.emitted();
      },
      ({ cause }: { cause: MillraceError }) =>
        cause.code === 'RETURNED_STATE' &&
        cause.message.includes("'reduced'") &&
        cause.message.includes('assign to the fields'),
    );
  }
});

test('types: the fields of the key, and those of the state', () => {
  dataflow(import.meta.url, 'types', (flow) => {
    const made = flow
      .source('orders', push(ORDER))
      .keyBy('customer')
      .scan('running', { total: t.f64() }, ({ cents }, state) => {
        state.total += cents;
        // @ts-expect-error the state has no such field
        () => state.totals;
      });
    const exact: Stream<{ customer: Field<string>; total: Field<number> }> = made;
    const keyed = flow.source('more', push(ORDER)).keyBy('customer');
    // @ts-expect-error a fold returns no state
    () => keyed.scan('reducer', { n: t.u32() }, (_, { n }) => ({ n: n + 1 }));
    // @ts-expect-error nor a number
    () => keyed.scan('assigning', { n: t.u32() }, ({ cents }, state) => (state.n += cents));
    () =>
      keyed.scan('throwing', { n: t.u32() }, () => {
        throw new Error('never');
      });
    () =>
      keyed.scan('some', { n: t.u32() }, ({ cents }, state) => {
        if (cents === 0) return;
        state.n += cents;
      });
    // @ts-expect-error what is neither of the key nor of the state is gone
    () => made.map('x', { n: t.u32() }, ({ cents }) => ({ n: cents }));
    return exact.collect('out');
  });
});
