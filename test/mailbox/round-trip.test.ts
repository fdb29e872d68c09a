// Goal: every value of every type comes out of a stream as it went in, in order, with its key's hash and text.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TextColumn } from '../../src/mailbox/decoder.ts';
import { isWide } from '../../src/mailbox/dictionary.ts';
import { combine32, mix32 } from '../../src/mailbox/hash.ts';
import { FrameKind } from '../../src/mailbox/ring.ts';
import { Schema, t } from '../../src/mailbox/schema.ts';
import {
  fieldTypes,
  keyTypes,
  runs,
  type SampleType,
  schemaOf,
  tuplesOf,
  valueArbitraries,
} from '../kit/arbitraries.ts';
import { hashOfKey, LITERALS } from '../kit/sample-fields.ts';
import { framesOf, Stream, type Tuple } from '../kit/stream.ts';

/** The number that a key's reader gives for a value. */
const rawOf = (type: SampleType, value: unknown): unknown => {
  if (type === 'enum') return LITERALS.indexOf(value as 'open');
  return typeof value === 'boolean' || value instanceof Date ? Number(value) : value;
};

for (const type of fieldTypes) {
  test(`${type} values come out as they went in`, () => {
    fc.assert(
      fc.property(tuplesOf([type], 70), (tuples) => {
        const stream = new Stream(schemaOf([type]));
        stream.emitAll(tuples);
        stream.commit();
        assert.deepStrictEqual(stream.readToEnd(), tuples);
      }),
      runs(150),
    );
  });
}

test('tuples of mixed schemas come out as they went in, over several commits and a small ring', () => {
  const types = fc.array(fc.constantFrom(...fieldTypes), { minLength: 1, maxLength: 8 });
  const input = types.chain((list) => fc.tuple(fc.constant(list), fc.array(tuplesOf(list, 30), { maxLength: 4 })));
  fc.assert(
    fc.property(input, fc.integer(), ([list, batches], start) => {
      const stream = new Stream(schemaOf(list), { ringBytes: 1 << 15, start });
      const read: Tuple[] = [];
      for (const batch of batches) {
        stream.emitAll(batch);
        stream.commit();
        read.push(...stream.readToEnd());
      }
      assert.deepStrictEqual(read, batches.flat());
    }),
    runs(150),
  );
});

test('hash columns, raw numbers and text columns agree with the values', () => {
  const types = fc.tuple(fc.constantFrom(...keyTypes), fc.constantFrom(...keyTypes));
  const input = types.chain((pair) => fc.tuple(fc.constant(pair), tuplesOf(pair, 40)));
  fc.assert(
    fc.property(input, ([types, tuples]) => {
      // Three hash columns: an odd number of rows must not move the later ones.
      const stream = new Stream(schemaOf(types), { keys: [[0, 1], [1], [0]] });
      stream.emitAll(tuples);
      stream.commit();
      const [consumer] = stream.consumers;
      const { decoder } = consumer;
      const labels = stream.schema.fields.map(({ codec }) => codec.label);
      consumer.read(Number.POSITIVE_INFINITY, (row, tuple) => {
        const expected = combine32(hashOfKey(labels[0], tuple.a0), hashOfKey(labels[1], tuple.a1));
        assert.equal(decoder.hashAt(row), expected);
        types.forEach((type, i) => {
          const value = tuple[`a${i}`];
          const reader = decoder.keyAt[i];
          if (typeof reader === 'function') {
            assert.ok(Object.is(reader(row), rawOf(type, value)));
            return;
          }
          if (type !== 'string' && type !== 'dictionary') return;
          const column = reader as TextColumn;
          column.seek(row);
          const bytes = Buffer.from(column.bytes().slice(column.start(), column.end()));
          assert.equal(bytes.toString(column.wide() ? 'utf16le' : 'latin1'), value);
        });
      });
    }),
    runs(150),
  );
});

test('a later hash column is found behind odd row counts', () => {
  for (const rows of [1, 2, 3, 7]) {
    const stream = new Stream(schemaOf(['u32', 'u32']), { keys: [[1], [0]] });
    for (let i = 0; i < rows; i++) stream.encoder.emit({ a0: i, a1: i + 100 });
    stream.commit();
    const seen: number[] = [];
    stream.consumers[0].read(rows, (row) => seen.push(stream.consumers[0].decoder.hashAt(row)));
    assert.deepEqual(
      seen,
      Array.from({ length: rows }, (_, i) => mix32(i + 100)),
    );
  }
});

test('bytes are copied at emit and at decode', () => {
  const stream = new Stream(schemaOf(['bytes']));
  const bytes = new Uint8Array([1, 2, 3]);
  stream.encoder.emit({ a0: bytes });
  bytes.fill(9);
  stream.encoder.emit({ a0: bytes.subarray(1, 2) });
  stream.commit();
  const [first, second] = stream.consumers[0].read() as { a0: Uint8Array }[];
  stream.ring.data.u8.fill(77);
  assert.deepEqual([...first.a0], [1, 2, 3]);
  assert.deepEqual([...second.a0], [9]);
  assert.ok(first.a0.buffer instanceof ArrayBuffer);
});

test('two json fields of one tuple keep their own values, however long', () => {
  const stream = new Stream(schemaOf(['json', 'json']), { ringBytes: 1 << 20 });
  const tuples = Array.from({ length: 200 }, (_, i) => ({
    a0: { i, text: 'x'.repeat(i * 20) },
    a1: [i, { deep: new Map([['k', 'y'.repeat(i * 7)]]) }],
  }));
  stream.emitAll(tuples);
  stream.commit();
  assert.deepStrictEqual(stream.readToEnd(), tuples);
});

test('json keeps cycles and shared references', () => {
  const stream = new Stream(schemaOf(['json']));
  const node: Record<string, unknown> = { name: 'root' };
  node.self = node;
  stream.encoder.emit({ a0: node });
  stream.commit();
  const [{ a0 }] = stream.consumers[0].read() as { a0: Record<string, unknown> }[];
  assert.equal(a0.self, a0);
});

test('json keeps lone surrogates at any depth and length, U+FFFD and pairs', () => {
  const stream = new Stream(schemaOf(['json']));
  const texts = ['\ud800', `${'x'.repeat(100)}\udc00${'y'.repeat(100)}`, 'ab\udbffcd', '\ufffd', '😀'.repeat(50)];
  const values: unknown[] = texts.flatMap<unknown>((text) => [
    text,
    [text],
    { a: { b: text } },
    { [text]: 1 },
    new Map([[text, 1]]),
    new Map([[1, text]]),
    new Set([text]),
    new Error(text),
    [[[[text]]]],
  ]);
  values.push('한국'.repeat(40), [new Uint8Array([0xed, 0xa0, 0x80, 0xef, 0xbf, 0xbd])]);
  for (const value of values) stream.encoder.emit({ a0: value });
  stream.commit();
  assert.deepStrictEqual(
    stream.readToEnd(),
    values.map((a0) => ({ a0 })),
  );
});

test('tuples are plain objects of Object.prototype with the fields in order', () => {
  const stream = new Stream(Schema.of({ b: t.u8(), a: t.string() }, 'test'));
  stream.encoder.emit({ a: 'x', b: 1 });
  stream.commit();
  const [tuple] = stream.consumers[0].read();
  assert.equal(Object.getPrototypeOf(tuple), Object.prototype);
  assert.deepEqual(Object.keys(tuple), ['b', 'a']);
});

test('one wide string makes its frame UTF-16 and changes no other', () => {
  const stream = new Stream(schemaOf(['string']));
  const tuples = ['plain', 'ÿ', '', '中', 'after', '\ud800'].map((a0) => ({ a0 }));
  stream.emitAll(tuples);
  stream.commit();
  assert.deepStrictEqual(stream.readToEnd(), tuples);
});

test('isWide is true exactly if a character needs two bytes', () => {
  for (let unit = 0; unit <= 0xffff; unit++) assert.equal(isWide(String.fromCharCode(unit)), unit > 0xff);
  assert.equal(isWide(''), false);
});

test('frames are bounded: in rows, and to half of the ring in words', () => {
  const types = fc.array(fc.constantFrom(...fieldTypes), { minLength: 1, maxLength: 12 });
  const input = types.chain((list) => fc.tuple(fc.constant(list), tuplesOf(list, 60)));
  fc.assert(
    fc.property(input, fc.integer({ min: 0, max: 3 }), ([list, tuples], dictionaryEntries) => {
      const keys = list.flatMap((type, i) => (keyTypes.includes(type) ? [[i]] : []));
      const stream = new Stream(schemaOf(list), {
        ringBytes: 4096,
        keys,
        dictionaryEntries: dictionaryEntries + 1,
        readers: 0,
      });
      const kept = tuples.filter((tuple) => {
        try {
          stream.encoder.emit(tuple);
          return true;
        } catch (error) {
          assert.equal((error as { code: string }).code, 'TUPLE_TOO_LARGE');
          return false;
        }
      });
      stream.encoder.flush();
      assert.equal(stream.encoder.emitted(), kept.length);
    }),
    runs(200),
  );
});

test('many small fields never make a frame that its ring can hold never', () => {
  const tuple = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, value]));
  const fields = (count: number, type: SampleType) => schemaOf(Array.from({ length: count }, () => type));
  for (const [count, type, value] of [
    [80, 'string', 'abcdefgh'],
    [250, 'f64', 1],
    [40, 'dictionary', 'some text'],
  ] as const) {
    const stream = new Stream(fields(count, type), { ringBytes: 4096, dictionaryEntries: 1 });
    for (let i = 0; i < 40; i++) stream.encoder.emit(tuple(count, value));
    stream.commit();
    assert.equal(stream.readToEnd().length, 40);
  }
  assert.throws(() => new Stream(fields(256, 'f64'), { ringBytes: 4096 }), { code: 'TUPLE_TOO_LARGE' });
});

test('full frames hold FRAME_ROWS_MAX rows', () => {
  const stream = new Stream(schemaOf(['u32']), { ringBytes: 1 << 20 });
  for (let i = 0; i < 10_000; i++) stream.encoder.emit({ a0: i });
  stream.commit();
  assert.deepEqual(
    framesOf(stream.ring, 0).map(({ kind, rows }) => [kind, rows]),
    [
      [FrameKind.data, 4096],
      [FrameKind.data, 4096],
      [FrameKind.data, 1808],
    ],
  );
});

test('the generator makes every type', () => {
  assert.deepEqual(Object.keys(valueArbitraries).sort(), [...fieldTypes].sort());
});
