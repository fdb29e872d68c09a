// A source with partitions, and what runs in its actor.

import { dataflow, type ParallelismRange, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** What is behind the source: a map in its actor; or, by itself, a map, a forEach, or a map of a stream that another one reads too. */
export type Behind = 'fused' | 'unfused' | 'forEach' | 'forEach of many' | 'second reader' | 'keyed' | 'state';

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

export interface FunnelParams {
  readonly behind: Behind;
  readonly replicas: number;
}

export const funnelled = dataflow(import.meta.url, 'funnelled', (flow, { behind, replicas }: FunnelParams) => {
  const numbers = flow.source(
    'numbers',
    generate(NUMBER, (n) => ({ n }), { partitions: 8, count: 100 }),
    {
      parallelism: replicas,
    },
  );
  const same = (tuple: { n: number }): { n: number } => tuple;
  switch (behind) {
    case 'fused':
      return numbers.map('same', NUMBER, same).collect('out');
    case 'unfused':
      return numbers.map('same', NUMBER, same, { fuse: false }).map('more', NUMBER, same).collect('out');
    case 'keyed':
      return numbers.keyBy('n').map('same', NUMBER, same, { fuse: false, parallelism: 2 }).collect('out');
    case 'state':
      return numbers
        .keyBy('n')
        .process('same', { output: NUMBER }, (tuple, _, emit) => emit(tuple))
        .collect('out');
    default:
  }
  const isMany = behind === 'forEach of many';
  if (behind === 'second reader') numbers.map('same', NUMBER, same).forEach('end', () => {});
  else (isMany ? numbers.unordered() : numbers).forEach('end', () => {}, { parallelism: isMany ? 2 : 1 });
  return numbers.collect('out');
});
