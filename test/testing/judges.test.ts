// Goal: what tests and proofs judge by finds a single fault, and none where there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupSet } from '../../src/state/groups/group-set.ts';
import { ownersProblem } from '../../src/testing/key-group-owners.ts';
import { assertPerKey } from '../kit/per-key.ts';

test('a key group of several replicas, or of none where each must have one', () => {
  const replicas = (...owned: number[][]) => owned.map(groupSet);
  assert.equal(ownersProblem('count', replicas([0, 2], [1, 3]), 4, true), undefined);
  assert.equal(ownersProblem('count', replicas([0], [1, 3]), 4, false), undefined);
  assert.equal(ownersProblem('count', replicas([0], [1, 3]), 4, true), "key group 2 of 'count' is owned by no replica");
  assert.equal(
    ownersProblem('count', replicas([0, 3], [], [1, 2, 3]), 4, false),
    "key group 3 of 'count' is owned by replicas 0 and 2",
  );
});

test('tuples by key: one that is missing, doubled, late, changed, or of another key', () => {
  const tuple = (key: string, n: number) => ({ key, n });
  const [a0, a1, b0] = [tuple('a', 0), tuple('a', 1), tuple('b', 0)];
  const expected = new Map([
    ['a', [a0, a1]],
    ['b', [b0]],
  ]);
  const judge = (came: readonly { key: string; n: number }[]) => assertPerKey(came, expected, ({ key }) => key);
  judge([a0, a1, b0]);
  // Keys have no order among them.
  judge([b0, a0, a1]);
  for (const wrong of [
    [a0, a1],
    [a0, b0],
    [a0, a0, a1, b0],
    [a1, a0, b0],
    [a0, tuple('a', 2), b0],
    [a0, a1, b0, tuple('c', 0)],
  ]) {
    assert.throws(() => judge(wrong), assert.AssertionError, JSON.stringify(wrong));
  }
});
