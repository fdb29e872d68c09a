// Goal: the oracle of the chaos run's aggregate finds a single tuple that is lost, doubled or added to another key, whatever else is
// right, and blames no run in which all is well: partitions end anywhere, and tuples are left out as dead letters.
// MILLRACE_TEST_SEED=<seed> repeats the random cases.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ViolationKind, Violations } from '../../proof/chaos/oracle.ts';
import { SUM_PARTITIONS, SUM_TOP, type Summand, SumOracle, type SumRow, summand } from '../../proof/chaos/sums.ts';
import { runs } from '../kit/arbitraries.ts';

/** The results of tuples, told without the oracle's model. */
function resultsOf(tuples: readonly Summand[]): SumRow[] {
  const keys = new Map<string, Summand[]>();
  for (const tuple of tuples) keys.set(tuple.key, [...(keys.get(tuple.key) ?? []), tuple]);
  return [...keys].map(([key, ofKey]) => {
    const ids = ofKey.map(({ id }) => id).sort((one, other) => other - one);
    const weights = ofKey.reduce((sum, { weight }) => sum + weight, 0);
    return {
      key,
      tuples: ofKey.length,
      weights,
      exact: BigInt(weights),
      least: Math.min(...ids),
      greatest: ids[0],
      sorts: new Set(ofKey.map(({ sort }) => sort)).size,
      top: ids.slice(0, SUM_TOP).map((id) => ({ id })),
      made: Array.from({ length: SUM_PARTITIONS }, (_, p) => ids.filter((id) => id % SUM_PARTITIONS === p).length),
    };
  });
}

interface Run {
  /** Tuples of each partition. */
  readonly made: readonly number[];
  readonly dead: readonly number[];
}

const tuplesOf = ({ made, dead }: Run): Summand[] =>
  made
    .flatMap((count, partition) => Array.from({ length: count }, (_, turn) => turn * SUM_PARTITIONS + partition))
    .filter((id) => !dead.includes(id))
    .map(summand);

/** The kinds of violations that an oracle finds. */
function foundIn({ made, dead }: Run, rows: readonly SumRow[], changes = false): ViolationKind[] {
  const violations = new Violations();
  const oracle = new SumOracle(violations, changes);
  for (const row of rows) oracle.see(row);
  oracle.finish(
    made.reduce((sum, count) => sum + count, 0),
    dead,
  );
  const { counts } = violations;
  return (Object.keys(counts) as ViolationKind[]).filter((kind) => counts[kind] > 0);
}

const anyRun = fc
  .tuple(
    fc.array(fc.integer({ min: 200, max: 400 }), { minLength: SUM_PARTITIONS, maxLength: SUM_PARTITIONS }),
    fc.uniqueArray(fc.integer({ min: 0, max: 199 * SUM_PARTITIONS }), { maxLength: 3 }),
  )
  .map(([made, dead]): Run => ({ made, dead }));

test('a run in which all is well is not blamed', () => {
  fc.assert(
    fc.property(anyRun, (run) => assert.deepEqual(foundIn(run, resultsOf(tuplesOf(run))), [])),
    runs(20),
  );
});

test('a tuple that is lost, doubled, or in the results of another key is found, and so is a dead letter that was summed', () => {
  const property = fc.property(anyRun, fc.nat(), (run, choice) => {
    const tuples = tuplesOf(run);
    const chosen = choice % tuples.length;
    const victim = tuples[chosen];
    assert.notDeepEqual(foundIn(run, resultsOf(tuples.toSpliced(chosen, 1))), []);
    assert.notDeepEqual(foundIn(run, resultsOf([...tuples, victim])), []);
    const other = tuples.find(({ key }) => key !== victim.key) as Summand;
    const moved = tuples.with(chosen, { ...victim, key: other.key });
    assert.notDeepEqual(foundIn(run, resultsOf(moved)), []);
    assert.notDeepEqual(foundIn({ ...run, dead: [...run.dead, victim.id] }, resultsOf(tuples)), []);
  });
  fc.assert(property, runs(20));
});

test('results that come twice, too early or not at all are found', () => {
  const run: Run = { made: [300, 310, 320, 330, 340, 350], dead: [] };
  const rows = resultsOf(tuplesOf(run));
  assert.deepEqual(foundIn(run, [...rows, rows[7]]), ['doubled', 'reordered']);
  assert.ok(foundIn(run, rows.slice(1)).includes('lost'));
  const early = { ...rows[7], tuples: 1 };
  assert.deepEqual(foundIn(run, [early, ...rows], true), []);
  assert.ok(foundIn(run, [...rows, early], true).includes('reordered'));
  assert.deepEqual(foundIn(run, rows.with(7, { ...rows[7], sorts: 99 })), ['wrongState']);
});
