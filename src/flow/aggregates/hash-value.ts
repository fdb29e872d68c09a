// Two hashes of a value, for sketches.
// Promises: values that are one key have the same hashes: NaN is one value, -0 is 0, a date is its time.

import { mix32 } from '../../mailbox/hash.ts';

const double = new Float64Array(1);
const doubleHalves = new Int32Array(double.buffer);
const long = new BigInt64Array(1);
const longHalves = new Int32Array(long.buffer);

/** What the last call of {@link hashValue} has found. */
export const hashes = new Int32Array(2);

function hashWords(first: number, second: number): void {
  hashes[0] = mix32(Math.imul(first, 0x9e3779b1) ^ mix32(second ^ 0x7f4a7c15));
  hashes[1] = mix32(Math.imul(second, 0x85ebca6b) ^ mix32(first + 0x165667b1));
}

function hashText(text: string): void {
  let first = text.length;
  let second = ~text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    first = Math.imul(first ^ unit, 0x9e3779b1);
    first ^= first >>> 15;
    second = Math.imul(second ^ unit, 0x85ebca6b);
    second ^= second >>> 13;
  }
  hashWords(first, second);
}

/** Hashes a value of a type that can be a key into {@link hashes}. */
export function hashValue(value: unknown): void {
  if (typeof value === 'string') hashText(value);
  else if (typeof value === 'bigint') {
    long[0] = BigInt.asIntN(64, value);
    hashWords(longHalves[0], longHalves[1]);
  } else {
    const number = Number(value);
    double[0] = number === 0 ? 0 : Number.isNaN(number) ? Number.NaN : number;
    hashWords(doubleHalves[0], doubleHalves[1]);
  }
}
