// Goal: values of every field type for randomised tests, with the extreme ones likely.
// A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs all randomised tests with it.

import fc from 'fast-check';
import { type Field, type FieldType, Schema, t } from '../../src/mailbox/schema.ts';

const seed = process.env.MILLRACE_TEST_SEED;

/** Parameters of a randomised test of `numRuns` runs. */
export const runs = (numRuns: number): { numRuns: number; seed?: number } =>
  seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };

const codeUnit = (min: number, max: number) => fc.integer({ min, max }).map((unit) => String.fromCharCode(unit));
const latin1 = fc.string({ unit: codeUnit(0, 0xff), maxLength: 40 });
const utf16 = fc.string({ unit: codeUnit(0, 0xffff), maxLength: 40 });

/** Latin1 and UTF-16 mixed, lone surrogates, empty and long ones. */
export const anyString: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: latin1 },
  { weight: 3, arbitrary: utf16 },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'a', 'ÿ', 'Ā', '\u0000', '\ud800', '\udc00x', 'abcdefghijkl', 'abcdefghijklm'),
  },
  { weight: 1, arbitrary: fc.tuple(latin1, fc.integer({ min: 50, max: 90 })).map(([text, n]) => text.repeat(n)) },
);

const integer = (min: number, max: number) =>
  fc.oneof(fc.constantFrom(min, max, 0, 1, max - 1), fc.integer({ min, max }));

const jsonLeaf = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.oneof({ weight: 5, arbitrary: fc.string({ maxLength: 9 }) }, { weight: 1, arbitrary: fc.constant('a\ud800') }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, undefined, '', '\ufffd'.repeat(40), new Date(0)),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.float64Array({ maxLength: 5 }),
  fc.int16Array({ maxLength: 5 }),
);

export const jsonTree = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    jsonLeaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('tree'), { maxKeys: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string({ maxLength: 4 }), fc.integer()), tie('tree')), { maxLength: 3 })
      .map((e) => new Map(e)),
    fc.array(fc.oneof(fc.string({ maxLength: 4 }), fc.integer()), { maxLength: 3 }).map((e) => new Set(e)),
  ),
})).tree;

/** A value of each field type. */
export const valueArbitraries: Readonly<Record<FieldType, fc.Arbitrary<unknown>>> = {
  u8: integer(0, 255),
  i32: integer(-(2 ** 31), 2 ** 31 - 1),
  u32: integer(0, 2 ** 32 - 1),
  f64: fc.oneof(
    fc.double(),
    fc.constantFrom(Number.NaN, -0, 0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE),
  ),
  bool: fc.boolean(),
  timestamp: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, Date.now())),
  string: anyString,
  dictionary: fc.oneof(anyString, fc.constantFrom('car', 'bus', 'füße', 'поезд')),
  bytes: fc.uint8Array({ maxLength: 60 }),
  json: jsonTree.filter((value) => value !== undefined),
};

export const fieldTypes = Object.keys(t) as FieldType[];
export const keyTypes = fieldTypes.filter((type) => type !== 'bytes' && type !== 'json');

/** A field of a type known at run time only. */
export const fieldOf = (type: FieldType): Field<unknown> => t[type]();

/** A schema of fields a0, a1, … of the given types. */
export const schemaOf = (types: readonly FieldType[]): Schema =>
  Schema.of(Object.fromEntries(types.map((type, i) => [`a${i}`, fieldOf(type)])), 'test');

/** Tuples of such a schema. */
export const tuplesOf = (types: readonly FieldType[], maxLength: number): fc.Arbitrary<Record<string, unknown>[]> =>
  fc.array(
    fc.record(Object.fromEntries(types.map((type, i) => [`a${i}`, valueArbitraries[type]])), { noNullPrototype: true }),
    {
      maxLength,
    },
  );
