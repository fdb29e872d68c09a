// Goal: a replica whose worker dies with a long batch open, be it of nothing that the replica did, begins again in batches of the usual
// length: its first commit does not take as long as a long batch.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkCell } from '../../src/actors/vitals/vitals.ts';
import { PoisonSearch } from '../../src/supervisor/recovery/poison-search.ts';
import type { Replica } from '../../src/supervisor/replicas/replica.ts';

/** A search for a replica of which only its work block and its commits are looked at. */
function searchFor() {
  const work = new Int32Array(64);
  let commits = 0;
  const replica = { work, log: { sequence: () => commits } } as unknown as Replica;
  return {
    work,
    search: new PoisonSearch(replica),
    commit: (count: number): void => {
      commits += count;
    },
  };
}

const USUAL = { isolate: false, isCareful: false, condemned: [] };
const CAREFUL = { ...USUAL, isCareful: true };

test('after the death of its worker a long batch is read again in short ones', () => {
  const { work, search, commit } = searchFor();
  assert.deepEqual(search.begin(), USUAL);
  work[WorkCell.long] = 1;
  search.interrupted();
  assert.deepEqual(search.begin(), CAREFUL);
  // Again, before it has caught up: it stays with short batches.
  work[WorkCell.long] = 0;
  commit(3);
  search.interrupted();
  assert.deepEqual(search.begin(), CAREFUL);
  // And again, when it has caught up long ago, and has read nothing since its last commit.
  commit(100_000);
  search.interrupted();
  assert.deepEqual(search.begin(), CAREFUL);
});

test('what has no long batch begins again as ever', () => {
  const { search, commit } = searchFor();
  search.begin();
  commit(3);
  search.interrupted();
  assert.deepEqual(search.begin(), USUAL);
});
