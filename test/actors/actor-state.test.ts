// Goal: an actor's state is what its last commit says, and commits lead where the table says, which is the one in the docs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ActorState, requireTransition, stateOf, TRANSITIONS } from '../../src/actors/actor-state.ts';
import { type CommitRecord, commitCodec } from '../../src/state/transaction/commit-record.ts';
import { advanceSweep, endSweep, sweepTo } from '../../src/state/transaction/sweep.ts';

const STATES = Object.keys(TRANSITIONS) as ActorState[];

const recordWith = (change: (record: CommitRecord) => void): CommitRecord => {
  const record = commitCodec.empty({ inputs: 1, outputs: 2, counts: 2, finished: 0 });
  change(record);
  return record;
};

test('the docs draw the transitions that the code allows, and no others', () => {
  const text = readFileSync('docs/architecture.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` +\| [^|]+\|([^|]*)\|$/gm)];
  const drawn = rows.map(([, state, next]) => [state, [...next.matchAll(/`(\w+)`/g)].map(([, each]) => each)]);
  assert.deepEqual(Object.fromEntries(drawn), TRANSITIONS);
});

test('a record says what its actor is at', () => {
  const states: Record<ActorState, CommitRecord> = {
    reading: recordWith(() => {}),
    dormant: recordWith(({ cursors }) => {
      cursors.isDormant = true;
    }),
    replaying: recordWith(({ cursors, progress }) => {
      cursors.replaying = true;
      sweepTo(progress.sweep, Number.POSITIVE_INFINITY);
    }),
    sweeping: recordWith(({ progress }) => {
      sweepTo(progress.sweep, Number.POSITIVE_INFINITY);
      for (let group = 0; group < 255; group++) advanceSweep(progress.sweep, -1);
      advanceSweep(progress.sweep, 7);
    }),
    draining: recordWith(({ cursors, progress }) => {
      endSweep(progress.sweep);
      cursors.outputs[1].outboxEnd = 3;
    }),
    done: recordWith(({ progress }) => endSweep(progress.sweep)),
  };
  for (const state of STATES) assert.equal(stateOf(states[state]), state);
  const letters = recordWith(({ cursors, progress }) => {
    endSweep(progress.sweep);
    cursors.letters.outboxEnd = 3;
  });
  assert.equal(stateOf(letters), 'draining', 'dead letters wait for room, too');
  const midway = recordWith(({ progress }) => sweepTo(progress.sweep, 1000));
  assert.equal(stateOf(midway), 'reading', 'a sweep before the end of the stream ends nothing');
});

test('a commit that leads elsewhere is refused', () => {
  for (const from of STATES) {
    for (const to of STATES) {
      const commit = (): void => requireTransition('totals', from, to);
      if (TRANSITIONS[from].includes(to)) commit();
      else
        assert.throws(commit, { code: 'INVARIANT', message: new RegExp(`'totals' does not go from ${from} to ${to}`) });
    }
  }
});
