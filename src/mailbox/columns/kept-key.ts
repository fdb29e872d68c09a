// Keys on a thread's own heap: the forms that several types share.
// Promises: two values are one key here exactly if they are in state: NaN is one key, and -0 is the key 0.

import { type Id, type KeptKey, keyLane, type LaneClass } from './codec.ts';

type Stored = (v: string, id: Id) => string;

const AS_IT_IS: Stored = (v) => v;
const NOTHING = (): string => '';
const elementOf = (k: number): string => `${keyLane(k)}[e]`;

/** A key of one lane, whose words tell all values apart. */
const exactKey = (lane: LaneClass, words: KeptKey['words'], stored: Stored = AS_IT_IS): KeptKey => ({
  words,
  isExact: () => 'true',
  lanes: [lane],
  declare: NOTHING,
  equal: () => 'true',
  store: (v, k, id) => `${elementOf(k)} = ${stored(v, id)};`,
  clear: NOTHING,
  value: elementOf,
});

/** A key of integers of at most 32 bits. */
export const keptInteger = (lane: LaneClass): KeptKey => exactKey(lane, (v, k) => `const a${k} = ${v} | 0, b${k} = 0;`);

/**
 * A key that is kept as its value.
 * @param words two expressions that tell its values apart
 */
export const keptValue = (words: KeptKey['words']): KeptKey => ({
  ...exactKey('Array', words),
  clear: (k) => `${keyLane(k)}.fill(null);`,
});

/**
 * A key of doubles.
 * @param stored the number of a value
 * @param made the value of a number
 */
export const keptDouble = (stored: Stored = AS_IT_IS, made: Stored = AS_IT_IS): KeptKey => ({
  ...exactKey(
    'Float64Array',
    (v, k, id) => `const d${k} = ${stored(v, id)};
double[0] = d${k} === 0 ? 0 : d${k} !== d${k} ? NaN : d${k};
const a${k} = halves[0], b${k} = halves[1];`,
    (v, id) => `${stored(v, id)} + 0`,
  ),
  value: (k, id) => made(elementOf(k), id),
});

/** Characters of a text that its words can hold, if they are latin1; the length stands above them. */
const CHARACTERS_MAX = 7;
const LONG = (CHARACTERS_MAX + 1) << 24;

/**
 * A key of text. The words of a short one are its characters; a longer one is hashed, and its characters stand beside those of
 * others, where they are compared without a look at a string. Its string has memory of its own: a part of a longer one would keep
 * the whole of it alive.
 */
export const keptText: KeptKey = {
  words: (v, k) => `const length${k} = ${v}.length;
let a${k} = 0, b${k} = 0, wide${k} = 0;
if (length${k} <= ${CHARACTERS_MAX}) {
let at = 0;
for (; at < length${k} && at < 4; at++) { const c = ${v}.charCodeAt(at); wide${k} |= c; a${k} |= c << (8 * at); }
for (; at < length${k}; at++) { const c = ${v}.charCodeAt(at); wide${k} |= c; b${k} |= c << (8 * (at - 4)); }
b${k} |= length${k} << 24;
}
if (length${k} > ${CHARACTERS_MAX} || wide${k} > 255) { a${k} = hashCharacters(${v}); b${k} = ${LONG}; }`,
  isExact: (k) => `b${k} !== ${LONG}`,
  lanes: ['Array', 'Int32Array'],
  declare: (k) => `const texts${k} = new Texts();`,
  equal: (v, k) => `isText(texts${k}.characters, ${keyLane(k, 1)}[e], ${v})`,
  store: (v, k) => `${elementOf(k)} = ownText(${v}); ${keyLane(k, 1)}[e] = texts${k}.add(${v});`,
  clear: (k) => `${keyLane(k)}.fill(null); texts${k}.clear();`,
  value: elementOf,
};

/** The words of null: those of other values may be the same. */
const NULL_WORDS = [0x2f6e2b1d, 0x71a4c3];

/** The key null beside those of another type. */
export const keptOptional = (inner: KeptKey, innerId: (id: Id) => Id): KeptKey => {
  const given = inner.lanes.length;
  const isGiven = (k: number): string => `${keyLane(k, given)}[e] === 1`;
  return {
    ...inner,
    words: (v, k) => `let a${k} = ${NULL_WORDS[0]}, b${k} = ${NULL_WORDS[1]};
if (${v} !== null) { innerWords${k}(${v}); a${k} = inner${k}[0]; b${k} = inner${k}[1]; }`,
    isExact: () => 'false',
    lanes: [...inner.lanes, 'Uint8Array'],
    declare: (k, id) => `${inner.declare(k, innerId(id))}
const inner${k} = new Int32Array(2);
function innerWords${k}(v) { ${inner.words('v', k, innerId(id))} inner${k}[0] = a${k}; inner${k}[1] = b${k}; }`,
    equal: (v, k) => `(${isGiven(k)} ? ${v} !== null && ${inner.equal(v, k)} : ${v} === null)`,
    store: (v, k, id) => `if (${v} === null) ${keyLane(k, given)}[e] = 0;
else { ${keyLane(k, given)}[e] = 1; ${inner.store(v, k, innerId(id))} }`,
    value: (k, id) => `(${isGiven(k)} ? ${inner.value(k, innerId(id))} : null)`,
  };
};
