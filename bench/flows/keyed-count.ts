// The flow of the `keyed-count` suite: a source, and count and sum of each key in state on as many replicas as workers.
// One tuple leaves each replica, when the rows of its state have been added up: how many it saw and when, and what the rows
// amount to, so that the state itself is checked and not only what passed by.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { type Order, ReplicaMeter } from '../meter.ts';
import { slowWakes } from '../slow-wake.ts';
import { type KeyKind, keyedTuple, Totals } from '../workloads.ts';

slowWakes();

export interface KeyedCountParams extends Order {
  readonly keys: number;
  readonly kind: KeyKind;
  readonly parallelism: number;
}

const fields = { key: t.u32(), ts: t.f64(), value: t.f64() };
const report = {
  keys: t.u32(),
  count: t.f64(),
  sum: t.f64(),
  seen: t.f64(),
  timed: t.f64(),
  startedAtMs: t.f64(),
  endedAtMs: t.f64(),
};

export const keyedCountFlow = dataflow(import.meta.url, 'keyed-count', (flow, params: KeyedCountParams) => {
  const { keys, kind, count, warm, parallelism } = params;
  const meter = new ReplicaMeter(Math.floor(warm / parallelism));
  const totals = new Totals();
  return flow
    .source('source', generate(fields, keyedTuple(keys, kind), { count }))
    .keyBy('key')
    .process(
      'count',
      { state: { count: t.u32(), sum: t.f64() }, output: report },
      (tuple, state) => {
        state.count += 1;
        state.sum += tuple.value;
        meter.add();
      },
      {
        parallelism,
        end: ({ key }, state, emit) => {
          meter.end();
          totals.add(key, state.count, state.sum);
          const measured = meter.report();
          if (totals.count === measured.seen) emit({ ...totals.report(), ...measured });
        },
      },
    )
    .collect('reports');
});
