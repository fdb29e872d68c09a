// The flow of the `aggregate-*` results of the `keyed-count` suite: a source of two partitions, and count and sum of each key, which each
// of its replicas combines before they travel.

import { count, sum } from '../../src/aggregates.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import type { Order } from '../meter.ts';
import { slowWakes } from '../slow-wake.ts';
import { type KeyKind, keyedTuple } from '../workloads.ts';

slowWakes();

export interface KeyedAggregateParams extends Order {
  readonly keys: number;
  readonly kind: KeyKind;
}

const READERS = 2;

export const keyedAggregateFlow = dataflow(
  import.meta.url,
  'keyed-aggregate',
  (flow, { keys, kind, count: tuples }: KeyedAggregateParams) =>
    flow
      .source(
        'source',
        generate({ key: t.u32(), ts: t.f64(), value: t.f64() }, keyedTuple(keys, kind), {
          count: tuples,
          partitions: READERS,
        }),
        { parallelism: READERS },
      )
      .keyBy('key')
      .aggregate('totals', { count: count(), sum: sum('value') })
      .collect('results'),
);
