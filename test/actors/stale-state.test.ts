// Goal: state is of use only within the call that got it: later, or after a deletion, it is an error and never another key's row.
// The same holds for a table that changes under its own iteration.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { type StaleUse, staleState } from '../kit/flows/stale-state.ts';
import { failureOf, noThreadLeft, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

for (const use of ['read', 'write', 'table', 'row', 'deleted-row'] as StaleUse[]) {
  test(`STALE_STATE: ${use}`, TIMEOUT, async () => {
    const { error } = await failureOf(staleState, 'STALE_STATE', { params: { use }, workers: 1 }, 'out');
    assert.equal(error.details.operator, 'keep');
    assert.match(error.message, /'keep'/);
  });
}

test('TABLE_CHANGED: a table that grows while it is iterated', TIMEOUT, async () => {
  const { error } = await failureOf(
    staleState,
    'TABLE_CHANGED',
    { params: { use: 'grown-while-iterated' }, workers: 1 },
    'out',
  );
  assert.equal(error.details.operator, 'keep');
});
