// Keys on a thread's own heap: the forms that several types share.
// Promises: two values are one key here exactly if they are in state: NaN is one key, and -0 is the key 0.

import type { Id, KeptKey } from './codec.ts';

const AS_IT_IS = (value: string): string => value;

/** A key that is kept as its value: of a primitive type without NaN. */
export const keptValue: KeptKey = {
  lane: 'Array',
  sought: AS_IT_IS,
  equal: (element, sought) => `${element} === ${sought}`,
  kept: AS_IT_IS,
  value: AS_IT_IS,
};

/** A key of integers of at most 32 bits. */
export const keptInteger = (lane: KeptKey['lane']): KeptKey => ({ ...keptValue, lane });

/**
 * A key of doubles.
 * @param stored the number of a value
 * @param made the value of a number
 */
export const keptDouble = (
  stored: (v: string, id: Id) => string = AS_IT_IS,
  made: (number: string, id: Id) => string = AS_IT_IS,
): KeptKey => ({
  lane: 'Float64Array',
  // -0 + 0 is 0.
  sought: (v, id) => `${stored(v, id)} + 0`,
  equal: (element, sought) => `(${element} === ${sought} || (${sought} !== ${sought} && ${element} !== ${element}))`,
  kept: AS_IT_IS,
  value: made,
});

/** A key of text. What is kept is a copy: a part of a longer string would keep the whole of it alive. */
export const keptText: KeptKey = { ...keptValue, kept: (sought) => `ownText(${sought})` };

/** From this length on V8 makes a part of a string that refers to the whole. */
const SLICE_LENGTH_MIN = 13;

/** The same text in memory of its own. */
export function ownText(text: string): string {
  if (text.length < SLICE_LENGTH_MIN) return text;
  const bytes = Buffer.from(text, 'utf16le');
  return bytes.ucs2Slice(0, bytes.length);
}

/** The key null beside those of another type. */
export const keptOptional = ({ sought, equal, kept, value }: KeptKey, inner: (id: Id) => Id): KeptKey => ({
  lane: 'Array',
  sought: (v, id) => `(${v} === null ? null : ${sought(v, inner(id))})`,
  equal: (element, wanted) => `(${element} === null ? ${wanted} === null : ${wanted} !== null && ${equal(element, wanted)})`,
  kept: (wanted) => `(${wanted} === null ? null : ${kept(wanted)})`,
  value: (element, id) => `(${element} === null ? null : ${value(element, inner(id))})`,
});
