// Goal: deduplicate and throttle let pass what a naive model lets pass, each tuple once, and keep nothing beyond their time; a sample is
// a function of seed and fields.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testOperator } from '../../../src/testing.ts';
import { runs } from '../../kit/arbitraries.ts';
import { LATENESS_MS, type ThinnedEvent, thinned } from '../../kit/flows/thinned.ts';
import { start, tuplesOf } from '../../kit/run-flow.ts';
import { deduplicated, throttled } from '../../kit/thinning-model.ts';

const START_MS = 1000;

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      key: fc.constantFrom(0, 0, 0, 1),
      after: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0.5, 7, 10)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ ms: fc.constantFrom(0, 1, 5, 23) }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);
const cases = fc.record({
  acts: fc.array(act, { maxLength: 25 }),
  ms: fc.constantFrom(1, 5, 10, 40),
  isDisturbed: fc.boolean(),
});

const byNumber = (a: number, b: number): number => a - b;

/** Drives an operator by acts; `check` sees what has passed after each. */
function drive(
  params: { how: 'deduplicate' | 'leading' | 'trailing' | 'both'; ms: number },
  acts: readonly ({ key: number; after: number } | { ms: number } | 'restart')[],
  isDisturbed: boolean,
  check: (passed: readonly number[], events: readonly ThinnedEvent[], watermark: number, keys: number) => void,
): { passed: number[]; events: ThinnedEvent[] } {
  const thin = testOperator<ThinnedEvent, ThinnedEvent>(thinned, 'thin', {
    params,
    rollback: isDisturbed,
    restore: isDisturbed,
  });
  const events: ThinnedEvent[] = [];
  const passed: number[] = [];
  let watermark = START_MS;
  thin.advanceWatermark(watermark);
  for (const each of acts) {
    if (each === 'restart') thin.restart();
    else if ('ms' in each) {
      watermark += each.ms;
      thin.advanceWatermark(watermark);
    } else {
      const at = watermark - LATENESS_MS + each.after;
      events.push({ key: each.key, at, id: events.length });
      thin.feed(events[events.length - 1], { at });
    }
    passed.push(...thin.emitted().map(({ id }) => id));
    check(passed, events, watermark, thin.state.entries().length);
  }
  thin.end();
  passed.push(...thin.emitted().map(({ id }) => id));
  assert.deepEqual(thin.state.entries(), []);
  return { passed, events };
}

test('deduplicate: the first to come stays, and its state goes with the watermark', () => {
  fc.assert(
    fc.property(cases, ({ acts, ms, isDisturbed }) => {
      drive({ how: 'deduplicate', ms }, acts, isDisturbed, (passed, events, watermark, keys) => {
        const model = deduplicated(events, ms);
        assert.deepEqual(
          passed,
          model.map(({ id }) => id),
        );
        const needed = model.filter(({ at }) => at + ms + LATENESS_MS > watermark).map(({ key }) => key);
        assert.equal(keys, new Set(needed).size);
      });
    }),
    runs(60),
  );
});

test('deduplicate: a tuple at the very distance passes', () => {
  const thin = testOperator<ThinnedEvent, ThinnedEvent>(thinned, 'thin', { params: { how: 'deduplicate', ms: 10 } });
  for (const at of [0, 9, 11, 5]) thin.feed({ key: 1, at, id: at }, { at });
  for (const at of [9, 0, 11]) thin.feed({ key: 2, at, id: at }, { at });
  assert.deepEqual(
    thin.emitted().map(({ key, id }) => [key, id]),
    [
      [1, 0],
      [1, 11],
      [2, 9],
    ],
  );
});

for (const edge of ['leading', 'trailing', 'both'] as const) {
  test(`throttle, ${edge}: by the order of times, whatever the order of coming`, () => {
    fc.assert(
      fc.property(cases, ({ acts, ms, isDisturbed }) => {
        const { passed, events } = drive({ how: edge, ms }, acts, isDisturbed, (found, all, watermark) => {
          const due = throttled(all, ms, edge).filter(({ dueMs }) => dueMs + LATENESS_MS <= watermark);
          assert.deepEqual([...found].sort(byNumber), due.map(({ id }) => id).sort(byNumber));
        });
        assert.deepEqual(
          passed.sort(byNumber),
          throttled(events, ms, edge)
            .map(({ id }) => id)
            .sort(byNumber),
        );
      }),
      runs(45),
    );
  });
}

test('a sample is the same with any number of replicas, and another with another seed', async () => {
  const sampleOf = async (parallelism: number, seed: number): Promise<number[]> => {
    const job = await start(thinned, {
      params: { how: 'sample', count: 20_000, parallelism, seed },
      workers: 2,
    });
    const tuples = await tuplesOf(job.output('passed'));
    await job.done;
    return tuples.map(({ id }) => id).sort(byNumber);
  };
  const first = await sampleOf(1, 0);
  assert.deepEqual(await sampleOf(3, 0), first);
  // 3 sigma of 20,000 at 0.1.
  assert.ok(Math.abs(first.length - 2000) < 3 * Math.sqrt(20_000 * 0.1 * 0.9), `${first.length} of 20000`);
  const other = await sampleOf(1, 1);
  assert.ok(other.filter((id) => first.includes(id)).length < 400);
});
