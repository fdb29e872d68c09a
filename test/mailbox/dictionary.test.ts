// Goal: the shared dictionary gives each string one id for ever, is never wrong when it is full, and survives its writer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TextColumn } from '../../src/mailbox/decoder.ts';
import { allocateDictionary, DictionaryReader, DictionaryWriter } from '../../src/mailbox/dictionary.ts';
import { hashString } from '../../src/mailbox/hash.ts';
import { anyString, runs, schemaOf } from '../kit/arbitraries.ts';
import { Stream, type Tuple } from '../kit/stream.ts';

test('100,000 strings keep their ids over growth, and a reader decodes them in any order', () => {
  const memory = allocateDictionary();
  const early = new DictionaryReader(memory);
  const writer = new DictionaryWriter(memory);
  const text = (i: number) => (i % 3 === 0 ? `слово ${i}` : `word ${i}`);
  for (let i = 0; i < 100_000; i++) assert.equal(writer.idOf(text(i)), i);
  for (let i = 0; i < 100_000; i += 777) assert.equal(writer.idOf(text(i)), i);
  assert.equal(early.get(99_999), text(99_999));
  for (let i = 0; i < 100_000; i++) {
    assert.equal(early.get(i), text(i));
    assert.equal(writer.hashes[i], hashString(text(i)));
  }
});

test('any strings come back exactly, and a new writer gives them the same ids', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyString, { maxLength: 80 }), fc.integer({ min: 0, max: 80 }), (texts, split) => {
      const memory = allocateDictionary();
      const first = new DictionaryWriter(memory);
      for (let id = 0; id < Math.min(split, texts.length); id++) assert.equal(first.idOf(texts[id]), id);
      const second = new DictionaryWriter(memory);
      for (let id = 0; id < texts.length; id++) assert.equal(second.idOf(texts[id]), id);
      const reader = new DictionaryReader(memory);
      for (let id = texts.length - 1; id >= 0; id--) {
        assert.equal(reader.get(id), texts[id]);
        assert.equal(second.hashes[id], hashString(texts[id]));
        reader.seek(id);
        const bytes = Buffer.from(reader.bytes.slice(reader.start, reader.end));
        assert.equal(bytes.toString(reader.wide ? 'utf16le' : 'latin1'), texts[id]);
      }
    }),
    runs(200),
  );
});

test('a full dictionary refuses new strings and knows the old ones', () => {
  for (const entriesMax of [1, 2, 3, 1500]) {
    const writer = new DictionaryWriter(allocateDictionary(entriesMax));
    for (let i = 0; i < entriesMax; i++) assert.equal(writer.idOf(`s${i}`), i);
    assert.equal(writer.idOf('one more'), -1);
    assert.equal(writer.idOf('s0'), 0);
    assert.equal(writer.idOf('one more'), -1);
  }
});

test('a string that does not fit the text memory is refused, a smaller one still taken', () => {
  const writer = new DictionaryWriter(allocateDictionary());
  assert.equal(writer.idOf('x'.repeat((1 << 26) + 1)), -1);
  assert.equal(writer.idOf('small'), 0);
});

test('strings beyond a full dictionary travel inline, mixed with known ones, wide or not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyString, fc.constantFrom('car', 'bus', 'поезд')), { maxLength: 90 }),
      fc.integer({ min: 1, max: 4 }),
      (pairs, dictionaryEntries) => {
        const tuples = pairs.map(([a0, a1]) => ({ a0, a1 }));
        const keys = [[0], [1]];
        const stream = new Stream(schemaOf(['dictionary', 'dictionary']), { dictionaryEntries, keys });
        stream.emitAll(tuples);
        stream.commit();
        const [consumer] = stream.consumers;
        const { decoder } = consumer;
        const read = consumer.read(Number.POSITIVE_INFINITY, (row, tuple) => {
          assert.equal(decoder.hashAt(row), hashString(tuple.a0 as string));
          const column = decoder.keyAt[0] as TextColumn;
          column.seek(row);
          const bytes = Buffer.from(column.bytes().slice(column.start(), column.end()));
          assert.equal(bytes.toString(column.wide() ? 'utf16le' : 'latin1'), tuple.a0);
        });
        stream.readToEnd();
        assert.deepEqual(read, tuples.slice(0, read.length));
        assert.ok(read.length === tuples.length || stream.output.spilled === false);
      },
    ),
    runs(150),
  );
});

test('entries of a rolled-back transaction are harmless', () => {
  const stream = new Stream(schemaOf(['dictionary']));
  const emit = (texts: string[]) => stream.emitAll(texts.map((a0) => ({ a0 })));
  emit(['a', 'b']);
  stream.commit();
  emit(['lost', 'b', 'ж']);
  stream.encoder.flush();
  stream.rollback();
  emit(['c', 'lost', 'a']);
  stream.commit();
  const { encoder, output } = stream.adopt();
  encoder.emit({ a0: 'ж' });
  encoder.emit({ a0: 'new' });
  encoder.flush();
  output.save(stream.committed);
  output.publish(stream.committed.head, stream.wakeWords);
  const read = stream.consumers[0].read() as Tuple[];
  assert.deepEqual(
    read.map(({ a0 }) => a0),
    ['a', 'b', 'c', 'lost', 'a', 'ж', 'new'],
  );
});

test('a writer that died between text and count leaves no entry', () => {
  const memory = allocateDictionary();
  const writer = new DictionaryWriter(memory);
  writer.idOf('whole');
  writer.idOf('half written');
  // As if the count of the second entry had not been stored.
  Atomics.store(new Int32Array(memory.index), 0, 1);
  const second = new DictionaryWriter(memory);
  assert.equal(second.idOf('whole'), 0);
  assert.equal(second.idOf('other'), 1);
  const reader = new DictionaryReader(memory);
  assert.equal(reader.get(1), 'other');
  assert.equal(reader.get(0), 'whole');
});
