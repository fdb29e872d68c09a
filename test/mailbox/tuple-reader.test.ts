// Goal: who reads a ring outside of actors gets what is committed, once, in order, and holds its writer up until it has released
// that; several rings of one stage are read in the order that their fences ask for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateDecoder } from '../../src/mailbox/decoder.ts';
import { takenBy } from '../../src/mailbox/ring.ts';
import { TupleReader } from '../../src/mailbox/tuple-reader.ts';
import { fieldTypes, runs, schemaOf, tuplesOf } from '../kit/arbitraries.ts';
import { Stream, type Tuple } from '../kit/stream.ts';

const decoderOf = ({ schema, keys }: Stream) => generateDecoder<Tuple>('test', schema, keys.length, 0);
const ringOf = ({ ring, dictionary }: Stream) => ({ memory: { ring: ring.buffer, dictionary }, slot: 0, upstream: 0 });
const readerOf = (stream: Stream, from?: number): TupleReader<Tuple> =>
  new TupleReader(ringOf(stream), decoderOf(stream), from);

test('tuples of every type come a commit at a time, from where the ring begins, and none that is not committed', () => {
  fc.assert(
    fc.property(
      fc.array(tuplesOf(fieldTypes, 20), { maxLength: 5 }),
      fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
      (commits, at) => {
        const stream = new Stream(schemaOf(fieldTypes), { start: at & ~7, ringBytes: 1 << 18 });
        const reader = readerOf(stream, at & ~7);
        const read: Tuple[] = [];
        for (const tuples of commits) {
          stream.emitAll(tuples);
          assert.equal(reader.hasInput(), false);
          assert.equal(reader.next(), undefined);
          stream.commit();
          assert.equal(reader.hasInput(), tuples.length > 0);
          assert.equal(
            reader.drain((tuple) => read.push(tuple), stream.wakeWords),
            tuples.length > 0,
          );
          assert.ok(reader.hasReadAll);
          assert.deepStrictEqual(read.splice(0), tuples);
        }
      },
    ),
    runs(60),
  );
});

test('what has been read holds its writer up until it is released, or its reader leaves', () => {
  for (const goesOn of [true, false]) {
    const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096 });
    const reader = readerOf(stream);
    const count = 3000;
    stream.emitAll(Array.from({ length: count }, (_, i) => ({ a0: i })));
    stream.commit();
    let read = 0;
    for (let tuples = reader.next(); tuples !== undefined; tuples = reader.next()) read += tuples.length;
    assert.ok(read > 0 && read < count, `${read} of ${count} fit the ring`);
    assert.equal(stream.output.drain(), false);
    if (goesOn) reader.release(stream.wakeWords);
    else reader.leave(stream.wakeWords);
    assert.ok(stream.output.drain());
    stream.commit();
    while (goesOn && read < count) {
      const tuples = reader.next();
      assert.ok(tuples !== undefined, `tuple ${read} does not come`);
      for (const { a0 } of tuples) assert.equal(a0, read++);
      reader.release(stream.wakeWords);
      if (stream.output.drain()) stream.commit();
    }
  }
});

test('of two rings of one stage, what is behind a fence waits for the ring that the fence names', () => {
  const [giver, receiver] = [new Stream(schemaOf(['u32'])), new Stream(schemaOf(['u32']))];
  const readers = TupleReader.ofStage([ringOf(giver), ringOf(receiver)], [decoderOf(giver)]);
  const write = (stream: Stream, a0: number): void => {
    stream.emitAll([{ a0 }]);
    stream.commit();
  };
  receiver.output.writeFence(1, 0);
  write(receiver, 2);
  write(giver, 1);
  assert.equal(readers[1].next(), undefined);
  assert.deepEqual(readers[0].next(), [{ a0: 1 }]);
  assert.equal(readers[1].next(), undefined, "the giver's fence is not written yet");
  giver.output.writeFence(1, takenBy(1));
  giver.output.writeEnd();
  giver.commit();
  assert.equal(readers[0].next(), undefined);
  assert.ok(readers[0].hasEnded && readers[0].isOver);
  assert.deepEqual(readers[1].next(), [{ a0: 2 }]);
  assert.equal(readers[1].isOver, false);
});
