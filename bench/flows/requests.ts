// The flow of the `async` suite: each tuple asks what takes `delayMs`, by a timer, which stands for a service that answers in that
// time. A sink in the same actor adds results up, and notes when.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { Meter, type Order } from '../meter.ts';

export interface RequestsParams extends Order {
  readonly capacity: number;
  readonly delayMs: number;
  readonly ordered: boolean;
}

/** What a service would answer, when it has taken its time. */
export const answerOf = (n: number, delayMs: number): Promise<number> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs, n + 1);
  });

export const requestsFlow = dataflow(import.meta.url, 'requests', (flow, params: RequestsParams) => {
  const { count, capacity, delayMs, ordered } = params;
  const meter = new Meter(params);
  return flow
    .source(
      'source',
      generate({ n: t.u32() }, (n) => ({ n }), { count }),
    )
    .mapAsync('ask', { n: t.u32() }, async ({ n }) => ({ n: await answerOf(n, delayMs) }), { capacity, ordered })
    .flatMap('sink', { seen: t.f64(), sum: t.f64(), elapsedMs: t.f64() }, ({ n }, emit) => {
      if (meter.add(n)) emit(meter.report());
    })
    .collect('report');
});
