// Goal: whatever a state was and is, the page makes the later one of the earlier one and what it is told; equal parts are not told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changeOf, type Part } from '../../../src/supervisor/dashboard/changes.ts';

const PAGE = new URL('../../../../src/supervisor/dashboard/page/changes.js', import.meta.url);
const { changed } = (await import(PAGE.href)) as { changed(before: unknown, change: unknown): unknown };

/** As it comes at the page. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function applied(before: Part, after: Part): unknown {
  const change = changeOf(before, after);
  return change === undefined ? sent(before) : changed(sent(before), sent(change));
}

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(undefined));
const list = (part: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.array(
    part.filter((each) => each !== undefined),
    { maxLength: 4 },
  );
// A member that is an array in one state is one in the next: names say which.
const { state } = fc.letrec<{ state: Part }>((tie) => ({
  state: fc.record(
    {
      a: leaf,
      b: leaf,
      list: list(fc.integer()) as fc.Arbitrary<Part>,
      rows: list(tie('state')) as fc.Arbitrary<Part>,
      pairs: list(fc.tuple(fc.integer(), fc.integer())) as fc.Arbitrary<Part>,
      inner: fc.oneof({ maxDepth: 3 }, fc.constant(undefined), tie('state')),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Part>,
}));

test('the later state comes of the earlier one and what is told', () => {
  fc.assert(
    fc.property(state, state, (before, after) => {
      const kept = sent(before);
      assert.deepEqual(applied(before, after), sent(after));
      assert.deepEqual(sent(before), kept);
      assert.equal(changeOf(after, after), undefined);
      assert.equal(changeOf(after, structuredClone(after)), undefined, 'equal parts are not told');
    }),
    { numRuns: 2000 },
  );
});

test('only what has changed is told', () => {
  const before = { rows: [{ n: 1, same: 'x'.repeat(100) }, { n: 2 }], list: [1, 2], gone: true };
  assert.deepEqual(changeOf(before, { ...before, rows: [before.rows[0], { n: 3 }] }), { rows: { 1: { n: 3 } } });
  assert.deepEqual(changeOf(before, { rows: before.rows, list: [1, 3] }), { list: [1, 3], gone: null });
  assert.deepEqual(
    changeOf(before, { ...before, rows: [{ n: 4 }] }),
    { rows: [{ n: 4 }] },
    'another length: all of it',
  );
});
