// Goal: a commit is one store; the slot behind it was complete before, and slot 0 is valid from the start.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CommitLog, type CommitRecord, emptyRecord } from '../../src/state/commit-log.ts';
import { runs } from '../mailbox/arbitraries.ts';

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
const records = (inputs: number): fc.Arbitrary<CommitRecord> =>
  fc.record(
    {
      source: fc.maxSafeNat(),
      sourceAux: fc.double({ noNaN: true }),
      sink: fc.maxSafeNat(),
      endedGroups: fc.integer({ min: -1, max: 255 }),
      endedSlot: fc.nat(),
      finished: fc.boolean(),
      head: int32,
      outboxStart: fc.nat(),
      outboxEnd: fc.nat(),
      inputs: fc.array(
        fc.record({ position: int32, row: fc.nat({ max: 4096 }), ended: fc.boolean() }, { noNullPrototype: true }),
        {
          minLength: inputs,
          maxLength: inputs,
        },
      ),
    },
    { noNullPrototype: true },
  );

const readOf = (buffer: SharedArrayBuffer, inputs: number): CommitRecord => {
  const record = emptyRecord(inputs);
  new CommitLog(buffer).read(record);
  return record;
};

test('slot 0 is valid before anything runs', () => {
  for (const inputs of [0, 1, 5]) {
    const buffer = CommitLog.allocate(inputs);
    assert.equal(new CommitLog(buffer).sequence(), 0);
    assert.deepStrictEqual(readOf(buffer, inputs), emptyRecord(inputs));
  }
});

test('what is written is not visible before the commit, then wholly, and the slot of the last commit is never touched', () => {
  const cases = fc
    .nat({ max: 4 })
    .chain((inputs) => fc.tuple(fc.constant(inputs), fc.array(records(inputs), { minLength: 1, maxLength: 12 })));
  fc.assert(
    fc.property(cases, fc.constantFrom(0, 2 ** 31 - 3, -4), ([inputs, list], start) => {
      const buffer = CommitLog.allocate(inputs);
      const log = new CommitLog(buffer);
      log.write(start, emptyRecord(inputs));
      log.commit(start);
      let last = emptyRecord(inputs);
      for (const record of list) {
        const number = (log.sequence() + 1) | 0;
        log.write(number, record);
        assert.deepStrictEqual(readOf(buffer, inputs), last, 'a crash here returns to the last commit');
        log.commit(number);
        assert.equal(log.sequence(), number);
        assert.deepStrictEqual(readOf(buffer, inputs), record);
        last = record;
      }
    }),
    runs(200),
  );
});
