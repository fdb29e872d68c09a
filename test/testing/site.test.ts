// Goal: what is restored from a snapshot is restored for real: other shared memory, the same rows, and the same way on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { operatorPlan } from '../../src/testing/operator-plan.ts';
import { Site } from '../../src/testing/site.ts';
import { WorldTap } from '../../src/testing/world-taps.ts';
import { wordCount } from '../kit/flows/tested.ts';

/** The shared memory that an actor's state is in. */
const arenasOf = (site: Site): readonly SharedArrayBuffer[] => {
  const { actor } = site as unknown as { actor: { descriptor: { transaction: { arenas: SharedArrayBuffer[] } } } };
  return actor.descriptor.transaction.arenas;
};

test('a snapshot is restored into memory of its own, and nothing is read or emitted again', () => {
  const site = new Site({
    build: (tap) => operatorPlan(buildGraph(wordCount, {}), 'count', true, tap),
    limits: { ringBytes: 1 << 16, outboxBytes: 1 << 20, stateBytes: 1 << 20 },
    tap: new WorldTap(true),
    snapshots: 'at once',
    now: () => 0,
  });
  site.push([{ word: 'a' }, { word: 'b' }, { word: 'a' }]);
  site.settle();
  assert.equal(site.take().emitted[0].length, 3);
  for (let i = 0; i < 3; i++) {
    const rows = site.rows();
    const [arena] = arenasOf(site);
    site.resume({ freshClosures: true, fromSnapshot: true, snapshots: true });
    assert.notEqual(arenasOf(site)[0], arena);
    // What is left of the old memory is of no use.
    new Uint8Array(arena).fill(255);
    assert.deepEqual(site.rows(), rows);
    assert.deepEqual(site.take().emitted[0], []);
    site.push([{ word: 'a' }]);
    site.settle();
    assert.deepEqual(site.take().emitted[0], [{ word: 'a', times: 3 + i }]);
  }
});

test('a rollback keeps the memory, and a batch that is open is not seen', () => {
  const site = new Site({
    build: (tap) => operatorPlan(buildGraph(wordCount, {}), 'count', true, tap),
    limits: { ringBytes: 1 << 16, outboxBytes: 1 << 20, stateBytes: 1 << 20 },
    tap: new WorldTap(true),
    snapshots: 'never',
    now: () => 0,
  });
  site.push([{ word: 'a' }]);
  const [arena] = arenasOf(site);
  site.step();
  assert.equal(site.isOpen, true);
  assert.deepEqual(site.take().emitted[0], []);
  site.resume({});
  assert.deepEqual([site.isOpen, site.rows(), arenasOf(site)[0] === arena], [false, [], true]);
  site.settle();
  assert.deepEqual(site.take().emitted[0], [{ word: 'a', times: 1 }]);
});
