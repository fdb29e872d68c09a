// Goal: readers of any number and speed see exactly what is published, in order, also where positions wrap.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameKind, READERS_MAX, RING_BYTES_MAX, RING_BYTES_MIN, Ring } from '../../src/mailbox/ring.ts';
import { RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
import { runs, schemaOf } from '../kit/arbitraries.ts';
import { Stream, type Tuple } from '../kit/stream.ts';

/** Starts from which a few rings of data cross the edges of int32 and uint32. */
const EDGES = [0, 2 ** 31 - 700, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 700, 2 ** 32 - 1];

const tupleOf = (i: number): Tuple => ({ a0: i, a1: `text of ${i}`.repeat(i % 9), a2: new Uint8Array(i % 50).fill(i) });

for (const start of EDGES) {
  test(`a ring that starts at ${start} carries a hundred times its capacity`, () => {
    const stream = new Stream(schemaOf(['u32', 'string', 'bytes']), { ringBytes: 4096, start });
    const expected: Tuple[] = [];
    const read: Tuple[] = [];
    for (let i = 0; expected.length < 6000; i++) {
      for (let k = 0; k < 1 + ((i * 7) % 13); k++) {
        const tuple = tupleOf(expected.length);
        stream.encoder.emit(tuple);
        expected.push(tuple);
      }
      stream.commit();
      read.push(...stream.readToEnd());
    }
    assert.deepStrictEqual(read, expected);
    assert.equal(stream.consumers[0].reader.laps, start >= 2 ** 32 - 700 ? 1 : 0);
  });
}

test('readers of different speeds each see every tuple in order, and the writer overruns none', () => {
  const action = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 60 }), fc.boolean());
  fc.assert(
    fc.property(
      fc.array(action, { minLength: 20, maxLength: 200 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(...EDGES),
      (actions, readers, start) => {
        const stream = new Stream(schemaOf(['u32', 'string', 'bytes']), { ringBytes: 4096, start, readers });
        const seen = stream.consumers.map(() => 0);
        let emitted = 0;
        for (const [who, count, releases] of actions) {
          const consumer = stream.consumers[who];
          if (consumer === undefined) {
            if (stream.output.spilled) {
              if (stream.output.drain()) stream.commit();
              continue;
            }
            for (let i = 0; i < count; i++) stream.encoder.emit(tupleOf(emitted++));
            stream.commit();
          } else {
            for (const tuple of consumer.read(count)) assert.deepStrictEqual(tuple, tupleOf(seen[who]++));
            if (releases) consumer.release();
          }
          assert.ok(stream.ring.unreleasedWords(stream.ring.published()) <= stream.ring.capacityWords);
        }
        for (let idle = 0; idle < 2; idle++) {
          stream.consumers.forEach((consumer, who) => {
            for (const tuple of consumer.read()) {
              assert.deepStrictEqual(tuple, tupleOf(seen[who]++));
              idle = 0;
            }
            consumer.release();
          });
          if (stream.output.drain()) {
            stream.commit();
            idle = 0;
          }
        }
        assert.deepEqual(
          seen,
          stream.consumers.map(() => emitted),
        );
      },
    ),
    runs(100),
  );
});

test('a reader that is reset reads the same rows again, from a row within a frame', () => {
  const stream = new Stream(schemaOf(['u32']), { start: 2 ** 32 - 5 });
  for (let i = 0; i < 100; i++) stream.encoder.emit({ a0: i });
  stream.commit();
  const [consumer] = stream.consumers;
  const { reader } = consumer;
  assert.equal(consumer.read(30).length, 30);
  const mark = startMark();
  reader.save(mark);
  assert.equal(mark.row, 30);
  assert.equal(consumer.read().length, 70);
  reader.reset(mark);
  assert.deepEqual(consumer.read(1), [{ a0: 30 }]);
  const adopter = new RingReader(stream.ring, 0, mark);
  assert.ok(adopter.load());
  assert.equal(adopter.row, 30);
});

test('uncommitted frames are invisible', () => {
  const stream = new Stream(schemaOf(['u32']));
  stream.encoder.emit({ a0: 1 });
  stream.encoder.flush();
  assert.deepEqual(stream.consumers[0].read(), []);
  stream.commit();
  assert.deepEqual(stream.consumers[0].read(), [{ a0: 1 }]);
});

test('the slowest active reader holds the writer back, an inactive one does not', () => {
  const ring = new Ring(Ring.allocate(4096));
  ring.activate(0, -20);
  ring.activate(1, -50);
  ring.activate(READERS_MAX - 1, 10);
  assert.equal(ring.unreleasedWords(10), 60);
  ring.deactivate(1);
  assert.equal(ring.unreleasedWords(10), 30);
  ring.release(0, 10);
  assert.equal(ring.unreleasedWords(10), 0);
  assert.ok(ring.isActive(0) && !ring.isActive(1));
  assert.throws(() => ring.activate(READERS_MAX, 0), { code: 'INVARIANT' });
});

test('found by the explorer: a reader that is activated while the writer looks for room is not overrun, whatever its slot', () => {
  const { load } = Atomics;
  for (const [holding, coming] of [
    [0, 1],
    [1, 0],
    [7, READERS_MAX - 1],
    [READERS_MAX - 1, 0],
  ]) {
    // The reader that holds the position activates the new one there, and releases it, between two loads of the writer.
    for (let at = 0; at <= READERS_MAX; at++) {
      const ring = new Ring(Ring.allocate(4096));
      ring.activate(holding, -100);
      let loads = 0;
      Atomics.load = ((view: Int32Array, index: number) => {
        if (loads++ === at) {
          ring.activate(coming, -100);
          ring.release(holding, 0);
        }
        return load(view, index);
      }) as typeof load;
      try {
        assert.equal(ring.unreleasedWords(0), 100, `slot ${coming} takes over from ${holding} at load ${at}`);
      } finally {
        Atomics.load = load;
      }
    }
  }
});

test('the depth of an output counts words that are published and not released', () => {
  const stream = new Stream(schemaOf(['f64']), { start: 2 ** 31 - 4 });
  for (let i = 0; i < 10; i++) stream.encoder.emit({ a0: i });
  assert.equal(stream.output.depthWords(), 0);
  stream.commit();
  // Four words of padding to the end of the ring, a header of three, ten values.
  assert.equal(stream.output.depthWords(), 17);
  stream.readToEnd();
  assert.equal(stream.output.depthWords(), 0);
});

test('a capacity is rounded up to a power of two, or refused', () => {
  assert.equal(new Ring(Ring.allocate(5000)).capacityBytes, 8192);
  assert.equal(new Ring(Ring.allocate(RING_BYTES_MIN)).capacityBytes, RING_BYTES_MIN);
  for (const bytes of [RING_BYTES_MIN - 1, RING_BYTES_MAX + 1, Number.NaN]) {
    assert.throws(() => Ring.allocate(bytes), { code: 'BAD_OPTION', message: /ringBytes/ });
  }
});

test('padding that is published alone is passed, at the edges of int32 too', () => {
  for (const end of [0, 2 ** 31, 2 ** 32, 512]) {
    const ring = new Ring(Ring.allocate(4096));
    const start = (end - 4) | 0;
    ring.activate(0, start);
    const at = (start & ring.mask) << 1;
    ring.data.i32[at] = 4;
    ring.data.i32[at + 1] = FrameKind.padding;
    ring.publish(end | 0);
    const reader = new RingReader(ring, 0, startMark(start));
    assert.equal(reader.load(), undefined);
    assert.equal(reader.position, end | 0);
    assert.equal(reader.hasInput(), false);
  }
});
