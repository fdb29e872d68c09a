// What must come out of a simulated flow: the same operators as plain loops over arrays.
// Promises: knows nothing of Millrace but which operators share an actor, since a tuple that fails in one is left out of all.

import { type FlowCase, replicasMax } from './case.ts';
import {
  advance,
  endTuple,
  isKept,
  isPoison,
  isRemoved,
  type KeyState,
  type Numbered,
  partsOf,
  sourceTuple,
} from './steps.ts';

/** Tuples that are left out: by the index of the operator that begins the actor (-1 for a source), key and number. */
export type LeftOut = (chain: number, tuple: Numbered) => boolean;

interface Row extends KeyState {
  readonly slots: Map<number, number>;
}

export interface Expected {
  /** By key, in order. */
  readonly output: ReadonlyMap<string, readonly Numbered[]>;
  /** By the index of the operator, then by key. */
  readonly state: ReadonlyMap<number, ReadonlyMap<string, Row>>;
  /** Tuples that an operator must fail at, as by {@link LeftOut}. */
  readonly poison: readonly string[];
}

export const leftOutName = (chain: number, { key, number }: Pick<Numbered, 'key' | 'number'>): string =>
  `${chain} ${key} ${number}`;

type Chain = readonly number[];

/** Operators by actor; the sources' chain first, with its operators, if there are any. */
export function chainsOf({ sources, operators }: FlowCase): Chain[] {
  const isFirstFused = sources.length === 1 && sources[0].kind !== 'push';
  const chains: number[][] = [[-1]];
  operators.forEach((operator, index) => {
    const before = chains[chains.length - 1];
    const begins =
      operator.kind === 'process' ||
      !operator.fuse ||
      (operator.kind === 'map' && replicasMax(operator.parallelism) > 1) ||
      (before[0] === -1 && !isFirstFused);
    if (begins) chains.push([index]);
    else before.push(index);
  });
  return chains;
}

/** @param lengths tuples that each source has given */
export function expect(flow: FlowCase, lengths: readonly number[], isLeftOut: LeftOut): Expected {
  let streams = new Map<string, Numbered[]>();
  const state = new Map<number, Map<string, Row>>();
  const poison: string[] = [];
  lengths.forEach((length, source) => {
    for (let index = 0; index < length; index++) append(streams, sourceTuple(flow, source, index));
  });
  for (const [head, ...rest] of chainsOf(flow)) {
    const operator = flow.operators[head];
    const rows = new Map<string, Row>();
    if (operator?.kind === 'process') state.set(head, rows);
    const next = new Map<string, Numbered[]>();
    for (const [key, tuples] of streams) {
      for (const tuple of tuples) {
        if (isLeftOut(head, tuple)) continue;
        const made = throughAll(flow, head === -1 ? rest : [head, ...rest], [tuple], rows);
        if (made === undefined) poison.push(leftOutName(head, tuple));
        else for (const each of made) append(next, each);
      }
      const row = rows.get(key);
      if (operator?.kind !== 'process' || !operator.atEnd || row === undefined) continue;
      const end = endTuple(head, key, row);
      if (isLeftOut(head, end)) continue;
      for (const each of throughAll(flow, rest, [end], rows) ?? []) append(next, each);
    }
    streams = next;
  }
  return { output: streams, state, poison };
}

function append(streams: Map<string, Numbered[]>, tuple: Numbered): void {
  const tuples = streams.get(tuple.key);
  if (tuples === undefined) streams.set(tuple.key, [tuple]);
  else tuples.push(tuple);
}

/** What operators of one actor make of tuples; undefined, with nothing changed, if one of them throws. */
function throughAll(
  flow: FlowCase,
  chain: readonly number[],
  tuples: readonly Numbered[],
  rows: Map<string, Row>,
): readonly Numbered[] | undefined {
  let now = tuples;
  let changed: Row | undefined;
  for (const index of chain) {
    const made: Numbered[] = [];
    for (const tuple of now) {
      if (isPoison(flow, index, tuple)) return undefined;
      const operator = flow.operators[index];
      if (operator.kind === 'map') made.push(tuple);
      else if (operator.kind === 'filter') {
        if (isKept(operator.drop, tuple)) made.push(tuple);
      } else if (operator.kind === 'flatMap') made.push(...partsOf(operator.parts, tuple));
      else {
        const row = rows.get(tuple.key) ?? { count: 0, digest: 0, last: '', slots: new Map() };
        changed = { ...row, slots: new Map(row.slots) };
        const { slots } = changed;
        const cells = {
          get: (slot: number) => slots.get(slot) ?? 0,
          set: (slot: number, value: number) => void slots.set(slot, value),
          delete: (slot: number) => void slots.delete(slot),
        };
        made.push(advance(operator, changed, cells, tuple));
      }
    }
    now = made;
  }
  const [head] = chain;
  const operator = flow.operators[head];
  if (changed !== undefined && operator.kind === 'process') {
    const { key } = tuples[0];
    if (isRemoved(operator, changed)) rows.delete(key);
    else rows.set(key, changed);
  }
  return now;
}
