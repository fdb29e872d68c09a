// Keys of one number: an Int32 cell, or the two of a double.
// Promises: NaN is one key, and -0 is the key 0; keys are hashed alike wherever they come from.
// Relies on: hash.ts; a double's cells are even (row-layout.ts).

import { hashDouble, mix32 } from '../hash.ts';
import type { Id, KeyCodec } from './codec.ts';
import { NO_CODE, NO_CONSTANTS } from './codec.ts';
import { keptDouble, keptInteger, keptValue } from './kept-key.ts';
import { DOUBLES, type Elements, elementOf } from './number-column.ts';

const AS_IT_IS = (v: string): string => v;

/** What differs between types whose keys are alike: the number that stands for a value. */
export interface KeyNumber {
  /** As the table stores it. */
  readonly stored?: (v: string, id: Id) => string;
  /** As it is hashed, if that takes another form. */
  readonly hashed?: (v: string, id: Id) => string;
  /** The value that a stored number stands for. */
  readonly made?: (number: string, id: Id) => string;
}

/** A key whose values are integers of at most 32 bits, kept in a column of `elements`. */
export function integerKey(elements: Elements, { stored = AS_IT_IS, hashed = AS_IT_IS }: KeyNumber = {}): KeyCodec {
  return {
    isCached: false,
    parameters: (id) => `k${id}`,
    canonical: NO_CODE,
    equal: (cell, id) => `i32[p + ${cell}] === (k${id} | 0)`,
    store: (cell, id) => `i32[p + ${cell}] = k${id};`,
    constants: NO_CONSTANTS,
    prepare: NO_CODE,
    ofValue: stored,
    hashOfValue: (v, id) => `mix32(${hashed(v, id)})`,
    hashOfRow: (id) => `mix32(c${id}[r])`,
    reader: (id) => `(i) => ${elementOf(elements, id)}`,
    seek: NO_CODE,
    ofReader: (reader) => `${reader}(i)`,
    hashOfReader: (reader) => `mix32(${reader}(i))`,
    hashOfCells: ({ i32 }, at) => mix32(i32[at]),
    areSame: ({ i32 }, at, other) => i32[at] === i32[other],
    own:
      stored === AS_IT_IS
        ? keptInteger(elements.array)
        : keptValue((v, k, id) => `const a${k} = ${stored(v, id)} | 0, b${k} = 0;`),
  };
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** A key whose values are kept in a column of doubles. */
export function doubleKey({ stored = AS_IT_IS, made }: KeyNumber = {}): KeyCodec {
  return {
    isCached: false,
    parameters: (id) => `k${id}`,
    canonical: (id) =>
      `double[0] = k${id} === 0 ? 0 : k${id} !== k${id} ? NaN : k${id}; const low${id} = halves[0], high${id} = halves[1];`,
    equal: (cell, id) => `i32[p + ${cell}] === low${id} && i32[p + ${cell + 1}] === high${id}`,
    store: (cell, id) => `i32[p + ${cell}] = low${id}; i32[p + ${cell + 1}] = high${id};`,
    constants: () => ({ double, halves }),
    prepare: NO_CODE,
    ofValue: stored,
    hashOfValue: (v, id) => `hashDouble(${stored(v, id)})`,
    hashOfRow: (id) => `hashDouble(c${id}[r])`,
    reader: (id) => `(i) => ${elementOf(DOUBLES, id)}`,
    seek: NO_CODE,
    ofReader: (reader) => `${reader}(i)`,
    hashOfReader: (reader) => `hashDouble(${reader}(i))`,
    hashOfCells: ({ f64 }, at) => hashDouble(f64[at >> 1]),
    areSame: ({ i32 }, at, other) => i32[at] === i32[other] && i32[at + 1] === i32[other + 1],
    own: keptDouble(stored, made),
  };
}
