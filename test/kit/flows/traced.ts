// A flow whose tuples have the contexts of traces.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

const ORDER = { id: t.u32(), traceparent: t.optional(t.string()) };

/** An order with id 13 is failed at. */
export const traced = dataflow(import.meta.url, 'traced', (flow) =>
  flow
    .source('orders', push(ORDER))
    .withTraceContext('traceparent')
    .map('check', ORDER, (order) => {
      if (order.id === 13) throw new TypeError('no such order');
      return order;
    })
    .mapAsync('price', ORDER, async (order) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return order;
    })
    .keyBy('id')
    .process('count', { state: { n: t.u32() }, output: { id: t.u32(), n: t.u32() } }, ({ id }, state, emit) => {
      state.n += 1;
      emit({ id, n: state.n });
    })
    .map('behind', { id: t.u32() }, ({ id }) => ({ id }))
    .collect('out'),
);
