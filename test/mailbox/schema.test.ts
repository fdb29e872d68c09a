// Goal: a schema is valid or refused with a clear error, and never changes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS_MAX, Schema, type Shape, t } from '../../src/mailbox/schema.ts';

const refuses = (shape: unknown, text: RegExp): void => {
  assert.throws(
    () => Schema.of(shape as Shape, "operator 'split'"),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'BAD_SCHEMA');
      assert.match(error.message, /operator 'split'/);
      assert.match(error.message, text);
      return true;
    },
  );
};

test('a shape that is no object of fields is refused', () => {
  for (const shape of [null, undefined, 5, 'word']) refuses(shape, /must be an object of fields/);
  refuses({}, /has no field/);
  refuses([], /has no field/);
});

test('a field name that is no identifier is refused', () => {
  for (const name of ['', 'a b', '1a', 'a-b', 'ä', 'a;b', 'constructor', 'prototype', 'x\n', "']"]) {
    refuses({ [name]: t.u8() }, /cannot be a field's name/);
  }
  refuses(JSON.parse('{"__proto__":{"type":"u8"}}'), /cannot be a field's name/);
});

test('a field without a known type is refused', () => {
  for (const field of [undefined, null, {}, { type: 'u16' }, { type: 'toString' }, t.u8, 'u8']) {
    refuses({ a: field }, /field 'a' has no known type/);
  }
});

test('a schema has at most FIELDS_MAX fields', () => {
  const shape = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, t.u8()]));
  assert.equal(Schema.of(shape(FIELDS_MAX), 'test').fields.length, FIELDS_MAX);
  refuses(shape(FIELDS_MAX + 1), /at most 256/);
});

test('reserved words and names of Object.prototype are field names like others', () => {
  const schema = Schema.of({ class: t.u8(), toString: t.string(), $_: t.bool(), get: t.u8() }, 'test');
  assert.deepEqual(schema.names, ['class', 'toString', '$_', 'get']);
  assert.equal(schema.indexOf('$_'), 2);
  assert.equal(schema.indexOf('missing'), -1);
});

test('schemas are equal if their fields are, in order', () => {
  const of = (shape: Shape) => Schema.of(shape, 'test');
  assert.ok(of({ a: t.u8(), b: t.string() }).equals(of({ a: t.u8(), b: t.string() })));
  assert.ok(!of({ a: t.u8(), b: t.string() }).equals(of({ b: t.string(), a: t.u8() })));
  assert.ok(!of({ a: t.u8() }).equals(of({ a: t.i32() })));
});
