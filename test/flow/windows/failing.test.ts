// Goal: a window that its closure, or its aggregate, fails at is a dead letter, and takes no other window of its key along: whatever the
// kind of window, whether its time comes alone or with that of others, and when state is taken up anew.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testOperator } from '../../../src/testing.ts';
import { BAD, failingMerge, failingWindows, type Kind, UNIT_MS, UNMERGED } from '../../kit/flows/failing-windows.ts';

const ITEMS = 10;
const BAD_AT = 2;

/** Windows as numbers of their first and last item, of a key without a bad one. */
const windowsOf = (kind: Kind): [number, number][] =>
  Array.from({ length: kind === 'sliding' ? ITEMS + 1 : ITEMS }, (_, i) =>
    kind === 'sliding' ? [Math.max(0, i - 1), Math.min(ITEMS - 1, i)] : [i, i],
  );

for (const kind of ['tumbling', 'sliding', 'session', 'calendar'] as const)
  for (const how of ['aggregate', 'process'] as const)
    for (const allowed of [0, 1])
      for (const pace of ['alone', 'in twos', 'together'] as const)
        test(`${kind}, ${how}, ${allowed === 0 ? 'closed once' : 'late ones allowed'}, ends that come ${pace}`, () => {
          const operator = testOperator(failingWindows, 'windows', {
            params: { kind, how, allowed },
            restore: pace === 'together',
          });
          const step = { alone: 1, 'in twos': 2, together: ITEMS }[pace];
          for (let n = 0; n < ITEMS; n++) {
            for (const key of ['ann', 'bob']) {
              const value = key === 'ann' && n === BAD_AT ? BAD : n;
              operator.feed({ key, n, value }, { at: n * UNIT_MS + 5 });
            }
            if ((n + 1) % step === 0) operator.advanceWatermark((n + 1) * UNIT_MS);
          }
          operator.advanceWatermark((ITEMS + 5) * UNIT_MS);
          const rows = operator.emitted() as { key: string; first: number; last: number }[];
          const found = (key: string) =>
            rows.filter((row) => row.key === key).map(({ first, last }): [number, number] => [first, last]);
          const all = windowsOf(kind);
          const isBad = ([first, last]: [number, number]): boolean => first <= BAD_AT && last >= BAD_AT;
          assert.deepEqual(found('bob'), all);
          assert.deepEqual(
            found('ann'),
            all.filter((each) => !isBad(each)),
          );
          const letters = operator.deadLetters();
          assert.deepEqual(
            letters.map(({ key, error }) => [key, /a bad window/.test(String(error.message))]),
            all.filter(isBad).map(() => ['ann', true]),
          );
          assert.deepEqual(operator.state.entries(), [], 'nothing of windows that are over is kept');
        });

/** Feeds items to one key; the third is bad. Returns which items the windows that came out begin and end with, and the letters. */
function fed(kind: Kind, how: 'aggregate' | 'process', items = ITEMS) {
  const operator = testOperator(failingWindows, 'windows', { params: { kind, how, allowed: 0 } });
  for (let n = 0; n < items; n++) {
    operator.feed({ key: 'ann', n, value: n === BAD_AT ? BAD : n }, { at: n * UNIT_MS });
    if (kind === 'by the clock') operator.advance(20);
  }
  const windows = (operator.emitted() as { first: number; last: number }[]).map(({ first, last }) => [first, last]);
  return { windows, letters: operator.deadLetters().map(({ error }) => /a bad window/.test(error.message)) };
}

for (const how of ['aggregate', 'process'] as const) {
  test(`windows of so many tuples, ${how}: the one that fails goes, with the tuple that it fails at`, () => {
    assert.deepEqual(fed('count', how), {
      windows: [
        [0, 1],
        [4, 5],
        [6, 7],
        [8, 9],
      ],
      letters: [true],
    });
    assert.deepEqual(fed('sliding count', how, 7), {
      windows: [
        [0, 1],
        [3, 4],
        [4, 5],
        [5, 6],
      ],
      letters: [true, true],
    });
    assert.deepEqual(fed('purged', how), fed('count', how));
  });

  test(`a window of all tuples, ${how}: what has it in fails at each trigger, and no tuple in between does`, () => {
    assert.deepEqual(fed('growing', how, 8), { windows: [[0, 1]], letters: [true, true, true] });
    assert.deepEqual(fed('by the clock', how, 5), {
      windows: [
        [0, 0],
        [1, 1],
        [3, 3],
        [4, 4],
      ],
      letters: [true],
    });
  });
}

test('early results: a window that fails has none, others of its key do', () => {
  for (const kind of ['tumbling', 'session', 'calendar'] as const) {
    const params = { kind, how: 'aggregate' as const, allowed: 0, everyMs: 10 };
    const operator = testOperator(failingWindows, 'windows', { params });
    for (let n = 0; n < 5; n++) operator.feed({ key: 'ann', n, value: n === BAD_AT ? BAD : n }, { at: n * UNIT_MS });
    operator.advance(100);
    const windows = (operator.emitted() as { first: number }[]).map(({ first }) => first);
    assert.deepEqual(windows, [0, 1, 3, 4], kind);
    assert.equal(operator.deadLetters().length, 1, kind);
  }
});

test('what cannot be merged goes with all that is kept of its key, and nothing else does', () => {
  const operator = testOperator(failingMerge, 'windows');
  for (const key of ['ann', 'bob'])
    for (let n = 0; n < 4; n++)
      // A half at a time, which can be merged.
      for (let half = 0; half < 2; half++)
        operator.feed({ key, n, value: key === 'ann' && n === 1 ? UNMERGED / 2 : n }, { at: n * UNIT_MS });
  operator.advanceWatermark(9 * UNIT_MS);
  operator.feed({ key: 'ann', n: 10, value: 10 }, { at: 10 * UNIT_MS });
  operator.advanceWatermark(20 * UNIT_MS);
  const rows = operator.emitted() as { key: string; first: number; last: number }[];
  const of = (key: string) => rows.filter((row) => row.key === key).map(({ first, last }) => [first, last]);
  assert.deepEqual(of('bob'), [
    [0, 0],
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 3],
  ]);
  assert.deepEqual(of('ann'), [
    [0, 0],
    [10, 10],
    [10, 10],
  ]);
  assert.deepEqual(
    operator.deadLetters().map(({ key }) => key),
    ['ann'],
  );
  assert.deepEqual(operator.state.entries(), []);
});
