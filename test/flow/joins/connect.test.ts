// Goal: two keyed streams meet in one state with a closure for each; streams that cannot meet are told of before anything runs; what
// fails at one tuple takes no other along.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../../src/flow/dataflow.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { count, tumbling } from '../../../src/windows.ts';
import { debts, neighbours } from '../../kit/flows/connected.ts';
import { thrown } from '../../kit/run-flow.ts';

interface Debt {
  readonly order: string;
  readonly owed: number;
  readonly why: string;
}

const textOf = ({ order, owed, why }: Debt): string => `${order} ${owed} ${why}`;

test('process: one state for both, timers in event time, dead letters of either', () => {
  const debt = testOperator<never, Debt>(debts, 'debt');
  const orders = debt.input<{ order: string; cents: number }>('orders');
  const payments = debt.input<{ paid: string; cents: number; at: number }>('right');
  orders.feed({ order: 'a', cents: 50 }, { at: 50 });
  payments.feed({ paid: 'a', cents: 20, at: 60 }, { at: 60 });
  payments.feed({ paid: 'b', cents: 13, at: 61 }, { at: 61 });
  payments.feed({ paid: 'b', cents: 5, at: 61 }, { at: 61 });
  assert.deepEqual(debt.emitted().map(textOf), ['a 50 order', 'a 30 payment', 'b -5 payment']);
  assert.deepEqual(
    debt.deadLetters().map(({ tuple }) => tuple),
    [{ paid: 'b', cents: 13, at: 61 }],
  );
  orders.advanceWatermark(1000);
  payments.advanceWatermark(149);
  assert.deepEqual(debt.emitted(), []);
  payments.advanceWatermark(150);
  assert.deepEqual(debt.emitted().map(textOf), ['a 30 reminder']);
  assert.deepEqual(debt.state.get('a'), { owed: 30, payments: 1 });
  debt.end();
  assert.deepEqual(debt.emitted().map(textOf).sort(), ['a 30 end', 'b -5 end']);
});

test('process without event time: timers go by the clock', () => {
  const debt = testOperator<never, Debt>(debts, 'debt', { params: { isTimed: false } });
  debt.input('left').feed({ order: 'a', cents: 50 });
  debt.advance(101);
  assert.deepEqual(debt.emitted().map(textOf), ['a 50 order', 'a 50 reminder']);
});

test('a stream is joined with itself, and a closure that fails at a tuple without a mate fails at that one only', () => {
  const pairs = testOperator<never, { first: number; second: number | null }>(neighbours, 'pairs');
  for (const side of ['left', 'right'])
    pairs.input(side).feed(
      [0, 5, 5, 12, 40, 41].map((at, id) => ({ key: 1, at, id: id + 1 })),
      { at: ({ at }) => at as number },
    );
  pairs.advanceWatermark(1000);
  const shown = pairs.emitted().map(({ first, second }) => `${first} ${second}`);
  assert.deepEqual(shown.sort(), ['1 2', '1 3', '2 4', '3 4', '4 null', '5 6', '6 null']);
  for (const side of ['left', 'right'])
    for (const id of [12, 13, 14]) pairs.input(side).feed({ key: id, at: 1000, id }, { at: 1000 });
  pairs.advanceWatermark(3000);
  assert.deepEqual(
    pairs
      .emitted()
      .map(({ first }) => first)
      .sort(),
    [12, 14],
  );
  assert.match(pairs.deadLetters()[0].error.message, /13 is alone/);
});

test('times before 1970 and of half a millisecond', () => {
  const pairs = testOperator<never, { first: number; second: number | null }>(neighbours, 'pairs');
  pairs.input('left').feed({ key: 1, at: -5.5, id: 1 }, { at: -5.5 });
  pairs.input('right').feed({ key: 1, at: -4.5, id: 2 }, { at: -4.5 });
  pairs.input('left').feed({ key: 1, at: -2, id: 4 }, { at: -2 });
  pairs.end();
  assert.deepEqual(
    pairs.emitted().map(({ first, second }) => `${first} ${second}`),
    ['1 2', '4 null'],
  );
});

const EVENTS = { key: t.u32(), name: t.string(), at: t.timestamp() };

type Build = Parameters<typeof dataflow>[2];
const built = (build: Build): unknown => buildGraph(dataflow(import.meta.url, 'x', build) as never, {});
const events = (flow: Parameters<Build>[0], name: string) => flow.source(name, push(EVENTS));

test('what cannot meet is told of', () => {
  const pair = (): { n: number } => ({ n: 1 });
  const cases: Readonly<Record<string, [code: Parameters<typeof thrown>[1], message: RegExp, build: Build]>> = {
    'keys of other types': [
      'BAD_FLOW',
      /\(key\) has \(u32\), \(name\) has \(string\)/,
      (flow) => {
        const left = events(flow, 'a').keyBy('key');
        // @ts-expect-error the values of the keys have different types
        left.connect(events(flow, 'b').keyBy('name'));
      },
    ],
    'a stream without a key': [
      'BAD_OPTION',
      /call keyBy\(field\)/,
      (flow) =>
        void events(flow, 'a')
          .keyBy('key')
          .connect(events(flow, 'b') as never),
    ],
    'connect on a stream without a key': [
      'BAD_FLOW',
      /call keyBy\(field\)/,
      (flow) => (events(flow, 'a') as never as { connect(other: unknown): void }).connect(1),
    ],
    'no event time': [
      'NO_EVENT_TIME',
      /an interval join goes by event time/,
      (flow) =>
        void events(flow, 'a')
          .keyBy('key')
          .connect(events(flow, 'b').withEventTime('at').keyBy('key'))
          .intervalJoin('j', { fromMs: 0, toMs: 1 }, { n: t.u32() }, pair),
    ],
    'an empty interval': [
      'BAD_OPTION',
      /'toMs' .* above fromMs, which is 5/,
      (flow) =>
        void events(flow, 'a')
          .withEventTime('at')
          .keyBy('key')
          .connect(events(flow, 'b').withEventTime('at').keyBy('key'))
          .intervalJoin('j', { fromMs: 5, toMs: 5 }, { n: t.u32() }, pair),
    ],
    'a window that is no window of time': [
      'BAD_OPTION',
      /'window' of operator 'j' must be a window of time: tumbling, sliding, session or calendar/,
      (flow) =>
        void events(flow, 'a')
          .withEventTime('at')
          .keyBy('key')
          .connect(events(flow, 'b').withEventTime('at').keyBy('key'))
          .windowJoin('j', count({ size: 3 }) as never, { n: t.u32() }, pair),
    ],
    'a closure too many': [
      'BAD_OPTION',
      /has no option 'middle'/,
      (flow) =>
        void events(flow, 'a')
          .keyBy('key')
          .connect(events(flow, 'b').keyBy('key'))
          .process('p', {}, { left: () => {}, right: () => {}, middle: () => {} } as never),
    ],
    'no closure for the right stream': [
      'BAD_OPTION',
      /'right' .* a function/,
      (flow) =>
        void events(flow, 'a')
          .keyBy('key')
          .connect(events(flow, 'b').keyBy('key'))
          .process('p', {}, { left: () => {} } as never),
    ],
    'an argument too many': [
      'SURPLUS_ARGUMENTS',
      /connect\(other\)/,
      (flow) =>
        void events(flow, 'a')
          .keyBy('key')
          .connect(events(flow, 'b').keyBy('key'), {} as never),
    ],
    'throttle without event time': [
      'NO_EVENT_TIME',
      /throttle goes by event time/,
      (flow) => void events(flow, 'a').keyBy('key').throttle('t', { everyMs: 5 }),
    ],
    'a join that gives promises': [
      'ASYNC_CLOSURE',
      /an async function/,
      (flow) =>
        void events(flow, 'a')
          .keyBy('key')
          .connect(events(flow, 'b').keyBy('key'))
          .lookupJoin('j', { n: t.u32() }, (async () => ({ n: 1 })) as never),
    ],
    'a table with event time that tuples would wait for': [
      'BAD_FLOW',
      /the table of operator 'l' has event time/,
      (flow) =>
        void events(flow, 'a').lookup(
          'l',
          events(flow, 'b').withEventTime('at').keyBy('key'),
          'key',
          { n: t.u32() },
          ({ key }) => ({ n: key }),
        ),
    ],
    'a sample of more than all': [
      'BAD_OPTION',
      /'fraction' .* from 0 to 1/,
      (flow) => void events(flow, 'a').sample('s', 1.5),
    ],
    'a sample by a field that is not there': [
      'BAD_OPTION',
      /'by' .* 'key', 'name', 'at'/,
      (flow) => void events(flow, 'a').sample('s', 0.5, { by: ['no' as never] }),
    ],
  };
  for (const [code, message, build] of Object.values(cases))
    assert.match(thrown(() => built(build), code).message, message);
  // With windows of time it goes through, but that nobody reads it.
  thrown(
    () =>
      built(
        (flow) =>
          void events(flow, 'a')
            .withEventTime('at')
            .keyBy('key')
            .connect(events(flow, 'b').withEventTime('at').keyBy('key'))
            .windowJoin('j', tumbling({ sizeMs: 10 }), { n: t.u32() }, pair),
      ),
    'NO_CONSUMER',
  );
});

test('row types follow the kind', () => {
  built((flow) => {
    const both = events(flow, 'a')
      .withEventTime('at')
      .keyBy('key')
      .connect(events(flow, 'b').withEventTime('at').keyBy('key'));
    const inner = both.intervalJoin('inner', { fromMs: 0, toMs: 1 }, { n: t.u32() }, (left, right) => ({
      n: left.key + right.key,
    }));
    const full = both.intervalJoin(
      'full',
      { fromMs: 0, toMs: 1 },
      { n: t.u32() },
      (left, right) => ({
        // @ts-expect-error either may be undefined
        n: left.key + (right?.key ?? 0),
      }),
      { kind: 'full' },
    );
    return inner.merge(full).collect('out');
  });
});
