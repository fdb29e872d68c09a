// Goal: windows of items that are combined where they are made, in batches of any length, are those of items that are not: of several
// partitions and replicas, in any order of their steps, with items out of order and late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../kit/arbitraries.ts';
import { type WindowGiven, type WindowParams, windowed } from '../../kit/flows/windows.ts';
import { LocalJob } from '../../kit/local-run.ts';
import { randomOf } from '../../kit/seeds.ts';
import { assertWindows } from '../../kit/window-rows.ts';

const window: fc.Arbitrary<WindowGiven> = fc.oneof(
  fc.record({
    kind: fc.constant('tumbling' as const),
    sizeMs: fc.constantFrom(1, 10, 64),
    offsetMs: fc.constantFrom(0, -3),
  }),
  fc.record({
    kind: fc.constant('sliding' as const),
    sizeMs: fc.constantFrom(60, 21),
    everyMs: fc.constantFrom(7, 10, 21),
    offsetMs: fc.constantFrom(0, 5),
  }),
  fc.record({ kind: fc.constant('session' as const), gapMs: fc.constantFrom(1, 4, 10, 30) }),
);

const cases = fc.record({
  window,
  count: fc.integer({ min: 0, max: 250 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  keys: fc.integer({ min: 1, max: 6 }),
  jitterMs: fc.constantFrom(0, 5, 40),
  boundMs: fc.constantFrom(0, 10, 40),
  allowedMs: fc.constantFrom(0, 0, 15),
  emit: fc.constantFrom('close' as const, 'close' as const, 'changes' as const, { everyMs: 1 }),
  combineMs: fc.constantFrom(undefined, 0, 0.2, 50),
  lingerMs: fc.constantFrom(0, 0.3),
  parallelism: fc.integer({ min: 1, max: 2 }),
  seed: fc.integer(),
});

test('combined and not, the windows are those of a loop over all items', () => {
  fc.assert(
    fc.property(cases, ({ count, partitions, keys, jitterMs, lingerMs, seed, combineMs, ...rest }) => {
      const items = { count, partitions, keys, jitterMs, seed, replicas: partitions };
      for (const combine of [true, false]) {
        const params: WindowParams = { ...rest, ...(combineMs !== undefined && { combineMs }), combine, items };
        let nowMs = 0;
        const job = LocalJob.of(windowed, { params, ringBytes: 4096, lingerMs }, { now: () => nowMs, parks: true });
        const random = randomOf(seed);
        job.run((below) => {
          nowMs += 0.05;
          return random(below);
        });
        assert.deepEqual(job.letters, []);
        assertWindows(params, job.tuples.get('out') ?? [], job.tuples.get('late') ?? []);
      }
    }),
    runs(60),
  );
});
