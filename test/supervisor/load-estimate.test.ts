// Goal: loads that rest on few samples are spread evenly all the same, what stands out stays, and many samples are taken at their word.
// MILLRACE_TEST_SEED=<seed> repeats a failing run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import { planMoves } from '../../src/supervisor/elasticity/assignment.ts';
import { estimateLoads } from '../../src/supervisor/elasticity/load-estimate.ts';
import { Random } from '../../src/testing/random.ts';

const REPLICAS = 16;
const firstSeed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** So many samples of groups with these loads. */
function sampled(loads: readonly number[], samples: number, random: Random): number[] {
  const counts = new Array<number>(loads.length).fill(0);
  const upTo: number[] = [];
  loads.reduce((sum, load, group) => {
    upTo[group] = sum + load;
    return upTo[group];
  }, 0);
  const total = upTo[upTo.length - 1];
  for (let i = 0; i < samples; i++) {
    const at = random.next() * total;
    counts[upTo.findIndex((end) => at < end)]++;
  }
  return counts;
}

/** The load of the hottest of 16 replicas over the mean, when one replica's groups are spread by what was counted. */
function hottestOverMean(loads: readonly number[], counted: readonly number[]): number {
  const replicas = Array.from({ length: REPLICAS }, (_, replica) => replica);
  const owners = new Array<number>(KEY_GROUPS).fill(0);
  for (const { to, groups } of planMoves(owners, counted, replicas)) for (const group of groups) owners[group] = to;
  const sums = new Array<number>(REPLICAS).fill(0);
  loads.forEach((load, group) => {
    sums[owners[group]] += load;
  });
  return (Math.max(...sums) * REPLICAS) / loads.reduce((sum, load) => sum + load, 0);
}

test('groups with the same load are spread evenly by few samples; by the counts themselves they would not be', () => {
  const even = new Array<number>(KEY_GROUPS).fill(1);
  for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
    const counts = sampled(even, 2300, new Random(seed));
    assert.ok(hottestOverMean(even, counts) > 1.5, `seed ${seed}`);
    assert.ok(hottestOverMean(even, estimateLoads(counts, 2300)) < 1.3, `seed ${seed}`);
  }
});

test('uneven loads, by few samples: better than by the counts', () => {
  let byCounts = 0;
  let byLikely = 0;
  for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
    const random = new Random(seed);
    const loads = Array.from({ length: KEY_GROUPS }, () => 0.5 + random.next());
    const counts = sampled(loads, 3000, random);
    byCounts += hottestOverMean(loads, counts);
    byLikely += hottestOverMean(loads, estimateLoads(counts, 3000));
  }
  assert.ok(byLikely < byCounts * 0.9, `seed ${firstSeed}: ${byLikely} and ${byCounts}`);
});

test('a group that stands out is left as it was counted, and the others are not drawn towards it', () => {
  for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
    const loads = Array.from({ length: KEY_GROUPS }, (_, group) => (group === 77 ? 256 : 1));
    const counts = sampled(loads, 4000, new Random(seed));
    const likely = estimateLoads(counts, 4000);
    assert.equal(likely[77], counts[77]);
    const others = likely.filter((_, group) => group !== 77).sort((a, b) => a - b);
    assert.ok(others[13] > 4 && others[241] < 12, `seed ${seed}: ${others[13]} to ${others[241]}`);
  }
});

test('many samples are taken at their word, in any unit', () => {
  const random = new Random(firstSeed);
  const loads = Array.from({ length: KEY_GROUPS }, () => 10_000 + 5000 * random.next());
  const samples = loads.reduce((sum, load) => sum + load, 0);
  for (const unit of [1, 48]) {
    const likely = estimateLoads(
      loads.map((load) => load * unit),
      samples,
    );
    likely.forEach((load, group) => {
      assert.ok(Math.abs(load / unit / loads[group] - 1) < 0.02, `seed ${firstSeed}, group ${group}`);
    });
  }
});

test('few groups with all the load, and none at all', () => {
  const few = Array.from({ length: KEY_GROUPS }, (_, group) => (group % 50 === 0 ? 200 : 0));
  assert.deepEqual(estimateLoads(few, 1200), few);
  const none = new Array<number>(KEY_GROUPS).fill(0);
  assert.deepEqual(estimateLoads(none, 0), none);
});
