// Goal: a json value comes back deeply and strictly equal, or is refused with the reason as it is emitted: nothing is changed in
// silence. docs/schemas.md has this table.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packJson, unpackJson } from '../../src/mailbox/json.ts';
import { ARRAY_NAMES_MAX, JSON_DEPTH_MAX } from '../../src/mailbox/json-plain.ts';
import { Schema, t } from '../../src/mailbox/schema.ts';
import { jsonTree } from '../kit/arbitraries.ts';
import { Stream } from '../kit/stream.ts';

const roundTrip = (value: unknown) => unpackJson(packJson(value));
/** As JSON.parse makes them: names that an object literal would not define. */
const parsed = (text: string): unknown => JSON.parse(text);
const nested = (levels: number) => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
};
const withProperties = <Value extends object>(value: Value, properties: object): Value =>
  Object.assign(value, properties);
const bare = (properties: object) => Object.assign(Object.create(null) as object, properties);

class Point {
  x = 1;
}

const kept: Readonly<Record<string, unknown>> = {
  'texts, numbers, booleans, null': {
    a: ['x', '', 1, -1, 2 ** 53, 1e21, 0.1, 2 ** 32, -(2 ** 31) - 1, true, false, null],
  },
  '-1 alone': -1,
  '-0': [-0, { a: -0 }, new Map([[1, -0]])],
  'NaN and the infinities': [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  'undefined in objects and arrays': { a: undefined, b: [undefined, 1, undefined] },
  holes: [withProperties(new Array(3), { 0: 1, 2: 3 }), new Array(3), withProperties(new Array(1), { 0: undefined })],
  'an array with properties': withProperties([1, 2], { index: 0, groups: undefined }),
  'the match of a regular expression': /(?<year>\d+)-(\d+)/.exec('on 2026-11'),
  bigints: [0n, -5n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n), 2n ** 65n, -(10n ** 100n)],
  dates: [new Date(0), new Date(-1500), new Date(1_700_000_000_123), new Date(8.64e15)],
  'maps and sets': new Map<unknown, unknown>([
    [{ key: 1 }, new Set([1, 'a', { b: 2 }])],
    [new Map(), new Set()],
  ]),
  'typed arrays': [
    new Uint8Array([1, 2]),
    new Int8Array([-1]),
    new Uint8ClampedArray([3]),
    new Int16Array([-2]),
    new Uint16Array([4]),
    new Int32Array([-5]),
    new Uint32Array([6]),
    new Float32Array([0.5]),
    new Float64Array([Math.PI, -0]),
    new BigInt64Array([-7n]),
    new BigUint64Array([8n]),
  ],
  'buffers and views': [Buffer.from('text'), new ArrayBuffer(5), new DataView(new ArrayBuffer(3))],
  'a view of a part': new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  'regular expressions': /a\/b/giu,
  errors: [new Error('a'), new TypeError('b'), new RangeError(''), new SyntaxError('c')],
  'errors with properties and causes': withProperties(
    new Error('e', { cause: new TypeError('t', { cause: { n: -0 } }) }),
    {
      code: 'ENOENT',
      errno: -2,
      name: 'TypeError',
    },
  ),
  __proto__: parsed('{"a":1,"__proto__":{"polluted":true},"b":{"__proto__":null}}'),
  'names of methods': {
    constructor: 'c',
    toString: 't',
    valueOf: 1,
    hasOwnProperty: 2,
    toJSON: 3,
    '': 5,
    'a b': 6,
  },
  'constructor and toJSON at once': { constructor: null, toJSON: true },
  'constructor.prototype': parsed('{"constructor":{"prototype":{"polluted":true}}}'),
  'names that are numbers': { 1: 'a', '-1': 'b', '01': 'c', 4294967295: 'd' },
  'lone surrogates in names and values': { '\ud800': '\udfff', a: ['x\ud83d', '😀'] },
  'objects without a prototype': [bare({ a: 1, b: bare({}) }), new Map([[1, bare({ __proto__: 5 })]])],
  'as deep as may be': nested(JSON_DEPTH_MAX),
  'as deep as may be, and cloned': [nested(JSON_DEPTH_MAX - 1), -0],
  'long texts and arrays': ['x'.repeat(70_000), Array.from({ length: 70_000 }, (_, i) => i * 1.5)],
};

for (const [name, value] of Object.entries(kept)) {
  test(`json keeps ${name}`, () => {
    const before = structuredCloneOf(value);
    const found = roundTrip(value);
    assert.deepStrictEqual(found, value);
    assert.deepStrictEqual(value, before, 'the value itself is left alone');
    // Between others of its frame, which a clone must not refer to.
    const stream = new Stream(Schema.of({ a0: t.json() }, 'test'), { ringBytes: 1 << 23 });
    stream.emitAll([{ a0: [] }, { a0: value }, { a0: {} }]);
    stream.commit();
    const tuples = stream.readToEnd();
    stream.ring.data.u8.fill(77);
    assert.deepStrictEqual(tuples, [{ a0: [] }, { a0: value }, { a0: {} }]);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
}

/** A copy that shares no code with what is tested; deepStrictEqual sees no more than this keeps. */
const structuredCloneOf = (value: unknown): unknown => {
  try {
    const copy: unknown = structuredClone(value);
    assert.deepStrictEqual(copy, value);
    return copy;
  } catch {
    // Some of what is kept here, structuredClone does not keep.
    return value;
  }
};

const named = Symbol('named');
const refused: Readonly<Record<string, readonly [value: unknown, reason: RegExp]>> = {
  functions: [{ a: [() => 1] }, /holds a function/],
  'methods, toJSON among them': [{ a: 1, toJSON: () => 5 }, /holds a function/],
  symbols: [[named], /holds a symbol/],
  'names that are symbols': [{ a: { [named]: 1 } }, /named by a symbol/],
  'instances of classes': [{ at: [new Point()] }, /instance of Point/],
  'instances of classes without a name': [new (class {})(), /a class without a name/],
  'what inherits from an object': [Object.create({ a: 1 }), /instance of Object/],
  'arrays, maps and errors of subclasses': [[new (class List extends Array {})()], /instance of List/],
  'errors of subclasses': [new (class MyError extends Error {})('x'), /instance of MyError/],
  'aggregate errors': [new AggregateError([new Error('a')]), /instance of AggregateError/],
  'boxed primitives': [[Object(5)], /instance of Number/],
  'maps with properties': [withProperties(new Map(), { a: 1 }), /Map with a property of its own \('a'\)/],
  'dates with properties': [withProperties(new Date(0), { a: 1 }), /Date with a property/],
  'a search under way': [withProperties(/a/g, { lastIndex: 3 }), /lastIndex/],
  'weak maps, promises, shared memory': [[new WeakMap()], /instance of WeakMap/],
  promises: [{ a: Promise.resolve(1) }, /instance of Promise/],
  'shared memory': [new SharedArrayBuffer(8), /instance of SharedArrayBuffer/],
  'what a property of an error holds': [withProperties(new Error('x'), { request: new Point() }), /instance of Point/],
  'what a map holds': [new Map([[new Point(), 1]]), /instance of Point/],
  'what is nested too deep': [nested(JSON_DEPTH_MAX + 1), /more than 1000 levels/],
  'what is nested far too deep': [nested(100_000), /more than 1000 levels/],
};

for (const [name, [value, reason]] of Object.entries(refused)) {
  test(`json refuses ${name}`, () => {
    const stream = new Stream(Schema.of({ a0: t.json() }, 'test'));
    assert.throws(
      () => stream.encoder.emit({ a0: value }),
      (error: Error & { code?: string }) => error.code === 'BAD_VALUE' && reason.test(error.message),
    );
  });
}

test('what refers to one object still does, and cycles stay cycles, plain or cloned', () => {
  for (const zero of [0, -0]) {
    const shared = { zero };
    const value: Record<string, unknown> = { shared, again: [shared], map: new Map([[shared, shared]]) };
    value.self = value;
    const found = roundTrip(value) as { shared: object; again: object[]; self: object; map: Map<object, object> };
    assert.deepStrictEqual(found, value);
    assert.equal(found.self, found);
    assert.equal(found.again[0], found.shared);
    assert.equal(found.map.get(found.shared), found.shared);
  }
});

test('a value that is shared at every level is looked at in bounded time', () => {
  let value: unknown = { end: 1 };
  for (let i = 0; i < 100; i++) value = [value, value];
  let found = roundTrip(value) as unknown[];
  for (let i = 0; i < 100; i++) {
    assert.equal(found[0], found[1]);
    found = found[0] as unknown[];
  }
  assert.deepStrictEqual(found, { end: 1 });
});

test('an invalid date stays one', () => {
  const [found] = roundTrip([new Date(Number.NaN)]) as [Date];
  assert.ok(found instanceof Date && Number.isNaN(found.getTime()));
});

test('properties beside the elements of an array are seen up to a length', () => {
  const short = withProperties(new Array(ARRAY_NAMES_MAX).fill(1), { name: 'x' });
  assert.deepStrictEqual(roundTrip(short), short);
  const long = withProperties(new Array(ARRAY_NAMES_MAX + 1).fill(1), { name: 'x' });
  assert.equal((roundTrip(long) as { name?: string }).name, undefined);
});

test('any value comes back equal', () => {
  fc.assert(
    fc.property(jsonTree, (value) => {
      assert.deepStrictEqual(roundTrip(value), value);
    }),
    { numRuns: 500 },
  );
});

test('any object that JSON.parse or fast-check can think of comes back equal', () => {
  // Without dates: an invalid one in a set is not equal to itself.
  const anything = fc.anything({
    withBigInt: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toJSON', 'toString', 'valueOf', '0')),
  });
  fc.assert(
    fc.property(anything, (value) => {
      assert.deepStrictEqual(roundTrip(value), value);
    }),
    { numRuns: 1000 },
  );
});
