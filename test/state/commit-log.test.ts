// Goal: a commit is one store; the slot behind it was complete before, and slot 0 is valid from the start.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupSet } from '../../src/state/groups/group-set.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import { type CommitRecord, type CommitSizes, commitCodec } from '../../src/state/transaction/commit-record.ts';
import { runs } from '../kit/arbitraries.ts';

const sizesOf = (inputs: number): CommitSizes => ({ inputs, outputs: inputs >>> 1, counts: 3, finished: inputs % 3 });

/** A record whose values are told by some numbers. */
function recordOf(sizes: CommitSizes, numbers: readonly number[]): CommitRecord {
  const record = commitCodec.empty(sizes);
  let next = 0;
  const fill = (value: object): void => {
    const holder = value as Record<string, unknown>;
    for (const [name, inner] of Object.entries(value)) {
      const number = numbers[next++ % numbers.length];
      if (typeof inner === 'object') fill(inner);
      else holder[name] = typeof inner === 'boolean' ? number === 1 : number;
    }
  };
  fill(record);
  return record;
}

const records = (inputs: number): fc.Arbitrary<CommitRecord> =>
  fc
    .array(fc.oneof(fc.integer(), fc.constantFrom(0, 1, Number.POSITIVE_INFINITY, 2 ** 53)), { minLength: 1 })
    .map((numbers) => recordOf(sizesOf(inputs), numbers));

test('slot 0 is valid before anything runs', () => {
  for (const inputs of [0, 1, 5]) {
    const sizes = sizesOf(inputs);
    const log = new CommitLog(CommitLog.allocate(sizes));
    assert.equal(log.sequence(), 0);
    assert.deepStrictEqual(log.sizes, sizes);
    assert.deepStrictEqual(log.lastCommit(), commitCodec.empty(sizes));
    const groups = groupSet([0, 77, 255]);
    assert.deepStrictEqual(new CommitLog(CommitLog.allocate(sizes, groups)).lastCommit().progress.groups, groups);
    assert.ok(new CommitLog(CommitLog.allocate(sizes, 'dormant')).lastCommit().cursors.isDormant);
  }
});

test('what is written is not visible before the commit, then wholly, and the slot of the last commit is never touched', () => {
  const cases = fc
    .nat({ max: 4 })
    .chain((inputs) => fc.tuple(fc.constant(inputs), fc.array(records(inputs), { minLength: 1, maxLength: 12 })));
  fc.assert(
    fc.property(cases, fc.constantFrom(0, 2 ** 31 - 3, -4), ([inputs, list], start) => {
      const sizes = sizesOf(inputs);
      const log = new CommitLog(CommitLog.allocate(sizes));
      log.write(start, commitCodec.empty(sizes));
      log.commit(start);
      let last = commitCodec.empty(sizes);
      for (const record of list) {
        const number = (log.sequence() + 1) | 0;
        log.write(number, record);
        assert.deepStrictEqual(log.lastCommit(), last, 'a crash here returns to the last commit');
        log.commit(number);
        assert.equal(log.sequence(), number);
        assert.deepStrictEqual(log.lastCommit(), record);
        last = record;
      }
    }),
    runs(200),
  );
});
