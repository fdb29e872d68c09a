// Goal: a commit is one store; the slot behind it was complete before, and slot 0 is valid from the start.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GROUP_CELLS } from '../../src/state/groups/group-set.ts';
import {
  CommitLog,
  type CommitRecord,
  copyRecord,
  emptyRecord,
  equalRecords,
} from '../../src/state/transaction/commit-log.ts';
import { runs } from '../kit/arbitraries.ts';

const COUNTS = 3;

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
const plain = { noNullPrototype: true } as const;
const outputMark = { head: int32, outboxStart: fc.nat(), outboxEnd: fc.nat() };
const inputMark = fc.record(
  { position: int32, row: fc.nat({ max: 4096 }), ended: fc.boolean(), fence: fc.nat() },
  plain,
);
const listOf = <Item>(item: fc.Arbitrary<Item>, length: number): fc.Arbitrary<Item[]> =>
  fc.array(item, { minLength: length, maxLength: length });
const records = (inputs: number): fc.Arbitrary<CommitRecord> =>
  fc.record(
    {
      source: fc.maxSafeNat(),
      sourceAux: fc.double({ noNaN: true }),
      sink: fc.maxSafeNat(),
      endedGroups: fc.integer({ min: -1, max: 255 }),
      endedSlot: fc.nat(),
      finished: fc.boolean(),
      replaying: fc.boolean(),
      isDormant: fc.boolean(),
      handOver: fc.nat(),
      groups: listOf(fc.integer({ min: 0, max: 2 ** 32 - 1 }), GROUP_CELLS),
      ...outputMark,
      letters: fc.record(outputMark, plain),
      inputs: listOf(inputMark, inputs),
      replayUntil: listOf(inputMark, inputs),
      counts: listOf(fc.maxSafeNat(), COUNTS),
    },
    plain,
  );

const readOf = (buffer: SharedArrayBuffer, inputs: number): CommitRecord => {
  const record = emptyRecord(inputs, COUNTS);
  new CommitLog(buffer).read(record);
  return record;
};

test('slot 0 is valid before anything runs', () => {
  for (const inputs of [0, 1, 5]) {
    const buffer = CommitLog.allocate(inputs, COUNTS);
    assert.equal(new CommitLog(buffer).sequence(), 0);
    assert.deepStrictEqual(readOf(buffer, inputs), emptyRecord(inputs, COUNTS));
  }
});

test('what is written is not visible before the commit, then wholly, and the slot of the last commit is never touched', () => {
  const cases = fc
    .nat({ max: 4 })
    .chain((inputs) => fc.tuple(fc.constant(inputs), fc.array(records(inputs), { minLength: 1, maxLength: 12 })));
  fc.assert(
    fc.property(cases, fc.constantFrom(0, 2 ** 31 - 3, -4), ([inputs, list], start) => {
      const buffer = CommitLog.allocate(inputs, COUNTS);
      const log = new CommitLog(buffer);
      log.write(start, emptyRecord(inputs, COUNTS));
      log.commit(start);
      let last = emptyRecord(inputs, COUNTS);
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

/** The numbers and flags of a record, by their paths. */
const leavesOf = (value: object, path: string[] = []): string[][] =>
  Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' ? leavesOf(inner, [...path, name]) : [[...path, name]],
  );

test('records are equal if all of their values are', () => {
  const cases = fc.nat({ max: 3 }).chain((inputs) => fc.tuple(records(inputs), fc.nat()));
  fc.assert(
    fc.property(cases, ([record, choice]) => {
      const other = structuredClone(record);
      assert.ok(equalRecords(record, other));
      const leaves = leavesOf(record);
      const path = leaves[choice % leaves.length];
      const last = path.pop() as string;
      const holder = path.reduce((inner, name) => inner[name] as never, other as unknown as Record<string, unknown>);
      holder[last] = typeof holder[last] === 'boolean' ? !holder[last] : holder[last] === 7 ? 8 : 7;
      assert.ok(!equalRecords(record, other), `without ${[...path, last].join('.')}`);
    }),
    runs(300),
  );
});

test('a copy of a record is equal to it, and shares nothing with it', () => {
  const cases = fc.nat({ max: 4 }).chain((inputs) => fc.tuple(records(inputs), records(inputs)));
  fc.assert(
    fc.property(cases, ([from, other]) => {
      const copy = emptyRecord(from.inputs.length, COUNTS);
      copyRecord(from, copy);
      assert.deepStrictEqual(copy, from);
      const before = structuredClone(copy);
      copyRecord(other, from);
      assert.deepStrictEqual(copy, before);
    }),
    runs(100),
  );
});
