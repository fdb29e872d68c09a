// Goal: whatever a source says where it is with, if it is small and can be cloned, a commit keeps it; anything else is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PartitionMarks } from '../../src/state/transaction/partition-marks.ts';
import {
  copyOfPosition,
  equalPositions,
  POSITION_BYTES_MAX,
  POSITION_CELLS,
  readPosition,
  writePosition,
} from '../../src/state/transaction/position.ts';
import { UndoLog } from '../../src/state/transaction/undo-log.ts';
import { runs } from '../kit/arbitraries.ts';

const positions = fc.oneof(
  fc.double(),
  fc.string({ maxLength: 60 }),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 100 }),
  fc.record({ file: fc.string({ maxLength: 20 }), byte: fc.maxSafeNat() }, { noNullPrototype: true }),
  fc.array(fc.maxSafeNat(), { maxLength: 8 }),
);

test('a position is read as it was written, is equal to itself, and shares nothing with what was given', () => {
  fc.assert(
    fc.property(positions, positions, fc.nat({ max: 3 }), (position, other, at) => {
      const cells = new Float64Array(POSITION_CELLS + at);
      const kept = copyOfPosition('s', position);
      if (typeof position === 'object' && position !== null) assert.notEqual(kept, position);
      // What stood there before makes no difference.
      writePosition(cells, at, other);
      writePosition(cells, at, kept);
      assert.deepStrictEqual(readPosition(cells, at), position);
      assert.ok(equalPositions(readPosition(cells, at), kept));
      const isSame = equalPositions(kept, other);
      assert.equal(isSame, equalPositions(other, kept));
      if (isSame) assert.deepStrictEqual(other, position);
    }),
    runs(500),
  );
});

test('new memory says that nothing has been read', () => {
  assert.equal(readPosition(new Float64Array(POSITION_CELLS), 0), undefined);
});

test('a position that is too large, or cannot be cloned, is refused, with its source and the rule', () => {
  const refused = { code: 'SOURCE_CONTRACT', message: /position of source 'orders'/ };
  for (const position of [undefined, () => {}, { call() {} }, 'x'.repeat(POSITION_BYTES_MAX), Symbol('here')]) {
    assert.throws(() => copyOfPosition('orders', position), refused);
  }
  assert.throws(() => copyOfPosition('orders', 'x'.repeat(1000)), { message: /takes 1\d\d\d bytes; it may take 240/ });
});

test('marks of partitions go back to the last commit, whatever their positions are', () => {
  fc.assert(
    fc.property(fc.array(positions, { minLength: 1, maxLength: 6 }), (list) => {
      const marks = PartitionMarks.allocate(2);
      const memory = { marks, undo: UndoLog.allocate(marks.byteLength) };
      const own = new PartitionMarks(memory);
      const seen = { position: undefined as unknown, seen: 0 };
      let committed: unknown;
      for (const [i, position] of list.entries()) {
        own.begin(i + 1);
        own.write(1, { position: i, seen: 0 });
        own.write(1, { position, seen: 0 });
        if (i % 2 === 0) {
          // Its worker dies: the next one rolls back.
          new PartitionMarks(memory).rollback(i);
          own.rollback(i);
          own.read(1, seen);
          assert.deepStrictEqual(seen.position, committed);
          own.begin(i + 1);
          own.write(1, { position, seen: 0 });
        }
        committed = position;
      }
      own.read(1, seen);
      assert.deepStrictEqual(seen.position, committed);
      own.read(0, seen);
      assert.equal(seen.position, undefined);
    }),
    runs(100),
  );
});

test("the end of a partition is its owner's until the commit, and is seen by the others whatever becomes of it", () => {
  const marks = PartitionMarks.allocate(2);
  const own = new PartitionMarks({ marks, undo: UndoLog.allocate(marks.byteLength) });
  const other = new PartitionMarks({ marks, undo: UndoLog.allocate(marks.byteLength) });
  other.begin(1);
  other.end(1);
  assert.equal(other.haveAllEnded, false);
  own.begin(1);
  own.end(0);
  assert.deepEqual([own.hasEnded(0), own.haveAllEnded, other.haveAllEnded], [true, true, true]);
  own.rollback(0);
  assert.deepEqual([own.hasEnded(0), other.hasReachedEnd(0)], [false, true]);
  // Its successor reads the partition again, and comes to the same end.
  own.begin(1);
  own.end(0);
  own.rollback(1);
  assert.equal(own.hasEnded(0), true);
});
