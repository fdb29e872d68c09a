// Goal: each replica is reached by a key group that it owns, or owned last, and mail to an actor that is on its way never becomes a
// dead letter, though key groups move and workers die meanwhile.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runSystemSeed } from '../../proof/simulate/system-run.ts';
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

for (const seed of [0, 4, 7]) {
  test(`seed ${seed}: who is on the way is waited for, wherever key groups have moved to`, async () => {
    assert.deepEqual(await lostOf(seed), []);
  });
}

test('by the key groups that replicas had at the start mail is lost: the simulation tells', async (t: TestContext) => {
  t.mock.method(Placement.prototype, 'moved', () => {});
  for (const seed of [0, 4, 7, 14]) if ((await lostOf(seed)).some((text) => /nobody is there/.test(text))) return;
  assert.fail('none of the seeds has told');
});
