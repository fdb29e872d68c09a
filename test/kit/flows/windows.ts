// Flows with windows of every kind: fed by a test, or generated in partitions, with times out of order and tuples that are late.

import {
  approxDistinct,
  collect,
  count,
  custom,
  distinct,
  first,
  last,
  max,
  mean,
  min,
  quantile,
  sum,
  topN,
} from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { count as countWindow, session, sliding, tumbling } from '../../../src/windows.ts';

export const ITEM = { key: t.string(), at: t.f64(), value: t.optional(t.f64()), n: t.u32() };

export interface Item {
  readonly key: string;
  readonly at: number;
  readonly value: number | null;
  readonly n: number;
}

export type WindowGiven =
  | { readonly kind: 'tumbling'; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly everyMs: number; readonly offsetMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }
  | { readonly kind: 'count'; readonly size: number; readonly every: number; readonly rest: boolean };

export interface GeneratedItems {
  readonly count: number;
  readonly partitions: number;
  readonly keys: number;
  readonly seed: number;
  /** By how much times of one partition go back at most. */
  readonly jitterMs: number;
  readonly ratePerSecond?: number;
  /** How many replicas read the partitions. */
  readonly replicas?: number;
}

export interface WindowParams {
  readonly window: WindowGiven;
  readonly how?: 'aggregate' | 'process';
  readonly emit?: 'close' | 'changes' | { readonly everyMs: number };
  readonly combine?: boolean;
  readonly combineMs?: number;
  readonly boundMs?: number;
  readonly allowedMs?: number;
  readonly parallelism?: number | { readonly start: number; readonly max: number };
  /** Pushed if it is left out. */
  readonly items?: GeneratedItems;
}

/** A number from 0 on, below `below`, that depends on two others. */
function drawn(seed: number, i: number, below: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1) ^ seed;
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) % below;
}

/** Item i: a time goes up with i, but for up to `jitterMs`. */
export const itemOf = (i: number, { keys, seed, jitterMs }: GeneratedItems): Item => ({
  key: `k${drawn(seed, i, keys)}`,
  at: i + jitterMs - drawn(seed + 1, i, jitterMs + 1),
  value: drawn(seed + 2, i, 7) === 0 ? null : drawn(seed + 3, i, 100) - 50,
  n: i,
});

const squares = custom({
  state: { total: t.f64() },
  type: t.f64(),
  add(state, { value }: Pick<Item, 'value'>) {
    state.total += (value ?? 0) ** 2;
  },
  merge(state, other) {
    state.total += other.total;
  },
  result: ({ total }) => total,
});

const AGGREGATES = {
  n: count(),
  total: sum('value'),
  average: mean('value'),
  least: min('value'),
  greatest: max('value'),
  earliest: first('n'),
  latest: last('n'),
  most: topN('n', 2),
  some: collect('n', 3),
  about: approxDistinct('value'),
  different: distinct('value'),
  middle: quantile('value', 0.5),
  squares,
};

/** The window, as a flow declares it. */
function windowOf(given: WindowGiven): never {
  const { kind, ...options } = given;
  const makers = { tumbling, sliding, session, count: countWindow };
  return makers[kind](options as never) as never;
}

/** Windows of items: their aggregates, or a text with the numbers of their items. Late items are an output. */
export const windowed = dataflow(import.meta.url, 'windowed', (flow, params: WindowParams) => {
  const { items, boundMs = 0, allowedMs = 0, parallelism = 1, how = 'aggregate', emit = 'close' } = params;
  const { combine = true, combineMs } = params;
  const source =
    items === undefined
      ? flow.source('items', push(ITEM))
      : flow.source(
          'items',
          generate(ITEM, (i) => itemOf(i, items), {
            count: items.count,
            partitions: items.partitions,
            ...(items.ratePerSecond !== undefined && { ratePerSecond: items.ratePerSecond }),
          }),
          { parallelism: items.replicas ?? 1 },
        );
  const timed = source.withEventTime('at', {
    outOfOrderMs: boundMs,
    allowedLatenessMs: allowedMs,
    maxAheadMs: Number.POSITIVE_INFINITY,
  });
  if (items !== undefined) timed.late.collect('late');
  const grouped = timed.keyBy('key').window(windowOf(params.window));
  if (how === 'process') {
    const output = { key: t.string(), start: t.f64(), end: t.f64(), ns: t.string() };
    return grouped
      .process(
        'results',
        { output },
        ({ key, start, end }, rows: readonly Item[], give) =>
          give({ key, start, end, ns: rows.map(({ n }) => n).join() }),
        { parallelism },
      )
      .collect('out');
  }
  const options = { parallelism, emit, combine, ...(combineMs !== undefined && { combineMs }) };
  return grouped.aggregate('results', AGGREGATES, options).collect('out');
});
