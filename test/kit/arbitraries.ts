// Goal: values of every field type for randomised tests, with the extreme ones likely.
// A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs all randomised tests with it.

import fc from 'fast-check';
import { Schema } from '../../src/mailbox/schema.ts';
import { shortOrLong } from './long-form.ts';
import { fieldOf, LITERALS, type SampleType } from './sample-fields.ts';

export { fieldOf, fieldTypes, keyTypes, type SampleType } from './sample-fields.ts';

const seed = process.env.MILLRACE_TEST_SEED;

/** Parameters of a randomised test of `inLongForm` runs: a third of them in the short form, whose cases are others each time. */
export function runs(inLongForm: number): { numRuns: number; seed?: number } {
  const numRuns = shortOrLong(Math.ceil(inLongForm / 3), inLongForm);
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}

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

const bigint = (min: bigint, max: bigint) =>
  fc.oneof(fc.constantFrom(min, max, 0n, 1n, max - 1n, 2n ** 32n, 2n ** 32n - 1n), fc.bigInt({ min, max }));
const anyDouble = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -0, 0, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE),
);
const u64 = bigint(0n, 2n ** 64n - 1n);
const words = fc.oneof(anyString, fc.constantFrom('car', 'bus', 'füße', 'поезд'));
const bytes = fc.uint8Array({ maxLength: 60 });
const orNull = (values: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) });

/** A value of each field type. */
export const valueArbitraries: Readonly<Record<SampleType, fc.Arbitrary<unknown>>> = {
  u8: integer(0, 255),
  i32: integer(-(2 ** 31), 2 ** 31 - 1),
  u32: integer(0, 2 ** 32 - 1),
  i64: bigint(-(2n ** 63n), 2n ** 63n - 1n),
  u64,
  f64: anyDouble,
  bool: fc.boolean(),
  timestamp: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, Date.now())),
  date: fc.date({ noInvalidDate: true }),
  string: anyString,
  dictionary: words,
  enum: fc.constantFrom(...LITERALS),
  bytes,
  json: jsonTree.filter((value) => value !== undefined),
  list: fc.array(anyDouble, { maxLength: 5 }),
  struct: fc.record(
    {
      at: fc.date({ noInvalidDate: true }),
      tags: fc.array(orNull(anyString), { maxLength: 3 }),
      n: orNull(bigint(-(2n ** 63n), 2n ** 63n - 1n)),
    },
    { noNullPrototype: true },
  ),
  optionalF64: orNull(anyDouble),
  optionalU64: orNull(u64),
  optionalString: orNull(anyString),
  optionalDictionary: orNull(words),
  optionalBytes: orNull(bytes),
  optionalList: orNull(fc.array(integer(0, 255), { maxLength: 5 })),
};

/** A schema of fields a0, a1, … of the given types. */
export const schemaOf = (types: readonly SampleType[]): Schema =>
  Schema.of(Object.fromEntries(types.map((type, i) => [`a${i}`, fieldOf(type)])), 'test');

/** Tuples of such a schema. */
export const tuplesOf = (types: readonly SampleType[], maxLength: number): fc.Arbitrary<Record<string, unknown>[]> =>
  fc.array(
    fc.record(Object.fromEntries(types.map((type, i) => [`a${i}`, valueArbitraries[type]])), { noNullPrototype: true }),
    {
      maxLength,
    },
  );
