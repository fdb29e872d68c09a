// Goal: a window of all tuples of a key comes at whichever of its triggers is first, once, with all tuples or those since; what none has
// given comes at the end if that is wanted; whatever restarts, rollbacks and snapshots.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { globalWindow, tumbling } from '../../../src/windows.ts';
import { runs } from '../../kit/arbitraries.ts';
import { type TriggerParams, triggered } from '../../kit/flows/triggered.ts';
import type { Item } from '../../kit/flows/windows.ts';
import { thrown } from '../../kit/run-flow.ts';
import { seldom } from '../../kit/window-drive.ts';

const params: fc.Arbitrary<TriggerParams> = fc
  .record({
    count: fc.constantFrom(undefined, 1, 2, 5),
    everyMs: fc.constantFrom(undefined, 10, 25),
    divisor: fc.constantFrom(undefined, 3, 7),
    purge: fc.boolean(),
    rest: fc.boolean(),
  })
  .filter((drawn) => drawn.count !== undefined || drawn.everyMs !== undefined || drawn.divisor !== undefined)
  // What is undefined does not travel.
  .map((drawn) => Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined)) as never);

const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.constantFrom('a', 'a', 'b'), { minLength: 1, maxLength: 6 }) },
    { weight: 3, arbitrary: fc.constantFrom(1, 9, 10, 40) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 16 },
);

/** What is emitted, by a loop. */
class Model {
  readonly given: string[] = [];
  private readonly keys = new Map<string, { all: number[]; fresh: number; dueMs: number }>();
  private readonly params: TriggerParams;

  constructor(given: TriggerParams) {
    this.params = given;
  }

  private give(key: string): void {
    const own = this.keys.get(key);
    if (own === undefined) return;
    this.given.push(`${key} ${own.all.join()}`);
    if (this.params.purge) this.keys.delete(key);
    else Object.assign(own, { fresh: 0, dueMs: Number.POSITIVE_INFINITY });
  }

  take(key: string, n: number, nowMs: number): void {
    const own = this.keys.get(key) ?? { all: [], fresh: 0, dueMs: Number.POSITIVE_INFINITY };
    this.keys.set(key, own);
    own.all.push(n);
    own.fresh++;
    const { count: most = Number.POSITIVE_INFINITY, divisor, everyMs } = this.params;
    if (own.fresh >= most || (divisor !== undefined && n % divisor === 0)) this.give(key);
    else if (own.fresh === 1 && everyMs !== undefined) own.dueMs = nowMs + everyMs;
  }

  advance(nowMs: number): void {
    for (const [key, { dueMs }] of [...this.keys]) if (dueMs <= nowMs) this.give(key);
  }

  end(): void {
    for (const [key, { fresh }] of [...this.keys]) if (this.params.rest && fresh > 0) this.give(key);
  }

  get names(): string[] {
    return [...this.keys.keys()].sort();
  }
}

const total = (ns: readonly number[]): number => ns.reduce((sum, n) => sum + n, 0);

for (const how of ['aggregate', 'process'] as const) {
  test(`a window of all items, by triggers: ${how}`, () => {
    fc.assert(
      fc.property(params, acts, seldom, (drawn, steps, isDisturbed) => {
        const operator = testOperator<Item, Record<string, unknown>>(triggered, 'results', {
          params: { ...drawn, how },
          rollback: isDisturbed,
          restore: isDisturbed,
        });
        const model = new Model(drawn);
        let n = 0;
        let nowMs = 0;
        const look = (): void => {
          const expected = model.given.splice(0).map((text) => {
            const [key, list] = text.split(' ');
            const ns = list.split(',').map(Number);
            return how === 'process'
              ? { key, n: ns.length, ns: list }
              : { key, n: ns.length, total: total(ns), different: new Set(ns).size };
          });
          assert.deepEqual(sorted(operator.emitted()), sorted(expected));
        };
        for (const act of steps) {
          if (act === 'restart') operator.restart();
          else if (typeof act === 'number') {
            operator.advance(act);
            nowMs += act;
            model.advance(nowMs);
          } else {
            for (const key of act) {
              model.take(key, n, nowMs);
              operator.feed({ key, at: 0, value: null, n: n++ });
            }
          }
          look();
          assert.deepEqual(
            operator.state
              .entries()
              .map(({ key }) => key.key)
              .sort(),
            model.names,
            'a key that waits for nothing has no row',
          );
        }
        operator.end();
        model.end();
        look();
        assert.deepEqual(operator.deadLetters(), []);
      }),
      runs(60),
    );
  });
}

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

test('results of a trigger have the time of their tuple, so windows of time may follow; by the clock they have none', () => {
  const flowOf = (options: Parameters<typeof globalWindow>[0]) =>
    dataflow(import.meta.url, 'behind', (builder) =>
      builder
        .source('items', push({ key: t.u8(), at: t.f64() }))
        .withEventTime('at')
        .keyBy('key')
        .window(globalWindow(options))
        .aggregate('all', { n: count() })
        .keyBy('key')
        .window(tumbling({ sizeMs: 100 }))
        .aggregate('results', { windows: count() })
        .collect('out'),
    );
  const operator = testOperator<object, object>(flowOf({ count: 2 }), 'results');
  operator.end();
  thrown(() => testOperator(flowOf({ count: 2, everyMs: 10 }), 'results'), 'NO_EVENT_TIME');
});

test('a trigger that fails is a dead letter of its tuple, which is not in the window', () => {
  const flow = dataflow(import.meta.url, 'failing', (builder) =>
    builder
      .source('items', push({ key: t.u8(), isLast: t.optional(t.bool()) }))
      .keyBy('key')
      .window(
        globalWindow({
          when: ({ isLast }) => {
            if (isLast === null) throw new Error('nobody knows');
            return isLast;
          },
          purge: true,
        }),
      )
      .aggregate('results', { n: count() })
      .collect('out'),
  );
  const operator = testOperator<object, object>(flow, 'results');
  for (const isLast of [false, null, true, true, false]) operator.feed({ key: 1, isLast });
  operator.end();
  assert.deepEqual(operator.emitted(), [
    { key: 1, n: 2 },
    { key: 1, n: 1 },
    { key: 1, n: 1 },
  ]);
  assert.equal(operator.deadLetters().length, 1);
});

test('a window without a trigger, and what is no trigger, are typed errors', () => {
  for (const options of [
    {},
    { purge: true, rest: true },
    { count: 0 },
    { count: 1.5 },
    { everyMs: 0 },
    { when: 'always' },
    { count: 1, other: 2 },
    null,
  ])
    thrown(() => globalWindow(options as never), 'BAD_OPTION');
  thrown(() => globalWindow({ when: (async () => true) as never }), 'ASYNC_CLOSURE');
  const flow = dataflow(import.meta.url, 'emits', (builder) =>
    builder
      .source('items', push({ key: t.u8() }))
      .keyBy('key')
      .window(globalWindow({ count: 2 }))
      .aggregate('results', { n: count() }, { emit: 'changes' })
      .collect('out'),
  );
  thrown(() => testOperator(flow, 'results'), 'BAD_OPTION');
});
