// Goal: control frames are passed when all inputs allow it, and time is that of the slowest input, whatever is rolled back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Alignment } from '../../src/mailbox/alignment.ts';
import { FRAME_HEADER_WORDS, takenBy } from '../../src/mailbox/ring.ts';
import { type RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
import { runs, schemaOf } from '../kit/arbitraries.ts';
import { Stream } from '../kit/stream.ts';

const streamsOf = (count: number): Stream[] => Array.from({ length: count }, () => new Stream(schemaOf(['u32'])));
const readersOf = (streams: readonly Stream[]) => streams.map(({ consumers: [{ reader }] }) => reader);
const aligned = (streams: readonly Stream[], upstream = (_: number): number => 0): Alignment =>
  new Alignment(readersOf(streams).map((reader, i) => ({ reader, upstream: upstream(i) })));

function writeFrame(stream: Stream, n: number, watermark = Number.NEGATIVE_INFINITY): void {
  stream.output.watermark = watermark;
  stream.emitAll([{ a0: n }]);
  stream.commit();
}

test('a fence is passed when the ring that it names has been read up to its fence of the same number', () => {
  const [giver, receiver] = streamsOf(2);
  const alignment = aligned([giver, receiver]);
  const [first, second] = readersOf([giver, receiver]);
  receiver.output.writeFence(1, 0);
  writeFrame(receiver, 2);
  writeFrame(giver, 1);
  assert.equal(alignment.load(second), false, "behind the fence is the receiver's");
  assert.equal(alignment.hasInput(second), false);
  assert.ok(alignment.load(first));
  first.advance(1);
  assert.equal(alignment.load(second), false, "the giver's fence is not written yet");
  giver.output.writeFence(1, takenBy(1));
  giver.commit();
  assert.equal(alignment.load(first), false);
  assert.equal(first.fence, 1);
  assert.ok(alignment.hasInput(second));
  assert.ok(alignment.load(second));
});

test('a fence that was waited for is waited for again after a rollback to before it', () => {
  const [giver, receiver] = streamsOf(2);
  const alignment = aligned([giver, receiver]);
  const [first, second] = readersOf([giver, receiver]);
  writeFrame(receiver, 1);
  receiver.output.writeFence(1, 0);
  writeFrame(receiver, 2);
  assert.ok(alignment.load(second));
  second.advance(1);
  assert.equal(alignment.load(second), false);
  second.reset(startMark());
  assert.ok(alignment.load(second), 'the first frame is read again');
  second.advance(1);
  assert.equal(alignment.load(second), false);
  giver.output.writeFence(1, takenBy(1));
  giver.commit();
  alignment.load(first);
  assert.ok(alignment.load(second));
});

test('a fence names a replica of the operator that writes the ring, not any input', () => {
  const [other, giver, receiver] = streamsOf(3);
  const alignment = aligned([other, giver, receiver], (i) => Math.min(1, i));
  const [, first, second] = readersOf([other, giver, receiver]);
  receiver.output.writeFence(3, 0);
  writeFrame(receiver, 1);
  assert.equal(alignment.load(second), false);
  giver.output.writeFence(3, takenBy(1));
  giver.commit();
  alignment.load(first);
  assert.ok(alignment.load(second));
  receiver.output.writeFence(4, 7);
  receiver.commit();
  second.advance(1);
  assert.throws(() => alignment.load(second), { code: 'INVARIANT' });
});

test('the watermark is the least of all inputs, counts once a frame is read to its end, and is +∞ at the end of all', () => {
  const [one, two] = streamsOf(2);
  const alignment = aligned([one, two]);
  const [first, second] = readersOf([one, two]);
  assert.equal(alignment.watermark, Number.NEGATIVE_INFINITY);
  writeFrame(one, 1, 10);
  writeFrame(two, 2, 30);
  alignment.load(first);
  assert.equal(first.watermark, Number.NEGATIVE_INFINITY, 'of a frame that is in work nothing is known yet');
  first.advance(1);
  assert.deepEqual([first.watermark, alignment.watermark], [10, Number.NEGATIVE_INFINITY]);
  alignment.load(second);
  second.advance(1);
  assert.equal(alignment.watermark, 10);
  one.output.writeEnd();
  one.commit();
  alignment.load(first);
  assert.equal(alignment.watermark, 30);
  two.output.writeEnd();
  two.commit();
  alignment.load(second);
  assert.equal(alignment.watermark, Number.POSITIVE_INFINITY);
});

test('the time of a ring is what its writer has said last, and that of the mark after a rollback', () => {
  const watermarks = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(watermarks, fc.nat(), (list, choice) => {
      const [stream] = streamsOf(1);
      const { reader } = stream.consumers[0];
      const alignment = Alignment.of(reader);
      const marks = [startMark()];
      for (const [n, watermark] of list.entries()) {
        writeFrame(stream, n, watermark);
        assert.ok(alignment.load(reader));
        reader.advance(1);
        const mark = startMark();
        reader.save(mark);
        marks.push(mark);
        assert.equal(mark.watermark, watermark);
      }
      const mark = marks[choice % marks.length];
      reader.reset(mark);
      assert.equal(alignment.watermark, mark.watermark);
      while (alignment.load(reader)) reader.advance(1);
      assert.equal(alignment.watermark, list[list.length - 1]);
    }),
    runs(100),
  );
});

test('the time of all does not go back where a receiver is given what is earlier than what it has said', () => {
  const [giver, receiver] = streamsOf(2);
  const alignment = aligned([giver, receiver]);
  const [first, second] = readersOf([giver, receiver]);
  const readAll = (reader: RingReader): void => {
    while (alignment.load(reader)) reader.advance(reader.count);
  };
  writeFrame(giver, 1, 100);
  writeFrame(receiver, 2, 500);
  readAll(first);
  readAll(second);
  assert.equal(alignment.watermark, 100);
  // What lags at 100 goes over; the giver has nothing else that lags.
  giver.output.writeFence(1, takenBy(1));
  giver.commit();
  writeFrame(giver, 3, 900);
  writeFrame(receiver, 4, 600);
  receiver.output.watermark = 100;
  receiver.output.writeFence(1, 0);
  receiver.commit();
  readAll(first);
  assert.equal(alignment.watermark, 100, 'the receiver has yet to say its time');
  readAll(second);
  assert.equal(alignment.watermark, 100);
  writeFrame(receiver, 5, 700);
  readAll(second);
  assert.equal(alignment.watermark, 700);
  const mark = startMark();
  second.save(mark);
  assert.deepEqual([mark.fence, mark.watermark], [1, 700]);
});

test('time moves on where no tuple does, once for each time', () => {
  const [stream] = streamsOf(1);
  const { reader } = stream.consumers[0];
  const alignment = Alignment.of(reader);
  for (const time of [10, 10, 20]) {
    stream.output.watermark = time;
    stream.output.tellTime();
  }
  stream.commit();
  assert.equal(stream.output.depthWords(), 2 * FRAME_HEADER_WORDS);
  assert.equal(alignment.load(reader), false);
  assert.equal(alignment.watermark, 20);
});
