// What must come out of a simulated flow: the same operators as plain loops over arrays.
// Promises: knows nothing of Millrace, nor of which operators share an actor: a tuple that fails is left out of the operator that
// it fails in.

import type { FlowCase, OperatorCase } from './case.ts';
import {
  advance,
  endTuple,
  gather,
  gatheredTuple,
  isKept,
  isPoison,
  isRemoved,
  type KeyState,
  type Numbered,
  partsOf,
  sideOf,
  sourceTuple,
} from './steps.ts';

/** Tuples that are left out: by the index of the operator (-1 for a source), key and number. */
export type LeftOut = (operator: number, tuple: Numbered) => boolean;

interface Row extends KeyState {
  readonly slots: Map<number, number>;
}

export interface Expected {
  /** By key, in order. */
  readonly output: ReadonlyMap<string, readonly Numbered[]>;
  /** By the index of the operator that forks: its second output, and how many tuples its third one gets. */
  readonly sides: ReadonlyMap<number, Side>;
  /** By the index of the operator, then by key. */
  readonly state: ReadonlyMap<number, ReadonlyMap<string, Row>>;
  /** Tuples that an operator must fail at, as by {@link LeftOut}. */
  readonly poison: readonly string[];
}

interface Side {
  readonly output: ReadonlyMap<string, readonly Numbered[]>;
  readonly unread: number;
}

export const leftOutName = (operator: number, { key, number }: Pick<Numbered, 'key' | 'number'>): string =>
  `${operator} ${key} ${number}`;

/** @param lengths tuples that each source has given */
export function expect(flow: FlowCase, lengths: readonly number[], isLeftOut: LeftOut): Expected {
  let streams = new Map<string, Numbered[]>();
  const state = new Map<number, Map<string, Row>>();
  const sides = new Map<number, Side>();
  const poison: string[] = [];
  lengths.forEach((length, source) => {
    for (let index = 0; index < length; index++) append(streams, sourceTuple(flow, source, index));
  });
  for (let index = -1; index < flow.operators.length; index++) {
    const operator = flow.operators[index];
    const rows = new Map<string, Row>();
    if (operator?.kind === 'process') state.set(index, rows);
    const next = new Map<string, Numbered[]>();
    for (const [key, tuples] of streams) {
      const gathered: Numbered[] = [];
      for (const tuple of tuples) {
        if (isLeftOut(index, tuple)) continue;
        if (operator !== undefined && isPoison(flow, index, tuple)) poison.push(leftOutName(index, tuple));
        else if (operator?.kind === 'aggregate') gathered.push(tuple);
        else for (const each of made(operator, tuple, rows)) append(next, each);
      }
      if (gathered.length > 0) {
        append(next, gatheredTuple(index, key, gathered.length, gathered.reduce(gather, 0)));
      }
      const row = rows.get(key);
      if (operator?.kind !== 'process' || !operator.atEnd || row === undefined) continue;
      const end = endTuple(index, key, row);
      if (!isLeftOut(index, end)) append(next, end);
    }
    if (operator?.kind === 'fork') sides.set(index, sideBy(operator.sideEvery, next));
    streams = next;
  }
  return { output: streams, sides, state, poison };
}

/** @param taken what an operator that forks has not failed at */
function sideBy(every: number, taken: ReadonlyMap<string, readonly Numbered[]>): Side {
  const all = [...taken.values()].flat();
  const output = new Map<string, Numbered[]>();
  for (const side of all.map((tuple) => sideOf(every, tuple))) if (side !== undefined) append(output, side);
  return { output, unread: all.length };
}

function append(streams: Map<string, Numbered[]>, tuple: Numbered): void {
  const tuples = streams.get(tuple.key);
  if (tuples === undefined) streams.set(tuple.key, [tuple]);
  else tuples.push(tuple);
}

/** What an operator makes of a tuple that does not fail; undefined for a source, which has made it. */
function made(operator: OperatorCase | undefined, tuple: Numbered, rows: Map<string, Row>): Iterable<Numbered> {
  if (operator === undefined || operator.kind === 'map' || operator.kind === 'fork') return [tuple];
  if (operator.kind === 'aggregate') return [tuple];
  if (operator.kind === 'filter') return isKept(operator.drop, tuple) ? [tuple] : [];
  if (operator.kind === 'flatMap') return partsOf(operator.parts, tuple);
  const row = rows.get(tuple.key) ?? { count: 0, digest: 0, last: '', slots: new Map<number, number>() };
  const { slots } = row;
  const cells = {
    get: (slot: number) => slots.get(slot) ?? 0,
    set: (slot: number, value: number) => void slots.set(slot, value),
    delete: (slot: number) => void slots.delete(slot),
  };
  const emitted = advance(operator, row, cells, tuple);
  if (isRemoved(operator, row)) rows.delete(tuple.key);
  else rows.set(tuple.key, row);
  return [emitted];
}
