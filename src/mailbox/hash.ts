// The one hash of keys, and the one mapping from hash to key group: routing and state use these and nothing else
// (SEEP's code split routing and state by two formulas that diverged on the third split).
// Promises: 32 well-mixed bits; a string hashes by its UTF-16 code units, whichever encoding carries it.

export const KEY_GROUPS = 256;

/** The key group of a hash: its top 8 bits, 0 to 255. */
export const keyGroupOf = (hash: number): number => hash >>> 24;

/** The same as source text for generated code. */
export const keyGroupCode = (hash: string): string => `(${hash} >>> 24)`;

/** Source text of the key group of a tuple that has no key, by its place in a ring. */
export const positionGroupCode = (place: string): string => `(Math.imul(${place}, 0x9e3779b1) >>> 24)`;

/** The same for whoever looks at single tuples. */
export const positionGroupOf = (place: number): number => Math.imul(place, 0x9e3779b1) >>> 24;

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

/** Source text of the hash of a key, of those of its fields. A key without fields is one for all tuples. */
export const keyHashCode = (hashes: readonly string[]): string =>
  hashes.length === 0 ? '0' : hashes.reduce((first, second) => `combine32(${first}, ${second})`);

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** The hash of a number as f64. NaN is one value, and -0 is 0. */
export function hashDouble(value: number): number {
  double[0] = value === 0 ? 0 : Number.isNaN(value) ? Number.NaN : value;
  return combine32(halves[0], halves[1]);
}

const LATIN1_SEED = 0x811c9dc5 | 0;
const WIDE_SEED = 0x2545f491;
const STRING_PRIME = 0x9e3779b1;

/** Takes in 32 bits of text. The shift keeps a difference in the top bits from being cancelled by the next word. */
function addText(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, STRING_PRIME);
  return h ^ (h >>> 15);
}

/**
 * The hash of a string by its code units, whichever encoding carries it: four at a time if all of them are below 256, else
 * two at a time.
 */
export function hashString(value: string): number {
  const { length } = value;
  for (let i = 0; i < length; i++) if (value.charCodeAt(i) > 0xff) return hashWideString(value);
  let h = LATIN1_SEED ^ length;
  for (let i = 0; i < length; i += 4) {
    let word = value.charCodeAt(i);
    for (let k = 1; k < 4 && i + k < length; k++) word |= value.charCodeAt(i + k) << (8 * k);
    h = addText(h, word);
  }
  return mix32(h);
}

function hashWideString(value: string): number {
  const { length } = value;
  let h = WIDE_SEED ^ length;
  for (let i = 0; i < length; i += 2) {
    h = addText(h, value.charCodeAt(i) | (i + 1 < length ? value.charCodeAt(i + 1) << 16 : 0));
  }
  return mix32(h);
}

/** The same as {@link hashString}, for latin1 bytes from `start` to `end`. */
export function hashLatin1(bytes: Uint8Array, start: number, end: number): number {
  let h = LATIN1_SEED ^ (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    h = addText(h, bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
  }
  if (i < end) {
    let word = bytes[i];
    if (i + 1 < end) word |= bytes[i + 1] << 8;
    if (i + 2 < end) word |= bytes[i + 2] << 16;
    h = addText(h, word);
  }
  return mix32(h);
}

/** The same as {@link hashString}, for little-endian UTF-16 bytes from `start` to `end`. */
export function hashUtf16(bytes: Uint8Array, start: number, end: number): number {
  let isWide = false;
  for (let i = start + 1; i < end; i += 2) if (bytes[i] !== 0) isWide = true;
  const length = (end - start) >>> 1;
  let h = (isWide ? WIDE_SEED : LATIN1_SEED) ^ length;
  if (isWide) {
    for (let i = start; i < end; i += 4) {
      const second = i + 2 < end ? bytes[i + 2] | (bytes[i + 3] << 8) : 0;
      h = addText(h, bytes[i] | (bytes[i + 1] << 8) | (second << 16));
    }
  } else {
    for (let i = start; i < end; i += 8) {
      let word = bytes[i];
      for (let k = 1; k < 4 && i + 2 * k < end; k++) word |= bytes[i + 2 * k] << (8 * k);
      h = addText(h, word);
    }
  }
  return mix32(h);
}
