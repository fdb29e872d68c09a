// Goal: each replica is reached by a key group that it owns, or owned last, and mail to an actor that is on its way never becomes a
// dead letter, though key groups move and workers die meanwhile.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runSystemSeed } from '../../proof/simulate/system-run.ts';
import { hashDouble, KEY_GROUPS, keyGroupOf } from '../../src/mailbox/hash.ts';
import { groupSet } from '../../src/state/groups/group-set.ts';
import { IdleShare } from '../../src/system/app/idle-share.ts';
import { Placement } from '../../src/system/placement.ts';

/** The app greets children as soon as it has their addresses: they stand behind noise that fills the rings of their parents. */
const RAISING = {
  workers: 3,
  ringBytes: 4096,
  changes: 0.1,
  changesMax: 40,
  payments: 1,
  moves: 5,
  talks: 0,
  ticks: 0,
  parents: 0,
  textBytes: 900,
  raised: 20,
  noises: 8,
  pauseMs: 1,
};

const lostOf = async (seed: number): Promise<readonly string[]> => (await runSystemSeed(seed, RAISING)).violations;

test('a replica is reached by a key group that it owns, and one that owns none by the last that it gave away', () => {
  const placement = new Placement(Placement.allocate(2));
  assert.deepEqual([placement.groupOf(0), placement.groupOf(1)], [0, 128]);
  placement.moved(0, [0, 1, 200]);
  assert.equal(placement.groupOf(0), 0, 'it still owns what it had named');
  placement.moved(0, [3, 200]);
  assert.equal(placement.groupOf(0), 3);
  placement.moved(0, []);
  assert.equal(placement.groupOf(0), 3);
  placement.moved(0, [250]);
  assert.equal(placement.groupOf(0), 250);
});

test('with more replicas than key groups all are reached by some group', () => {
  const placement = new Placement(Placement.allocate(300));
  for (let replica = 0; replica < 300; replica++) assert.ok(placement.groupOf(replica) >= 0);
});

for (const seed of [6, 12, 19]) {
  test(`seed ${seed}: who is on the way is waited for, wherever key groups have moved to`, async () => {
    assert.deepEqual(await lostOf(seed), []);
  });
}

test('by the key groups that replicas had at the start mail is lost: the simulation tells', async (t: TestContext) => {
  t.mock.method(Placement.prototype, 'moved', () => {});
  for (const seed of [30, 32, 35, 41, 48, 59])
    if ((await lostOf(seed)).some((text) => /nobody is there/.test(text))) return;
  assert.fail('none of the seeds has told');
});

test('new actors begin where there is time, in proportion to it, and on key groups as they are by now', () => {
  const all = Array.from({ length: KEY_GROUPS }, (_, group) => group);
  let isSwapped = false;
  let nowMs = 0;
  const halves = [groupSet(all.slice(0, 100)), groupSet(all.slice(100))];
  const look = () => ({ busy: [0.9, 0.1], groups: isSwapped ? [...halves].reverse() : halves });
  const share = new IdleShare(look, () => nowMs);
  let ids = 0;
  const begun = (): number[] => {
    const counts = [0, 0];
    for (let i = 0; i < 1000; i++) counts[keyGroupOf(hashDouble(share.id(() => ++ids))) < 100 ? 0 : 1]++;
    return counts;
  };
  assert.deepEqual(begun(), [100, 900]);
  isSwapped = true;
  nowMs = 1000;
  assert.deepEqual(begun(), [900, 100]);
});

test('a replica that owns no key group gets no actor', () => {
  const all = Array.from({ length: KEY_GROUPS }, (_, group) => group);
  const share = new IdleShare(
    () => ({ busy: [0, 1], groups: [groupSet([]), groupSet(all)] }),
    () => 0,
  );
  let ids = 0;
  for (let i = 0; i < 100; i++)
    assert.equal(
      share.id(() => ++ids),
      i + 1,
      'no id is passed over',
    );
});
