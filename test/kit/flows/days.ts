// A flow that counts generated items by the days of a time zone: one a minute, a few minutes out of order.

import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { calendar } from '../../../src/windows.ts';

export interface DaysParams {
  readonly timeZone: string;
  readonly count: number;
  readonly fromMs: number;
  readonly ratePerSecond: number;
  readonly parallelism: { readonly start: number; readonly max: number };
}

export const timeOf = (i: number, { fromMs }: Pick<DaysParams, 'fromMs'>): number =>
  fromMs + (i - ((i * 7) % 11)) * 60_000;

export const days = dataflow(import.meta.url, 'days', (flow, params: DaysParams) => {
  const { count: items, ratePerSecond, timeZone, parallelism } = params;
  return flow
    .source(
      'items',
      generate({ key: t.u32(), at: t.f64() }, (i) => ({ key: i % 8, at: timeOf(i, params) }), {
        count: items,
        ratePerSecond,
      }),
    )
    .withEventTime('at', { outOfOrderMs: 11 * 60_000 })
    .keyBy('key')
    .window(calendar({ timeZone }))
    .aggregate('results', { n: count() }, { parallelism })
    .collect('out');
});
