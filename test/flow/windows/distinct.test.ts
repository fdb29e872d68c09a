// Goal: different values are counted in every kind of window, values of all types as keys tell them apart, and those of windows that
// are over go.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, distinct } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { testOperator } from '../../../src/testing.ts';
import { count as countWindow, type SlicedWindow, session, sliding, tumbling } from '../../../src/windows.ts';

const WINDOWS = {
  tumbling: tumbling({ sizeMs: 20 }),
  sliding: sliding({ sizeMs: 20, everyMs: 10 }),
  session: session({ gapMs: 15 }),
  count: countWindow({ size: 4, every: 2, rest: true }),
};

const ITEM = { key: t.u8(), at: t.f64(), day: t.date(), name: t.optional(t.string()), id: t.i64() };

const flowOf = (window: unknown) =>
  dataflow(import.meta.url, 'different', (builder) =>
    builder
      .source('items', push(ITEM))
      .withEventTime('at')
      .keyBy('key')
      .window(window as SlicedWindow)
      .aggregate('results', { n: count(), days: distinct('day'), names: distinct('name'), ids: distinct('id') })
      .collect('out'),
  );

interface Result {
  readonly n: number;
  readonly days: number;
  readonly names: number;
  readonly ids: number;
}

for (const [kind, window] of Object.entries(WINDOWS)) {
  test(`different dates, texts and bigints in ${kind} windows`, () => {
    const operator = testOperator<object, Result>(flowOf(window), 'results');
    const fed = [
      { at: 10, day: new Date(5), name: 'one', id: 1n },
      { at: 11, day: new Date(5), name: null, id: 2n },
      { at: 12, day: new Date(6), name: 'one', id: 1n },
      { at: 13, day: new Date(6), name: 'two', id: 3n },
    ];
    for (const each of fed) operator.feed({ key: 1, ...each }, { at: each.at });
    operator.end();
    assert.deepEqual(
      operator.emitted().some(({ n, days, names, ids }) => n === 4 && days === 2 && names === 2 && ids === 3),
      true,
    );
  });

  test(`of ${kind} windows that are over no different value is kept`, () => {
    const operator = testOperator<object, Result>(flowOf(window), 'results');
    const rowsOf = (): number => {
      const [entry] = operator.state.entries();
      return JSON.stringify(entry?.value ?? {}, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).length;
    };
    let most = 0;
    for (let i = 0; i < 120; i++) {
      // Of sessions some tuples each.
      const at = kind === 'session' ? i * 5 + Math.floor(i / 5) * 20 : i * 5;
      operator.feed({ key: 1, at, day: new Date(i), name: `name ${i}`, id: BigInt(i) }, { at });
      operator.advanceWatermark(at);
      if (i < 40) most = Math.max(most, 2 * rowsOf());
      else assert.ok(rowsOf() <= most, `${rowsOf()} after ${i}`);
    }
    assert.ok(most > 0);
    assert.ok(operator.emitted().every(({ n, days, names, ids }) => days === n && names === n && ids === n));
  });
}
