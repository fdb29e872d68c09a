// Goal: windows of so many items come at their last item, in the order of items, with and without event time; nothing is kept of items
// that are in no further window; what is left at the end comes if it is asked for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testOperator } from '../../../src/testing.ts';
import { runs } from '../../kit/arbitraries.ts';
import { type Item, type WindowGiven, windowed } from '../../kit/flows/windows.ts';
import { seldom } from '../../kit/window-drive.ts';
import { countedWindows, type ModelWindow, modelRow, shownRow, windowName } from '../../kit/window-model.ts';

type CountGiven = Extract<WindowGiven, { kind: 'count' }>;

const window: fc.Arbitrary<CountGiven> = fc
  .record({ size: fc.integer({ min: 1, max: 7 }), share: fc.integer({ min: 0, max: 6 }), rest: fc.boolean() })
  .map(({ size, share, rest }) => ({ kind: 'count' as const, size, every: Math.max(1, size - share), rest }));

const acts = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(
        fc.record({
          key: fc.constantFrom('a', 'a', 'b'),
          at: fc.integer({ min: 0, max: 50 }),
          value: fc.constantFrom(null, 1, 2, 3, -0, Number.NaN),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 12 },
);

const LEFT_OUT = ['middle'];

for (const how of ['aggregate', 'process'] as const) {
  test(`windows of so many items: ${how}`, () => {
    fc.assert(
      fc.property(window, acts, seldom, (drawn, steps, isDisturbed) => {
        const operator = testOperator<Item, Record<string, unknown>>(windowed, 'results', {
          params: { window: drawn, how },
          rollback: isDisturbed,
          restore: isDisturbed,
        });
        const items: Item[] = [];
        const given = new Set<string>();
        const look = (isOver: boolean): void => {
          const all = countedWindows(items, drawn, isOver);
          const windows = all.filter((each) => !given.has(windowName(each))).sort(byLastItem);
          for (const each of windows) given.add(windowName(each));
          const shown = ({ key, items: own }: ModelWindow) =>
            how === 'process'
              ? { key, ns: own.map(({ n }) => n).join() }
              : { key, ...modelRow({ items: own } as ModelWindow, drawn, LEFT_OUT) };
          const found = operator
            .emitted()
            .map((row) =>
              how === 'process' ? { key: row.key, ns: row.ns } : { key: row.key, ...shownRow(row, drawn, LEFT_OUT) },
            );
          const expected = windows.map(shown);
          if (isOver) assert.deepEqual(sorted(found), sorted(expected));
          else assert.deepEqual(found, expected);
        };
        for (const act of steps) {
          if (act === 'restart') operator.restart();
          else {
            const fed = act.map((each, i) => ({ ...each, n: items.length + i }));
            items.push(...fed);
            operator.feed(fed, { at: ({ at }) => at });
          }
          look(false);
          if (drawn.every < drawn.size) continue;
          const waiting = new Set(
            ['a', 'b'].filter((key) => items.filter((item) => item.key === key).length % drawn.size > 0),
          );
          assert.deepEqual(
            new Set(operator.state.entries().map(({ key }) => key.key)),
            waiting,
            'only what waits is kept',
          );
        }
        operator.end();
        look(true);
      }),
      runs(60),
    );
  });
}

const byLastItem = (one: ModelWindow, other: ModelWindow): number =>
  (one.items.at(-1)?.n ?? 0) - (other.items.at(-1)?.n ?? 0);

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
