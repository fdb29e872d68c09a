// Goal: emit never waits and never loses order: what the ring cannot hold goes through the outbox, across rollbacks too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allocateOutbox, OUTBOX_BYTES_MAX, Output } from '../../src/mailbox/output.ts';
import { FrameKind, Ring } from '../../src/mailbox/ring.ts';
import { runs, schemaOf } from '../kit/arbitraries.ts';
import { framesOf, Stream, type Tuple } from '../kit/stream.ts';

const numbers = (from: number, to: number): Tuple[] => Array.from({ length: to - from }, (_, i) => ({ a0: from + i }));

test('far more than the ring holds is kept, and drained in order by commits', () => {
  const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096 });
  stream.emitAll(numbers(0, 50_000));
  stream.commit();
  assert.ok(stream.output.spilled);
  assert.ok(!stream.output.hasRoom(1));
  assert.equal(stream.output.drain(), false);
  const [consumer] = stream.consumers;
  const read: Tuple[] = [];
  for (let step = 0; stream.output.spilled || read.length < 50_000; step++) {
    read.push(...consumer.read(1 + (step % 300)));
    if (step % 3 === 0) consumer.release();
    if (stream.output.drain()) stream.commit();
    assert.ok(step < 100_000);
  }
  assert.deepEqual(read, numbers(0, 50_000));
  assert.deepEqual([stream.committed.outboxStart, stream.committed.outboxEnd], [0, 0]);
});

test('what is emitted while the outbox drains comes behind it', () => {
  const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096 });
  stream.emitAll(numbers(0, 3000));
  stream.commit();
  const read = stream.consumers[0].read();
  stream.consumers[0].release();
  assert.ok(stream.output.drain());
  stream.emitAll(numbers(3000, 3500));
  stream.commit();
  assert.deepEqual([...read, ...stream.readToEnd()], numbers(0, 3500));
});

test('beyond the limit of the outbox emit throws OUTBOX_FULL, and a rollback undoes it', () => {
  const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096, outboxBytes: 10_000 });
  stream.emitAll(numbers(0, 10));
  stream.commit();
  assert.throws(() => stream.emitAll(numbers(10, 10_000)), {
    code: 'OUTBOX_FULL',
    message: /operator 'test'.*raise 'outboxBytes'/,
  });
  // It stays full: no later tuple slips in.
  assert.throws(() => stream.encoder.flush(), { code: 'OUTBOX_FULL' });
  stream.rollback();
  stream.emitAll(numbers(10, 20));
  stream.commit();
  assert.deepEqual(stream.readToEnd(), numbers(0, 20));
});

test('an error of a flush that is caught loses and repeats nothing', () => {
  const stream = new Stream(schemaOf(['u32', 'string']), { ringBytes: 4096, outboxBytes: 4096 });
  const kept: Tuple[] = [];
  for (let i = 0; i < 3000; i++) {
    const tuple = { a0: i, a1: `text ${i}` };
    try {
      stream.encoder.emit(tuple);
      kept.push(tuple);
    } catch (error) {
      assert.equal((error as { code: string }).code, 'OUTBOX_FULL');
      if (i % 100 !== 0) continue;
      // Make room behind the encoder's back: what it holds is flushed by the next emit.
      const [consumer] = stream.consumers;
      stream.output.save(stream.committed);
      stream.output.publish(stream.committed.head, stream.wakeWords);
      const read = consumer.read();
      consumer.release();
      assert.deepEqual(read, kept.splice(0, read.length));
      stream.output.drain();
    }
  }
  stream.output.save(stream.committed);
  stream.output.publish(stream.committed.head, stream.wakeWords);
  const rest: Tuple[] = [];
  while (stream.output.spilled) {
    rest.push(...stream.consumers[0].read());
    stream.consumers[0].release();
    stream.output.drain();
    stream.output.save(stream.committed);
    stream.output.publish(stream.committed.head, stream.wakeWords);
  }
  stream.commit();
  rest.push(...stream.readToEnd());
  assert.deepEqual(rest, kept);
});

test('a rolled-back drain that emptied the outbox finds its frames again, whatever was spilled after it', () => {
  const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096 });
  stream.emitAll(numbers(0, 1100));
  stream.commit();
  assert.ok(stream.output.spilled);
  const read = stream.consumers[0].read();
  stream.consumers[0].release();
  assert.ok(stream.output.drain());
  assert.ok(!stream.output.spilled);
  stream.emitAll(numbers(5000, 9000));
  stream.encoder.flush();
  assert.ok(stream.output.spilled);
  stream.rollback();
  assert.deepEqual([...read, ...stream.readToEnd()], numbers(0, 1100));
});

test('a rollback without readers does not let the writer overrun a reader that comes then', () => {
  const stream = new Stream(schemaOf(['f64']), { ringBytes: 4096, readers: 0 });
  stream.emitAll(numbers(0, 2000));
  stream.encoder.flush();
  stream.rollback();
  stream.ring.activate(0, 0);
  stream.emitAll(numbers(0, 2000));
  stream.commit();
  assert.ok(stream.ring.unreleasedWords(stream.ring.published()) <= stream.ring.capacityWords);
  assert.ok(stream.output.spilled);
});

test('random emits, commits, rollbacks, drains and restarts keep exactly the committed tuples, in order', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('emit'), count: fc.integer({ min: 1, max: 700 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('read'), count: fc.integer({ min: 1, max: 900 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('commit', 'rollback', 'drain', 'release', 'restart'),
        count: fc.constant(0),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 2 ** 31 - 200, -100), (steps, start) => {
      const stream = new Stream(schemaOf(['u32', 'string']), { ringBytes: 4096, start });
      let { output, encoder } = stream;
      const [consumer] = stream.consumers;
      const committed: number[] = [];
      let open: number[] = [];
      let next = 0;
      const read: number[] = [];
      const take = (limit?: number): void => {
        read.push(...consumer.read(limit).map(({ a0 }) => a0 as number));
      };
      for (const { kind, count } of steps) {
        switch (kind) {
          case 'emit':
            for (let i = 0; i < count; i++, next++) {
              encoder.emit({ a0: next, a1: `n${next}` });
              open.push(next);
            }
            break;
          case 'read':
            take(count);
            break;
          case 'release':
            consumer.release();
            break;
          case 'commit':
            encoder.flush();
            output.save(stream.committed);
            output.publish(stream.committed.head, stream.wakeWords);
            committed.push(...open);
            open = [];
            break;
          case 'rollback':
            encoder.discard();
            output.restore(stream.committed);
            open = [];
            break;
          case 'drain':
            output.drain();
            break;
          default: {
            // Another thread takes over: it knows the commit and the shared memory only.
            ({ output, encoder } = stream.adopt());
            open = [];
          }
        }
      }
      encoder.discard();
      output.restore(stream.committed);
      for (let idle = 0; idle < 3; ) {
        const before = read.length;
        take();
        consumer.release();
        if (output.drain()) {
          output.save(stream.committed);
          output.publish(stream.committed.head, stream.wakeWords);
        } else if (before === read.length) idle++;
      }
      assert.deepEqual(read, committed);
    }),
    runs(150),
  );
});

test('the end of the stream goes through the outbox too, and is passed once', () => {
  for (const count of [0, 10, 3000]) {
    const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096 });
    stream.emitAll(numbers(0, count));
    stream.encoder.flush();
    stream.output.writeEnd();
    stream.commit();
    assert.deepEqual(stream.readToEnd(), numbers(0, count));
    const { reader } = stream.consumers[0];
    assert.equal(reader.ended, true);
    assert.equal(reader.hasInput(), false);
    assert.equal(reader.load(), undefined);
    assert.equal(reader.position, stream.ring.published());
  }
});

test('a frame of more than half of the ring is refused, and a limit above OUTBOX_BYTES_MAX too', () => {
  const ring = new Ring(Ring.allocate(4096));
  const output = new Output('test', ring, allocateOutbox(1 << 16), { head: 0, outboxStart: 0, outboxEnd: 0 });
  assert.equal(output.frameWordsMax, 256);
  output.reserve(256);
  assert.throws(() => output.reserve(257), { code: 'INVARIANT' });
  assert.throws(() => allocateOutbox(OUTBOX_BYTES_MAX + 1), { code: 'BAD_OPTION' });
  assert.throws(() => allocateOutbox(Number.NaN), { code: 'BAD_OPTION' });
});

test('a parked writer is woken when half of the ring, or the frame that waits, fits', () => {
  const stream = new Stream(schemaOf(['bytes']), { ringBytes: 4096 });
  const [consumer] = stream.consumers;
  for (let i = 0; i < 40; i++) stream.encoder.emit({ a0: new Uint8Array(i % 2 === 0 ? 1900 : 300) });
  stream.commit();
  let read = 0;
  for (let steps = 0; stream.output.spilled; steps++) {
    assert.ok(steps < 1000, 'it drains');
    const ticket = stream.wakeWords.announcePark(0);
    stream.output.announceWait();
    const needs = stream.ring.writerNeeds();
    assert.ok(needs > 0 && needs <= stream.ring.capacityWords);
    const wasDrained = stream.output.isDrained();
    if (!wasDrained) {
      read += consumer.read(1).length;
      consumer.release();
    }
    // sleep() returns at once exactly if a wake has come since the ticket.
    const isWoken = stream.wakeWords.sleep(0, ticket, 1) === undefined;
    assert.equal(isWoken, !wasDrained && stream.output.isDrained());
    stream.wakeWords.stayAwake(0);
    stream.output.withdrawWait();
    if (stream.output.isDrained()) {
      assert.ok(stream.output.drain(), 'what it waited for is enough');
      stream.commit();
    }
  }
  assert.equal(stream.ring.writerNeeds(), 0);
  assert.equal(read + stream.readToEnd().length, 40);
});

test('padding fills the end of the ring and is skipped', () => {
  const stream = new Stream(schemaOf(['bytes']), { ringBytes: 4096, start: 2 ** 32 - 40 });
  const tuples = Array.from({ length: 9 }, (_, i) => ({ a0: new Uint8Array(1000 + i).fill(i) }));
  const read: Tuple[] = [];
  let paddings = 0;
  for (const tuple of tuples) {
    stream.encoder.emit(tuple);
    stream.commit();
    const frames = framesOf(stream.ring, stream.consumers[0].reader.position);
    paddings += frames.filter(({ kind }) => kind === FrameKind.padding).length;
    for (const { position, words } of frames)
      assert.ok((position & stream.ring.mask) + words <= stream.ring.capacityWords);
    read.push(...stream.readToEnd());
  }
  assert.ok(paddings >= 2);
  assert.deepStrictEqual(read, tuples);
});

test('a writer whose frame needs padding waits for the padding too', () => {
  const ring = new Ring(Ring.allocate(4096));
  ring.activate(0, 0);
  const mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  const output = new Output('test', ring, allocateOutbox(1 << 16), mark);
  const write = (words: number): void => {
    const index = output.reserve(words);
    output.target.i32[index << 1] = words;
  };
  for (const words of [150, 50, 200, 200]) write(words);
  assert.ok(output.spilled);
  output.announceWait();
  // 112 words to the end of the ring, and the frame.
  assert.equal(ring.writerNeeds(), 312);
  ring.release(0, 150);
  assert.equal(output.isDrained(), false);
  assert.equal(output.drain(), false);
  ring.release(0, 200);
  assert.equal(output.isDrained(), true);
  assert.equal(output.drain(), true);
});

test('an outbox that is never empty does not grow for ever, and keeps its order through rollbacks', () => {
  const waiting = 4000;
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 400, maxLength: 400 }), (choices) => {
      const stream = new Stream(schemaOf(['u32']), { ringBytes: 4096, outboxBytes: 64_000 });
      const [consumer] = stream.consumers;
      const read: Tuple[] = [];
      let written = 0;
      for (const choice of choices) {
        read.push(...consumer.read(300));
        consumer.release();
        stream.output.drain();
        // As much as is read, so that more waits than the ring holds.
        const upTo = read.length + waiting;
        stream.emitAll(numbers(written, upTo));
        stream.encoder.flush();
        assert.ok(stream.output.isWaiting);
        // A thread that dies before its commit is written has saved in vain.
        if (choice === 1) stream.output.save({ ...stream.committed });
        if (choice <= 1) stream.rollback();
        else {
          written = upTo;
          stream.commit();
        }
      }
      for (let step = 0; read.length < written; step++) {
        assert.ok(step < 10_000, `${read.length} of ${written} tuples come`);
        read.push(...consumer.read());
        consumer.release();
        if (stream.output.drain()) stream.commit();
      }
      assert.deepEqual(read, numbers(0, written));
    }),
    runs(10),
  );
});
