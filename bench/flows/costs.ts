// The flow of the `ordered` suite: each tuple costs about 20 µs of a processor, in replicas that keep the order together, or in any
// order. A sink in an actor of its own adds results up, makes sure of their order, and notes when.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { Meter, type Order } from '../meter.ts';

export interface CostsParams extends Order {
  readonly replicas: number;
  readonly ordered: boolean;
}

const TURNS = 4000;

/** A number below 1024 that takes many turns to compute. */
export function costly(n: number): number {
  let hash = n | 0;
  for (let turn = 0; turn < TURNS; turn++) hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + turn;
  return hash & 1023;
}

export const costsFlow = dataflow(import.meta.url, 'costs', (flow, params: CostsParams) => {
  const { count, replicas, ordered } = params;
  const meter = new Meter(params);
  const numbers = flow.source(
    'source',
    generate({ n: t.u32() }, (n) => ({ n }), { count }),
  );
  let next = 0;
  return (ordered ? numbers.ordered() : numbers.unordered())
    .map('cost', { n: t.u32(), cost: t.u32() }, ({ n }) => ({ n, cost: costly(n) }), { parallelism: replicas })
    .flatMap(
      'sink',
      { seen: t.f64(), sum: t.f64(), elapsedMs: t.f64() },
      ({ n, cost }, emit) => {
        if (ordered && n !== next++) throw new Error(`${n} came, and not ${next - 1}`);
        if (meter.add(cost)) emit(meter.report());
      },
      { fuse: false, failure: 'stop' },
    )
    .collect('report');
});
