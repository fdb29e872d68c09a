// Goal: key groups do not change hands any more once a closure of the end of the stream has run for one of their keys, also if
// that is in the first of all groups.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageName } from '../../src/flow/plan.ts';
import { KEY_GROUPS, keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
import { CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { endsByKey } from '../kit/flows/late-hand-over.ts';
import { LocalHandOvers } from '../kit/local-hand-overs.ts';
import { LocalJob } from '../kit/local-run.ts';

/** The first `count` keys of a key group. */
function keysOf(group: number, count: number): number[] {
  const keys: number[] = [];
  for (let key = 0; keys.length < count; key++) if (keyGroupOf(mix32(key)) === group) keys.push(key);
  return keys;
}

for (const group of [0, 1, KEY_GROUPS - 1]) {
  test(`key group ${group} stays where some of its keys have ended`, () => {
    const keys = keysOf(group, 5);
    const [, , poison] = keys;
    const job = LocalJob.of(endsByKey, { params: { keys, poison }, workers: 1 });
    const takes = (each: number): boolean => each === group;
    const handOvers = new LocalHandOvers(job, new CrashingMemory(), [{ operator: 'last', from: 0, to: 1, takes }]);
    const [giver] = job.placements.filter(({ stage }) => stageName(stage) === 'last');
    let turn = 0;
    let hasBegun = false;
    for (; !job.ended && turn < 10_000; job.take(1, { choose: (count) => turn % count }), turn++) {
      // A key whose closure fails is tried alone: some of its group have ended by then, and not all.
      hasBegun ||= handOvers.committedOf(giver).progress.sweep.slot > 0;
      if (hasBegun) handOvers.look();
    }
    assert.ok(hasBegun);
    assert.ok(job.ended);
    job.collect();
    assert.deepEqual([handOvers.done, handOvers.refused], [0, 1]);
    assert.deepEqual(
      job.letters.map(({ key }) => key),
      [poison],
    );
    assert.deepEqual(
      (job.tuples.get('out') ?? []).map(({ key }) => key as number).sort((one, other) => one - other),
      keys.filter((key) => key !== poison),
    );
  });
}
