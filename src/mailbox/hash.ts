// The one hash of keys, and the one mapping from hash to key group: routing and state use these and nothing else
// (SEEP's code split routing and state by two formulas that diverged on the third split).
// Promises: 32 well-mixed bits; a string hashes by its UTF-16 code units, whichever encoding carries it.

export const KEY_GROUPS = 256;

/** The key group of a hash: its top 8 bits, 0 to 255. */
export const keyGroupOf = (hash: number): number => hash >>> 24;

/** The same as source text for generated code. */
export const keyGroupCode = (hash: string): string => `(${hash} >>> 24)`;

/** Mixes 32 bits so that each input bit reaches each output bit (the finaliser of MurmurHash3). */
export function mix32(bits: number): number {
  let h = bits | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The hash of two hashes in order: for keys of several fields and for the halves of a double. */
export function combine32(first: number, second: number): number {
  return mix32(Math.imul(first, 0x9e3779b1) ^ (second + 0x7f4a7c15));
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** The hash of a number as f64. NaN is one value, and -0 is 0. */
export function hashDouble(value: number): number {
  double[0] = value === 0 ? 0 : Number.isNaN(value) ? Number.NaN : value;
  return combine32(halves[0], halves[1]);
}

const STRING_SEED = 0x811c9dc5 | 0;
const STRING_PRIME = 0x01000193;

/** The hash of a string's code units (FNV-1a, then mixed). */
export function hashString(value: string): number {
  let h = STRING_SEED;
  for (let i = 0; i < value.length; i++) h = Math.imul(h ^ value.charCodeAt(i), STRING_PRIME);
  return mix32(h);
}

/** The same as {@link hashString}, for latin1 bytes from `start` to `end`. */
export function hashLatin1(bytes: Uint8Array, start: number, end: number): number {
  let h = STRING_SEED;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i], STRING_PRIME);
  return mix32(h);
}

/** The same as {@link hashString}, for little-endian UTF-16 bytes from `start` to `end`. */
export function hashUtf16(bytes: Uint8Array, start: number, end: number): number {
  let h = STRING_SEED;
  for (let i = start; i < end; i += 2) h = Math.imul(h ^ (bytes[i] | (bytes[i + 1] << 8)), STRING_PRIME);
  return mix32(h);
}
