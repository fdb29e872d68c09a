// Goal: a row whose key is not heard of goes, by event time or by the clock; it is never seen once its time is over; and what keeps a
// key alive does so at the last moment too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataflow, t, table } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';

const SCHEMAS = {
  state: { seen: t.u32(), text: t.string() },
  tables: { items: table({ item: t.u32() }, {}) },
  output: { key: t.string(), seen: t.u32(), items: t.u32() },
};

const counting = (isTimed: boolean, alarmMs?: number) =>
  dataflow(import.meta.url, `counting-${isTimed}-${alarmMs}`, (flow) => {
    const source = flow.source('tuples', push({ key: t.string(), at: t.f64() }));
    const stream = isTimed ? source.withEventTime('at') : source;
    return stream
      .keyBy('key')
      .process(
        'count',
        SCHEMAS,
        ({ key }, state, emit, { timers }) => {
          state.seen += 1;
          state.items.upsert(state.seen);
          state.text = `${state.text}.`;
          if (alarmMs !== undefined && state.seen === 1) timers.after(alarmMs);
          emit({ key, seen: state.seen, items: state.text.length + 10 * state.items.size });
        },
        {
          ttlMs: 100,
          ...(alarmMs !== undefined && { onTimer: ({ key }, { seen }, emit) => emit({ key, seen, items: 0 }) }),
        },
      )
      .collect('counts');
  });

const seenOf = (operator: { emitted(): unknown[] }): number[] =>
  operator.emitted().map((row) => (row as { seen: number }).seen);

test('in event time, a row goes when the watermark has passed its last tuple by so much', () => {
  const count = testOperator(counting(true), 'count');
  count.feed({ key: 'a', at: 0 }, { at: 0 });
  count.feed({ key: 'a', at: 99 }, { at: 99 });
  assert.deepEqual(seenOf(count), [1, 2]);
  count.advanceWatermark(199);
  assert.equal(count.state.entries().length, 1);
  count.restart();
  count.advanceWatermark(200);
  assert.deepEqual(count.state.entries(), []);
});

test('a tuple after that finds none, also while the timer has not come by', () => {
  const count = testOperator(counting(true), 'count');
  count.feed({ key: 'a', at: 0 }, { at: 0 });
  count.feed({ key: 'a', at: 100 }, { at: 100 });
  assert.deepEqual(count.emitted(), [
    { key: 'a', seen: 1, items: 11 },
    { key: 'a', seen: 1, items: 11 },
  ]);
  count.advanceWatermark(199);
  assert.equal(count.state.entries().length, 1);
});

test("a timer of the app's at that very time finds the row, and keeps it", () => {
  const count = testOperator(counting(true, 100), 'count');
  count.feed({ key: 'a', at: 0 }, { at: 0 });
  count.advanceWatermark(150);
  assert.deepEqual(seenOf(count), [1, 1]);
  assert.equal(count.state.entries().length, 1);
  count.advanceWatermark(201);
  assert.deepEqual(count.state.entries(), []);
});

test('a row for which a timer is still to fire does not expire before, whatever comes first', () => {
  // The timer is for 250, and the row would go at 100.
  for (const passes of [true, false]) {
    const count = testOperator(counting(true, 250), 'count');
    count.feed({ key: 'a', at: 0 }, { at: 0 });
    if (passes) count.advanceWatermark(120);
    count.restart();
    count.feed({ key: 'a', at: 130 }, { at: 130 });
    assert.deepEqual(seenOf(count), [1, 2], `the watermark passes: ${passes}`);
    count.advanceWatermark(250);
    assert.deepEqual(seenOf(count), [2], 'the timer');
    count.advanceWatermark(350);
    assert.equal(count.state.entries().length, 1);
    count.advanceWatermark(351);
    assert.deepEqual(count.state.entries(), []);
  }
});

test('at the end of the input rows are there that have not expired', () => {
  const flow = dataflow(import.meta.url, 'last', (build) =>
    build
      .source('tuples', push({ key: t.string(), at: t.f64() }))
      .withEventTime('at')
      .keyBy('key')
      .process(
        'count',
        { state: { seen: t.u32() }, output: { key: t.string(), seen: t.u32() } },
        (_tuple, state) => {
          state.seen += 1;
        },
        { ttlMs: 100, end: ({ key }, { seen }, emit) => emit({ key, seen }) },
      )
      .collect('counts'),
  );
  const count = testOperator(flow, 'count');
  count.feed({ key: 'a', at: 0 }, { at: 0 });
  count.feed({ key: 'b', at: 150 }, { at: 150 });
  count.advanceWatermark(150);
  count.end();
  assert.deepEqual(count.emitted(), [{ key: 'b', seen: 1 }]);
});

test('without event time the clock decides', () => {
  const count = testOperator(counting(false), 'count');
  count.feed({ key: 'a', at: 0 });
  count.advance(99);
  count.feed({ key: 'a', at: 0 });
  count.advance(100);
  count.feed({ key: 'a', at: 0 });
  assert.deepEqual(seenOf(count), [1, 2, 1]);
  count.advance(101);
  assert.deepEqual(count.state.entries(), []);
});

test('rows of an operator with two inputs go, too', () => {
  const flow = dataflow(import.meta.url, 'both', (build) => {
    const [left, right] = ['left', 'right'].map((name) =>
      build
        .source(name, push({ key: t.string(), at: t.f64() }))
        .withEventTime('at')
        .keyBy('key'),
    );
    const add = (
      { key }: { key: string },
      state: { seen: number },
      emit: (row: { key: string; seen: number }) => void,
    ): void => {
      state.seen += 1;
      emit({ key, seen: state.seen });
    };
    return left
      .connect(right)
      .process(
        'count',
        { state: { seen: t.u32() }, output: { key: t.string(), seen: t.u32() } },
        { left: add, right: add },
        { ttlMs: 100 },
      )
      .collect('counts');
  });
  const count = testOperator(flow, 'count');
  count.input('left').feed({ key: 'a', at: -300 }, { at: -300 });
  count.input('right').feed({ key: 'a', at: -250 }, { at: -250 });
  count.input('left').feed({ key: 'a', at: -150 }, { at: -150 });
  assert.deepEqual(seenOf(count), [1, 2, 1]);
  count.advanceWatermark(-50);
  assert.equal(count.state.entries().length, 1);
  count.advanceWatermark(-49);
  assert.deepEqual(count.state.entries(), []);
});
