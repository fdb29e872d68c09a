// Counts and sums per key of numbers that two replicas of a source make, combined where they are made, in batches as long as they can be;
// one of the numbers may throw, or end its worker.

import { count, sum } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface CombiningParams {
  readonly count: number;
  readonly keys: number;
  readonly poison?: { readonly at: number; readonly by: 'throw' | 'exit' };
}

export const combining = dataflow(import.meta.url, 'combining', (flow, params: CombiningParams) =>
  flow
    .source(
      'numbers',
      generate({ i: t.u32() }, (i) => ({ i }), { count: params.count, partitions: 4 }),
      { parallelism: { start: 2, max: 3 } },
    )
    .map('keyed', { key: t.u32(), i: t.u32() }, ({ i }) => {
      if (i === params.poison?.at) {
        if (params.poison.by === 'exit') process.exit(1);
        throw new RangeError(`no ${i} here`);
      }
      return { key: i % params.keys, i };
    })
    .keyBy('key')
    .aggregate('totals', { n: count(), sum: sum('i') }, { combineMs: 1000 })
    .collect('out'),
);
