// The part of the chaos flow that aggregates: a source of several partitions, a map behind it, and results of each key.
// Promises: tuples of a key come from all partitions, and are combined on each thread that reads some. Source and aggregate change
// replicas (shifts.ts), and the map obeys orders, in the middle of a long batch.

import { count, custom, distinct, max, min, sum, topN } from '../../src/aggregates.ts';
import { type FlowBuilder, type OutputHandle, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { type DrillPort, When } from './drill-words.ts';
import type { SumSettings } from './plan.ts';
import { ELASTIC } from './shifts.ts';
import { SUM_PARTITIONS, SUM_TOP, type Summand, type SumRow, summand } from './sums.ts';

const SUMMAND = { key: t.string(), id: t.u32(), sort: t.u8(), weight: t.u32() };

const none = (): number[] => new Array<number>(SUM_PARTITIONS).fill(0);

/** How many tuples of each partition a key has had. */
const made = custom({
  state: { counts: t.json<number[] | null>() },
  type: t.json<number[]>(),
  add(state, { id }: { id: number }) {
    state.counts ??= none();
    state.counts[id % SUM_PARTITIONS]++;
  },
  merge(state, other) {
    const counts = state.counts ?? none();
    state.counts = counts.map((count, partition) => count + (other.counts?.[partition] ?? 0));
  },
  result: ({ counts }) => counts ?? none(),
});

export function addSums(
  flow: FlowBuilder,
  { ratePerSecond, emit, combineMs }: SumSettings,
  weigh: DrillPort,
  supervision: { readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one'; readonly intensity: number },
): OutputHandle<'summed', SumRow> {
  const make = (id: number): Summand => ({ ...summand(id), weight: 0 });
  return flow
    .source('summands', generate(SUMMAND, make, { ratePerSecond, partitions: SUM_PARTITIONS }), {
      parallelism: { max: ELASTIC.summands, start: 2 },
      supervision,
    })
    .map('weigh', SUMMAND, (tuple) => {
      weigh.obey(tuple.id, When.before);
      return { ...tuple, weight: summand(tuple.id).weight };
    })
    .keyBy('key')
    .aggregate(
      'sums',
      {
        tuples: count(),
        weights: sum('weight'),
        exact: sum('weight', { exact: true }),
        least: min('id'),
        greatest: max('id'),
        sorts: distinct('sort'),
        top: topN('id', SUM_TOP),
        made,
      },
      { parallelism: { max: ELASTIC.sums, start: 1 }, emit, combineMs, supervision },
    )
    .collect('summed');
}
