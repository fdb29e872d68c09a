// Goal: the heat of groups is in the order of their loads, fades, and is as short as there are groups.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heat } from '../../../src/supervisor/dashboard/heat.ts';

const counts = (...tuples: number[]): { tuples: number[]; samples: number } => ({ tuples, samples: 1 });

test('the most is z, none is 0, and a little is seen', () => {
  const heat = new Heat();
  heat.take(counts(0, 1, 250_000, 1_000_000));
  assert.equal(heat.digits, '01iz');
});

test('what is counted is what has come since, and what was before fades', () => {
  const heat = new Heat();
  heat.take(counts(1000, 0));
  assert.equal(heat.digits, 'z0');
  for (let i = 1; i <= 60; i++) heat.take(counts(1000, 1000 * i));
  assert.match(heat.digits, /^[01]z$/);
});

test('without any load all are 0', () => {
  const heat = new Heat();
  assert.equal(heat.digits, '');
  heat.take(counts(0, 0, 0));
  assert.equal(heat.digits, '000');
});
