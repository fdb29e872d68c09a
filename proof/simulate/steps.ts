// What the operators of a simulated flow do with a tuple, once: for the flow, and for the loop that says what must come out.
// Promises: each result depends on the tuple and the state alone; a tuple lost, doubled or out of order changes the digest of
// every tuple of its key behind it.

import type { FlowCase, OperatorCase } from './case.ts';

export interface Numbered {
  readonly key: string;
  /** Among the tuples of its key, ascending; from END_FIRST on one that a key has left at its end. */
  readonly number: number;
  readonly digest: number;
  readonly text: string;
}

/** Numbers of what keys leave at the end: this, and the index of the operator. */
export const END_FIRST = 0xffff0000;

const isEnd = (number: number): boolean => number >= END_FIRST;
export const mix = (digest: number, value: number): number => (Math.imul(digest ^ value, 0x9e3779b1) + 1) >>> 0;

/** Tuple `index` of a source. */
export function sourceTuple({ sources, textBytes }: FlowCase, source: number, index: number): Numbered {
  const { keys } = sources[source];
  return {
    key: `${source}-${index % keys}`,
    number: Math.floor(index / keys),
    digest: mix(source, index),
    text: 'x'.repeat(textBytes === 0 ? 0 : mix(index, source) % textBytes),
  };
}

/** True if an operator throws at a tuple. */
export function isPoison({ poisonEvery, seed }: FlowCase, operator: number, { key, number }: Numbered): boolean {
  if (poisonEvery === 0 || isEnd(number)) return false;
  const hash = mix(mix(mix(seed, operator), number), key.charCodeAt(0) * 100 + key.charCodeAt(key.length - 1));
  return (hash >>> 8) % poisonEvery === 0;
}

/** True if a filter lets a tuple through. */
export const isKept = (drop: number, { number }: Numbered): boolean => isEnd(number) || number % 5 >= drop;

/** The parts of a tuple. */
export function* partsOf(parts: number, tuple: Numbered): Generator<Numbered> {
  if (isEnd(tuple.number)) yield tuple;
  else
    for (let part = 0; part < parts; part++)
      yield { ...tuple, number: tuple.number * parts + part, digest: mix(tuple.digest, part) };
}

/** What an operator that forks puts into its second output because of a tuple; undefined for nothing. */
export const sideOf = (every: number, tuple: Numbered): Numbered | undefined =>
  tuple.number % every === 0 ? { ...tuple, digest: mix(tuple.digest, every) } : undefined;

/** The state of one key. */
export interface KeyState {
  count: number;
  digest: number;
  last: string;
}

/** The rows of one key that a tuple goes to. */
export interface KeyTable {
  get(slot: number): number;
  set(slot: number, value: number): void;
  delete(slot: number): void;
}

type ProcessCase = Extract<OperatorCase, { kind: 'process' }>;

const SLOTS = 5;

/** Changes the state by a tuple; returns what is emitted. */
export function advance(operator: ProcessCase, state: KeyState, table: KeyTable, tuple: Numbered): Numbered {
  const { number } = tuple;
  state.count += 1;
  state.digest = mix(state.digest, mix(tuple.digest, number));
  state.last = `${state.last}${number % 10}`.slice(-20);
  if (operator.withTable) {
    const slot = number % SLOTS;
    state.digest = mix(state.digest, table.get(slot));
    table.set(slot, number);
    if (number % 13 === 0) table.delete((number + 1) % SLOTS);
  }
  return { ...tuple, digest: mix(state.digest, state.last.length) };
}

export const isRemoved = ({ life }: ProcessCase, { count }: KeyState): boolean => life > 0 && count >= life;

/** What a key leaves at the end. */
export const endTuple = (operator: number, key: string, { digest }: KeyState): Numbered => ({
  key,
  number: END_FIRST + operator,
  digest,
  text: '',
});

/** The digest of tuples in any order, with one more. */
export const gather = (digest: number, tuple: Numbered): number => (digest + mix(tuple.digest, tuple.number)) >>> 0;

/** What an aggregate gives of a key. */
export const gatheredTuple = (operator: number, key: string, tuples: number, digest: number): Numbered => ({
  key,
  number: END_FIRST + operator,
  digest: mix(digest, tuples),
  text: '',
});
