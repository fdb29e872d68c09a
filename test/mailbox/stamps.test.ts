// Goal: a stamp that is read belongs to its position, a slow reader misses none that it has seen, and what waits for room is told of
// when it is published.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ring } from '../../src/mailbox/ring.ts';
import { older, StampReader, StampWriter, TICKS_PER_MS, ticksOf } from '../../src/mailbox/stamps.ts';

const made = (start = 0): { writer: StampWriter; reader: StampReader } => {
  const ring = new Ring(Ring.allocate(4096));
  ring.publish(start);
  return { writer: new StampWriter(ring), reader: new StampReader(ring) };
};

test('a stamp is passed at its position, and once', () => {
  const { writer, reader } = made();
  assert.equal(writer.tell(10, 7, false), true);
  reader.look(0);
  assert.equal(reader.passed(9), undefined);
  assert.equal(reader.passed(10), 7);
  assert.equal(reader.passed(11), undefined);
  reader.look(11);
  assert.equal(reader.passed(20), undefined, 'it was told once');
});

test('positions come round', () => {
  const { writer, reader } = made(0x7fffffff - 5);
  writer.tell((0x7fffffff + 3) | 0, 7, false);
  reader.look(0x7fffffff - 5);
  assert.equal(reader.passed(0x7fffffff), undefined);
  assert.equal(reader.passed((0x7fffffff + 4) | 0), 7);
});

test('a reader keeps to the stamp that it has seen, however many come behind it', () => {
  const { writer, reader } = made();
  writer.tell(10, 1, false);
  reader.look(0);
  for (let i = 2; i < 9; i++) writer.tell(10 * i, i, false);
  reader.look(9);
  assert.equal(reader.passed(15), 1);
  reader.look(15);
  assert.equal(reader.passed(79), undefined);
  assert.equal(reader.passed(80), 8, 'the latest one');
});

test('nothing is told where nothing was written, or nobody knows since when', () => {
  const { writer, reader } = made();
  assert.equal(writer.tell(0, 5, false), false);
  assert.equal(writer.tell(10, undefined, false), true);
  reader.look(0);
  assert.equal(reader.passed(100), undefined);
});

test('what waits in an outbox is told of when all of it is published, with the oldest time', () => {
  const { writer, reader } = made();
  writer.tell(10, 5, true);
  writer.tell(20, 6, true);
  reader.look(0);
  assert.equal(reader.passed(20), undefined);
  writer.tell(30, undefined, false);
  reader.look(20);
  assert.equal(reader.passed(29), undefined);
  assert.equal(reader.passed(30), 5);
});

test('a reader that comes later, or again, is told of what it has yet to read, and of nothing before', () => {
  const ring = new Ring(Ring.allocate(4096));
  new StampWriter(ring).tell(10, 5, false);
  const behind = new StampReader(ring);
  behind.look(10);
  assert.equal(behind.passed(20), undefined);
  const before = new StampReader(ring);
  before.look(9);
  assert.equal(before.passed(9), undefined);
  assert.equal(before.passed(10), 5);
});

test('what is published and read in the middle of a turn is told at its end, and not with the next', () => {
  const { writer, reader } = made();
  reader.look(0);
  writer.tell(10, 1, false);
  assert.equal(reader.passed(10), 1);
  reader.look(10);
  writer.tell(20, 2, false);
  // That turn ended without a word, as one does that has read nothing but what tells of time.
  reader.look(20);
  assert.equal(reader.passed(20), undefined);
  writer.tell(30, 3, false);
  reader.look(20);
  assert.equal(reader.passed(30), 3);
});

test('what a reader had seen before it, and has passed without a word, is forgotten', () => {
  const { writer, reader } = made();
  writer.tell(10, 1, false);
  reader.look(0);
  reader.look(10);
  writer.tell(20, 2, false);
  reader.look(10);
  assert.equal(reader.passed(20), 2);
});

test('a reader that goes on elsewhere is told of what lies behind that place, and of nothing before', () => {
  const { writer, reader } = made();
  writer.tell(10, 1, false);
  reader.look(0);
  reader.skip();
  reader.look(10);
  assert.equal(reader.passed(10), undefined);
  writer.tell(30, 2, false);
  reader.look(10);
  reader.skip();
  reader.look(20);
  assert.equal(reader.passed(30), 2);
});

test('whatever the order of telling, looking and passing, a time comes in the turn in which its position is passed', () => {
  const words = fc.integer({ min: 0, max: 40 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('tell' as const), words }),
    fc.record({ kind: fc.constant('look' as const), words }),
    fc.record({ kind: fc.constant('pass' as const), words }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { writer, reader } = made();
      let head = 0;
      let position = 0;
      let from = 0;
      let time = 0;
      const told = new Map<number, number>();
      let last = 0;
      for (const { kind, words } of steps) {
        if (kind === 'tell') {
          head += words;
          if (writer.tell(head, ++time, false)) told.set(time, head);
        } else if (kind === 'look') {
          from = position;
          reader.look(from);
        } else {
          position = Math.min(head, position + words);
          const passed = reader.passed(position);
          if (passed === undefined) continue;
          const at = told.get(passed) as number;
          assert.ok(at > from && at <= position && passed > last, `${passed} of ${at}, from ${from} to ${position}`);
          last = passed;
        }
      }
    }),
  );
});

test('ticks are compared also where they come round', () => {
  const before = ticksOf((2 ** 31 - 1) / TICKS_PER_MS);
  const after = ticksOf((2 ** 31 + 9) / TICKS_PER_MS);
  assert.equal((after - before) | 0, 10);
  assert.equal(older(after, before), before);
  assert.equal(older(undefined, 3), 3);
  assert.equal(older(3, undefined), 3);
});
