// Goal: one hash for routing and state, spread evenly over all 256 key groups (faults 5, 6 and 7 of SEEP's code).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  combine32,
  hashDouble,
  hashLatin1,
  hashString,
  hashUtf16,
  KEY_GROUPS,
  keyGroupOf,
  mix32,
} from '../../src/mailbox/hash.ts';
import { anyString, runs } from '../kit/arbitraries.ts';
import { hashOfKey } from '../kit/sample-fields.ts';

const KEYS = 100_000;
/** Chi-square of 255 degrees of freedom: mean 255, deviation 23; six deviations. */
const CHI_SQUARE_MAX = 255 + 6 * 23;

function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

const words = ['alpha', 'beta', 'gamma', 'delta', 'road', 'street', 'ünder', 'Ωmega'];
const sequences: Readonly<Record<string, (i: number) => number>> = {
  'sequential u32': (i) => mix32(i),
  'sequential negative i32': (i) => mix32(-i),
  'multiples of 256': (i) => mix32(i * 256),
  'multiples of 32768': (i) => mix32(i << 15),
  'the high end of u32': (i) => mix32(2 ** 32 - 1 - i),
  'sequential integers as f64': (i) => hashDouble(i),
  'fractions as f64': (i) => hashDouble(i / 1000),
  'sequential i64': (i) => hashOfKey('i64', BigInt(i - 50_000)),
  'u64 that differ in the high half': (i) => hashOfKey('u64', BigInt(i) << 40n),
  'u64 made of time and number': (i) =>
    hashOfKey('u64', (BigInt(1_700_000_000_000 + (i >>> 7)) << 20n) | BigInt(i & 127)),
  'large f64': (i) => hashDouble(1e15 + i),
  timestamps: (i) => hashDouble(1_700_000_000_000 + i * 1000),
  'numbered strings': (i) => hashString(`user-${i}`),
  digits: (i) => hashString(String(i)),
  'strings with the number in front': (i) => hashString(`${i}/user`),
  'words with numbers': (i) => hashString(`${words[i % words.length]}${i}`),
  'single UTF-16 characters and pairs': (i) => hashString(String.fromCharCode(i & 0xffff, i >>> 16)),
  'pairs of a grid': (i) => combine32(mix32(i % 300), mix32(Math.floor(i / 300))),
  'pairs of string and number': (i) => combine32(hashString(words[i % words.length]), mix32(i >>> 3)),
};

for (const [name, hash] of Object.entries(sequences)) {
  test(`${name} spread over all groups, and over the slots within a group`, () => {
    const groups = new Array<number>(KEY_GROUPS).fill(0);
    const slots = new Array<number>(KEY_GROUPS).fill(0);
    const ofGroup = new Array<number>(16).fill(0);
    for (let i = 0; i < KEYS; i++) {
      const h = hash(i);
      groups[keyGroupOf(h)]++;
      slots[h & 255]++;
      if (keyGroupOf(h) < 16) ofGroup[h & 15]++;
    }
    assert.ok(
      groups.every((count) => count > 0),
      'every group is reached, 0 and 255 included',
    );
    for (const counts of [groups, slots])
      assert.ok(chiSquare(counts) < CHI_SQUARE_MAX, `chi-square ${chiSquare(counts)}`);
    assert.ok(chiSquare(ofGroup) < 15 + 6 * 5.5, `chi-square within groups ${chiSquare(ofGroup)}`);
  });
}

test('a hash is 32 bits and its group one of 256, at the ends too', () => {
  assert.equal(keyGroupOf(0), 0);
  assert.equal(keyGroupOf(-1), 255);
  assert.equal(keyGroupOf(0x00ffffff), 0);
  assert.equal(keyGroupOf(0x80000000 | 0), 128);
  fc.assert(
    fc.property(fc.integer(), fc.double(), anyString, (i, d, s) => {
      for (const hash of [mix32(i), hashDouble(d), hashString(s), combine32(mix32(i), hashString(s))]) {
        assert.equal(hash, hash | 0);
        assert.ok(keyGroupOf(hash) >= 0 && keyGroupOf(hash) < KEY_GROUPS);
      }
    }),
    runs(1000),
  );
});

test('mix32 is a bijection as far as a million keys show', () => {
  const seen = new Set<number>();
  for (let i = 0; i < 1_000_000; i++) seen.add(mix32(i * 4099));
  assert.equal(seen.size, 1_000_000);
});

test('a string hashes by its code units, whichever encoding carries it', () => {
  fc.assert(
    fc.property(anyString, fc.integer({ min: 0, max: 9 }), (text, offset) => {
      const utf16 = Buffer.concat([Buffer.alloc(offset), Buffer.from(text, 'utf16le')]);
      assert.equal(hashUtf16(utf16, offset, utf16.length), hashString(text));
      if (/[\u0100-\uffff]/.test(text)) return;
      const latin1 = Buffer.concat([Buffer.alloc(offset), Buffer.from(text, 'latin1')]);
      assert.equal(hashLatin1(latin1, offset, latin1.length), hashString(text));
    }),
    runs(2000),
  );
});

test('as keys, NaN is one value and -0 is 0', () => {
  const otherNan = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0];
  assert.equal(hashDouble(otherNan), hashDouble(Number.NaN));
  assert.equal(hashDouble(-0), hashDouble(0));
  assert.notEqual(hashDouble(0), hashDouble(1));
});

test('the order of a pair counts', () => {
  let equal = 0;
  for (let i = 0; i < 1000; i++) if (combine32(mix32(i), mix32(i + 1)) === combine32(mix32(i + 1), mix32(i))) equal++;
  assert.ok(equal <= 1);
});
