// Goal: a bad tuple is a typed error that names operator, field and value, and leaves nothing of itself behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MillraceError } from '../../src/errors.ts';
import { Schema, t } from '../../src/mailbox/schema.ts';
import { fieldTypes, type SampleType, schemaOf } from '../kit/arbitraries.ts';
import { Stream } from '../kit/stream.ts';

const GOOD: Readonly<Record<SampleType, unknown>> = {
  u8: 7,
  i32: -7,
  u32: 7,
  f64: 0.5,
  bool: true,
  timestamp: 1e12,
  string: 'text',
  dictionary: 'entry',
  bytes: new Uint8Array([1, 2]),
  json: { a: [1] },
  i64: -(2n ** 63n),
  u64: 2n ** 64n - 1n,
  date: new Date(1e12),
  enum: 'closed',
  optionalF64: null,
  optionalU64: 7n,
  optionalString: null,
  optionalDictionary: 'entry',
  optionalBytes: null,
  list: [0.5],
  struct: { at: new Date(1), tags: [null, 'a'], n: -1n },
  optionalList: null,
};

const notANumber: unknown[] = [
  '5',
  null,
  undefined,
  true,
  {},
  [5],
  5n,
  Symbol('five'),
  () => 5,
  new Number(5),
  { valueOf: () => 5 },
];
const notFinite = [Number.NaN, Infinity, -Infinity];
const notAString: unknown[] = [5, null, undefined, true, {}, [], 5n, Symbol('text'), new String('text')];
const notABigint: unknown[] = [
  '5',
  null,
  undefined,
  true,
  {},
  5,
  0.5,
  Symbol('five'),
  Object(5n),
  { valueOf: () => 5n },
];
const withoutNull = (values: readonly unknown[]): unknown[] => values.filter((value) => value !== null);
const noU64 = [...notABigint, -1n, 2n ** 64n, -(2n ** 70n)];
const notBytes = ['text', [1], undefined, new Int8Array(1), new ArrayBuffer(2), new DataView(new ArrayBuffer(1)), {}];
const BAD: Readonly<Record<SampleType, readonly unknown[]>> = {
  u8: [...notANumber, ...notFinite, -1, 256, 0.5, 2 ** 32],
  i32: [...notANumber, ...notFinite, 2 ** 31, -(2 ** 31) - 1, 0.5, 2 ** 53],
  u32: [...notANumber, ...notFinite, -1, 2 ** 32, 0.5, 2 ** 53],
  f64: notANumber,
  bool: [0, 1, 'true', null, undefined, {}, 1n, Symbol('true')],
  timestamp: [...notANumber, ...notFinite, new Date()],
  string: notAString,
  dictionary: notAString,
  bytes: [...notBytes, null],
  i64: [...notABigint, 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 80n],
  u64: noU64,
  date: [0, '2026-01-01', null, undefined, new Date(Number.NaN), Object.create(Date.prototype), {}, 5n, Symbol('now')],
  enum: [...notAString, 'Open', 'open ', '0', 'toString', '__proto__'],
  optionalF64: withoutNull(notANumber),
  optionalU64: withoutNull(noU64),
  optionalString: withoutNull(notAString),
  optionalDictionary: withoutNull(notAString),
  optionalBytes: notBytes,
  list: [undefined, null, {}, 'a', new Set([1]), new Float64Array(1)],
  struct: [undefined, null, [], 'a', 5],
  optionalList: [undefined, {}, 'a', 5n],
  json: [undefined, () => 1, Symbol('json'), { deep: [Symbol('json')] }, new (class Point {})()],
};

for (const type of fieldTypes) {
  test(`bad ${type} values are refused, and good ones around them kept`, () => {
    // Columns of each sort before and behind the bad one: none may keep half a tuple.
    const types: SampleType[] = ['string', 'bytes', 'dictionary', 'json', type, 'u32', 'string', 'bytes', 'json'];
    const good = Object.fromEntries(types.map((each, i) => [`a${i}`, GOOD[each]]));
    for (const value of BAD[type]) {
      const stream = new Stream(schemaOf(types), { keys: [[0, 2]] });
      stream.encoder.emit(good);
      assert.throws(
        () => stream.encoder.emit({ ...good, a4: value }),
        (error) => {
          assert.ok(error instanceof MillraceError, String(error));
          assert.equal(error.code, 'BAD_VALUE');
          assert.equal(error.details.operator, 'test');
          assert.equal(error.details.field, 'a4');
          assert.match(error.message, /field 'a4' of operator 'test'/);
          if (typeof value === 'number') assert.ok(Object.is(error.details.value, value));
          return true;
        },
      );
      stream.encoder.emit(good);
      assert.equal(stream.encoder.emitted(), 2);
      stream.commit();
      assert.deepStrictEqual(stream.readToEnd(), [good, good]);
    }
  });
}

test('what is no object is refused as a tuple', () => {
  const stream = new Stream(Schema.of({ length: t.u32() }, 'test'));
  const emit = stream.encoder.emit as (value: unknown) => void;
  for (const value of [null, undefined, 5, 'abc', '', true, Symbol('x'), 5n, () => 1]) {
    assert.throws(() => emit(value), { code: 'BAD_VALUE', message: /a tuple is an object/ });
  }
  assert.equal(stream.encoder.emitted(), 0);
});

test('an unknown field is refused with the known ones', () => {
  const stream = new Stream(schemaOf(['u32', 'string']));
  stream.encoder.emit({ a0: 1, a1: 'x' });
  assert.throws(() => stream.encoder.emit({ a0: 1, a1: 'x', word: 2 }), {
    code: 'UNKNOWN_FIELD',
    message: /'test' emitted a tuple with the field 'word'.*'a0', 'a1'/,
  });
  stream.encoder.emit({ a0: 2, a1: 'y' });
  stream.commit();
  assert.deepEqual(stream.readToEnd(), [
    { a0: 1, a1: 'x' },
    { a0: 2, a1: 'y' },
  ]);
});

test('the first tuple of each frame is checked for unknown fields, also in a loop that only emits', () => {
  const stream = new Stream(schemaOf(['u32']), { ringBytes: 1 << 20 });
  for (let i = 0; i < 4096; i++) stream.encoder.emit({ a0: i });
  assert.throws(() => stream.encoder.emit({ a0: 1, extra: 1 }), { code: 'UNKNOWN_FIELD' });
  stream.commit();
  assert.equal(stream.readToEnd().length, 4096);
});

test('a getter that throws leaves nothing behind', () => {
  const stream = new Stream(schemaOf(['string', 'u32']));
  stream.encoder.emit({ a0: 'one', a1: 1 });
  const tuple = {
    a0: 'two',
    get a1(): number {
      throw new Error('no value');
    },
  };
  assert.throws(() => stream.encoder.emit(tuple), /no value/);
  stream.encoder.emit({ a0: 'three', a1: 3 });
  stream.commit();
  assert.deepEqual(stream.readToEnd(), [
    { a0: 'one', a1: 1 },
    { a0: 'three', a1: 3 },
  ]);
});

test('a tuple larger than half of the ring is TUPLE_TOO_LARGE, one that just fits is not', () => {
  const ringBytes = 1 << 14;
  const cases: [SampleType, (bytes: number) => unknown][] = [
    ['string', (bytes) => 'x'.repeat(bytes)],
    ['string', (bytes) => 'ж'.repeat(bytes >> 1)],
    ['bytes', (bytes) => new Uint8Array(bytes)],
    ['json', (bytes) => 'x'.repeat(bytes - 3)],
    ['json', (bytes) => 'é'.repeat((bytes - 3) >> 1)],
    ['dictionary', (bytes) => 'x'.repeat(bytes)],
  ];
  for (const [type, make] of cases) {
    // A dictionary that is full: its strings stand in the frame.
    const stream = new Stream(schemaOf([type, 'u32']), { ringBytes, dictionaryEntries: 1 });
    stream.encoder.emit({ a0: type === 'bytes' ? new Uint8Array(1) : 'first', a1: 0 });
    const half = ringBytes / 2;
    const fits = { a0: make(half - 80), a1: 1 };
    stream.encoder.emit(fits);
    assert.throws(
      () => stream.encoder.emit({ a0: make(half), a1: 2 }),
      (error) => {
        assert.ok(error instanceof MillraceError);
        assert.equal(error.code, 'TUPLE_TOO_LARGE');
        assert.equal(error.details.operator, 'test');
        assert.equal(error.details.ringBytes, ringBytes);
        assert.ok((error.details.tupleBytes as number) > half);
        return true;
      },
    );
    stream.encoder.emit({ a0: type === 'bytes' ? new Uint8Array(2) : 'last', a1: 3 });
    stream.commit();
    const read = stream.readToEnd();
    assert.deepEqual(
      read.map(({ a1 }) => a1),
      [0, 1, 3],
    );
    assert.deepEqual(read[1], fits);
  }
});

test('a dictionary entry that is already known does not count towards the size of a tuple', () => {
  const stream = new Stream(schemaOf(['dictionary', 'string']), { ringBytes: 1 << 14 });
  const long = 'x'.repeat(7000);
  stream.encoder.emit({ a0: long, a1: '' });
  const tuple = { a0: long, a1: 'y'.repeat(7000) };
  stream.encoder.emit(tuple);
  stream.commit();
  assert.deepEqual(stream.readToEnd()[1], tuple);
});

test('a mix of long latin1 and UTF-16 fields passes up to the limit, in any order', () => {
  const stream = new Stream(schemaOf(['string', 'string', 'bytes']), { ringBytes: 1 << 14 });
  const tuples = [
    { a0: 'x'.repeat(6000), a1: 'ж'.repeat(500), a2: new Uint8Array(900) },
    { a0: '', a1: '', a2: new Uint8Array(0) },
    { a0: 'ж'.repeat(3900), a1: 'y', a2: new Uint8Array(1) },
    { a0: 'z', a1: 'x'.repeat(7900), a2: new Uint8Array(0) },
  ];
  stream.emitAll(tuples);
  stream.commit();
  assert.deepStrictEqual(stream.readToEnd(), tuples);
});
