// A source with partitions, and what runs in its actor.

import { dataflow, type ParallelismRange, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface HintedParams {
  readonly partitions: number;
  readonly parallelism: number | ParallelismRange;
}

const NUMBER = { n: t.u32() };

export const hinted = dataflow(import.meta.url, 'hinted', (flow, { partitions, parallelism }: HintedParams) =>
  flow
    .source(
      'numbers',
      generate(NUMBER, (n) => ({ n }), { partitions, count: 100 }),
      { parallelism },
    )
    .map('same', NUMBER, (tuple) => tuple)
    .collect('out'),
);
