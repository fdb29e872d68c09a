// The tuples of the micro-benchmarks: a few hundred of each kind, made beforehand, so that making them is nobody's cost.

import { Schema, type Shape, t } from './internals.ts';

/** Tuples of one call: a frame's worth, small enough for the caches. */
export const TUPLES = 500;

export type Tuple = Record<string, unknown>;

export interface TupleKind {
  readonly name: 'fixed' | 'string' | 'json';
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
}

const START_MS = 1_700_000_000_000;

function kind(name: TupleKind['name'], shape: Shape, make: (index: number) => Tuple): TupleKind {
  return { name, schema: Schema.of(shape, name), tuples: Array.from({ length: TUPLES }, (_, index) => make(index)) };
}

const keyOf = (index: number): number => (index * 2_654_435_761) % 2 ** 32;
/** 16 characters, as a flat string: cut from a text of its own. */
const textOf = (index: number): string => Buffer.from(`text-${String(index).padStart(11, '0')}`).toString('latin1');

export const kinds: readonly TupleKind[] = [
  kind('fixed', { key: t.u32(), ts: t.f64(), value: t.f64() }, (index) => ({
    key: keyOf(index),
    ts: START_MS + index / 64,
    value: index + 0.25,
  })),
  kind('string', { key: t.u32(), text: t.string() }, (index) => ({ key: keyOf(index), text: textOf(index) })),
  kind('json', { key: t.u32(), order: t.json<unknown>() }, (index) => ({
    key: keyOf(index),
    order: {
      id: index,
      customer: { name: textOf(index), city: 'Nantucket' },
      items: [1, 2, index],
      paid: index % 2 === 0,
    },
  })),
];
