// The flow of the `keyed-count` suite: a source on one worker, count and sum of each key in state on another.
// Two kinds of tuples leave it: one when the last input has been processed, with the time it took; and one at the end, with
// what all keys' rows add up to, so that the state itself is checked and not only what passed by.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { Meter, type Order } from '../meter.ts';
import { keyedTuple, Totals } from '../workloads.ts';

export interface KeyedCountParams extends Order {
  readonly keys: number;
}

const fields = { key: t.u32(), ts: t.f64(), value: t.f64() };

export const keyedCountFlow = dataflow(import.meta.url, 'keyed-count', (flow, params: KeyedCountParams) => {
  const meter = new Meter(params);
  const totals = new Totals();
  return flow
    .source('source', generate(fields, keyedTuple(params.keys), { count: params.count }))
    .keyBy('key')
    .process(
      'count',
      {
        state: { count: t.u32(), sum: t.f64() },
        output: { keys: t.u32(), count: t.f64(), sum: t.f64(), elapsedMs: t.f64() },
        end: ({ key }, state, emit) => {
          totals.add(key, state.count, state.sum);
          if (totals.count === params.count) emit({ ...totals.report(), elapsedMs: 0 });
        },
      },
      (tuple, state, emit) => {
        state.count += 1;
        state.sum += tuple.value;
        if (meter.add(1)) emit({ keys: 0, count: 0, sum: 0, elapsedMs: meter.report().elapsedMs });
      },
    )
    .collect('reports');
});
