// Goal: timers of a keyed operator fire as a naive model says, in the order of their times, each once, whatever is set, moved, taken
// back or restarted meanwhile; on the clock of the test, and whatever the kit does to the operator.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replacing } from '../../proof/explore/mutants/mutant.ts';
import { dataflow, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { KeyTimers } from '../../src/state/timers/key-timers.ts';
import { testOperator } from '../../src/testing.ts';
import { runs } from '../kit/arbitraries.ts';
import { alarms, TIMER_ORDERS } from '../kit/flows/timers.ts';
import { thrown } from '../kit/run-flow.ts';

interface Order {
  readonly key: string;
  readonly order: (typeof TIMER_ORDERS)[number];
  readonly name: string;
  readonly ms: number;
}

interface Fired {
  readonly key: string;
  readonly name: string;
  readonly atMs: number;
  readonly nowMs: number;
}

const NAMES = ['', 'x', 'again', 'chain', 'throws', 'last', 'a name of more than twelve bytes'];

const order = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  order: fc.constantFrom(...TIMER_ORDERS),
  name: fc.constantFrom(...NAMES),
  ms: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0, 0.5, 7, 1e15)),
});

const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.array(order, { minLength: 1, maxLength: 6 }) },
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 7, 25, 60) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 12 },
);

/** What the flow `alarms` does, over maps. */
class Model {
  nowMs = 0;
  readonly fired: Fired[] = [];
  failed = 0;
  private readonly keys = new Map<string, { timers: Map<string, number>; fired: number }>();

  feed(orders: readonly Order[]): void {
    for (const { key, order, name, ms } of orders) {
      const row = this.keys.get(key) ?? { timers: new Map(), fired: 0 };
      this.keys.set(key, row);
      if (order === 'at') row.timers.set(name, Math.ceil(ms));
      else if (order === 'after') row.timers.set(name, Math.ceil(this.nowMs + ms));
      else if (order === 'cancel') row.timers.delete(name);
      else if (order === 'remove') this.keys.delete(key);
    }
    this.fire();
  }

  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (let next = this.next(); next !== undefined && next.atMs <= until; next = this.next()) {
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.fire();
    }
    this.nowMs = until;
  }

  private next(): { key: string; name: string; atMs: number } | undefined {
    const all = [...this.keys].flatMap(([key, { timers }]) =>
      Array.from(timers, ([name, atMs]) => ({ key, name, atMs })),
    );
    return all.sort((a, b) => a.atMs - b.atMs)[0];
  }

  private fire(): void {
    for (let next = this.next(); next !== undefined && next.atMs <= this.nowMs; next = this.next()) {
      const { key, name, atMs } = next;
      const row = this.keys.get(key) as { timers: Map<string, number>; fired: number };
      row.timers.delete(name);
      if (name === 'throws') {
        this.failed++;
        continue;
      }
      row.fired++;
      this.fired.push({ key, name, atMs, nowMs: this.nowMs });
      if (name === 'again' && row.fired < 5) row.timers.set(name, atMs + 10);
      if (name === 'chain') row.timers.set('link', atMs);
      if (name === 'last') this.keys.delete(key);
    }
  }
}

/** Timers of one moment have no order that a user may rely on. */
const arranged = (fired: readonly Fired[]): Fired[] =>
  fired
    .map(({ key, name, atMs, nowMs }) => ({ key, name, atMs, nowMs }))
    .sort((a, b) => a.nowMs - b.nowMs || a.atMs - b.atMs || (`${a.key} ${a.name}` < `${b.key} ${b.name}` ? -1 : 1));

/** What depends on the order of timers of one moment: how often a key has fired, and who removes it first. */
const isOrdered = (drawn: readonly (readonly Order[] | number | string)[]): boolean => {
  const names = drawn.flatMap((act) => (typeof act === 'object' ? act.map(({ name }) => name) : []));
  return !names.includes('last') && !names.includes('again');
};

for (const disturbances of [
  { rollback: false, restore: false },
  { rollback: true, restore: false },
  { rollback: true, restore: true },
]) {
  test(`timers of random orders fire as a naive model says, ${JSON.stringify(disturbances)}`, () => {
    fc.assert(
      fc.property(acts, (drawn) => {
        const operator = testOperator<Order, Fired>(alarms, 'alarms', disturbances);
        const model = new Model();
        let fired: Fired[] = [];
        for (const act of drawn) {
          if (act === 'restart') operator.restart();
          else if (typeof act === 'number') {
            operator.advance(act);
            model.advance(act);
          } else {
            operator.feed(act);
            model.feed(act);
          }
          const emitted = operator.emitted();
          const times = emitted.map(({ nowMs }) => nowMs);
          assert.deepEqual(
            times,
            [...times].sort((a, b) => a - b),
            'in the order of time',
          );
          fired = [...fired, ...emitted];
        }
        const letters = operator.deadLetters();
        if (!isOrdered(drawn)) return;
        assert.deepEqual(arranged(fired), arranged(model.fired));
        assert.equal(letters.length, model.failed);
      }),
      runs(disturbances.restore ? 10 : 60),
    );
  });
}

const at = (key: string, name: string, ms: number): Order => ({ key, order: 'at', name, ms });

test('a timer that sets itself again fires at each of its times', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms');
  operator.feed(at('a', 'again', 5));
  operator.advance(1000);
  assert.deepEqual(
    operator.emitted().map(({ atMs, nowMs }) => [atMs, nowMs]),
    [5, 15, 25, 35, 45].map((ms) => [ms, ms]),
  );
});

test('a timer that removes its key takes the other ones with it', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms');
  operator.feed([at('a', 'last', 5), at('a', '', 6), at('a', 'x', 7), at('b', 'x', 7)]);
  operator.advance(10);
  assert.deepEqual(
    operator.emitted().map(({ key, name }) => `${key} ${name}`),
    ['a last', 'b x'],
  );
  assert.deepEqual(
    operator.state.entries().map(({ key }) => key.key),
    ['b'],
  );
});

test('state that is read shows no timers', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms');
  operator.feed([at('a', '', 5), at('a', 'x', 6)]);
  assert.deepEqual(operator.state.get('a'), { tuples: 2, fired: 0 });
});

test('a closure that throws is a dead letter with key and timer; the others fire, and so does its own key again', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms');
  operator.feed([at('a', '', 5), at('a', 'throws', 6), at('b', 'throws', 6), at('b', 'x', 6), at('a', 'x', 7)]);
  operator.advance(10);
  assert.deepEqual(
    operator.emitted().map(({ key, name }) => `${key} ${name}`),
    ['a ', 'b x', 'a x'],
  );
  const letters = operator.deadLetters();
  assert.deepEqual(letters.map(({ key, tuple, position }) => [key, tuple, position]).sort(), [
    ['a', undefined, 'the timer "throws" of 1970-01-01T00:00:00.006Z'],
    ['b', undefined, 'the timer "throws" of 1970-01-01T00:00:00.006Z'],
  ]);
  assert.equal(letters[0].error.message, `no timer of ${letters[0].key}`);
});

test('timers that are lost at a roll-back are caught', () => {
  const undo = replacing<unknown, [], void>(KeyTimers.prototype, 'rolledBack', () => () => {})();
  try {
    const operator = testOperator<Order, Fired>(alarms, 'alarms', { rollback: false, restore: false });
    operator.feed([at('b', 'x', 6), at('b', 'throws', 6), at('b', '', 6)]);
    operator.advance(10);
    assert.deepEqual([operator.emitted(), operator.deadLetters()], [[], []], 'all of the batch is lost');
  } finally {
    undo();
  }
});

test('what a fused operator fails at is its own dead letter, and the timer has fired', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms');
  operator.feed([at('a', 'unshown', 5), at('a', 'x', 6)]);
  operator.advance(10);
  assert.deepEqual(
    operator.deadLetters().map(({ operator: name, position }) => [name, position]),
    [['shown', `the timer "unshown" of 1970-01-01T00:00:00.005Z, tuple 1 that 'alarms' made of it`]],
  );
  assert.deepEqual(operator.state.get('a'), { tuples: 2, fired: 2 });
});

test('timers that are pending when the input ends do not fire: the key has its end', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms');
  operator.feed([at('a', '', 5), at('a', 'x', 500)]);
  operator.advance(10);
  operator.end();
  operator.advance(1000);
  assert.deepEqual(
    operator.emitted().map(({ name }) => name),
    ['', 'end'],
  );
});

test('a timer that is due ends the linger of the tuples before it', () => {
  const operator = testOperator<Order, Fired>(alarms, 'alarms', { lingerMs: 100 });
  operator.feed(at('a', '', 150));
  operator.advance(100);
  operator.feed(at('b', '', 1000));
  operator.advance(50);
  assert.deepEqual(
    operator.emitted().map(({ nowMs }) => nowMs),
    [150],
  );
  assert.equal(operator.state.entries().length, 2);
});

const misused = (use: string) =>
  dataflow(import.meta.url, 'misused', (flow) =>
    flow
      .source('tuples', push({ key: t.u32() }))
      .keyBy('key')
      .process(
        'misuse',
        { output: { key: t.u32() } },
        (_tuple, _state, _emit, { timers }) => {
          if (use === 'NaN') timers.at(Number.NaN);
          else if (use === 'Infinity') timers.after(Number.POSITIVE_INFINITY);
          else if (use === 'negative') timers.after(-1);
          else if (use === 'text') timers.at('tomorrow' as never);
          else if (use === 'name') timers.at(1, 7 as never);
          else timers.after(0);
        },
        use === 'none' ? {} : { onTimer: (_key, _state, _emit, { timers }) => timers.after(0) },
      )
      .collect('out'),
  );

test('a time that is none, a name that is none, and timers without a closure are errors', () => {
  for (const [use, code, text] of [
    ['NaN', 'BAD_TIMER', /timers\.at\(\) of operator 'misuse' takes milliseconds since the epoch.*; got NaN/],
    ['Infinity', 'BAD_TIMER', /timers\.after\(\) of operator 'misuse' takes milliseconds from 0 on/],
    ['negative', 'BAD_TIMER', /got -1/],
    ['text', 'BAD_TIMER', /got "tomorrow"/],
    ['name', 'BAD_VALUE', /takes a string; got 7/],
    ['none', 'BAD_TIMER', /give it one in its options, as in \{ onTimer/],
  ] as const) {
    const operator = testOperator(misused(use), 'misuse', { rollback: false, restore: false });
    operator.feed({ key: 1 });
    const [{ error }] = operator.deadLetters();
    assert.equal((error as { code?: string }).code, code, use);
    assert.match(error.message, text);
  }
});

test('a timer that sets itself again for now, again and again, is told of', () => {
  const operator = testOperator(misused('endless'), 'misuse', { rollback: false, restore: false });
  const { message } = thrown(() => operator.feed({ key: 1 }), 'BAD_TIMER');
  assert.match(message, /one sets itself again for a time that has come/);
});

test('names that rows have for the library are taken', () => {
  const flow = dataflow(import.meta.url, 'taken', (builder) =>
    builder
      .source('tuples', push({ key: t.u32() }))
      .keyBy('key')
      .process('taken', { state: { $timer: t.u32() } }, () => {}),
  );
  assert.match(thrown(() => testOperator(flow, 'taken'), 'BAD_SCHEMA').message, /'\$timer' is taken/);
});
