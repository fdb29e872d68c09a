// The flows of the `mailbox` suite: one hop, from a source on one worker to a sink on another.
// The sink is a flatMap so that it can report when it has seen the last tuple; it emits nothing else.

import { dataflow, type Shape, type Stream, type TupleOf, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { Meter, type Order } from '../meter.ts';
import { fixed, unique, type Workload, word } from '../workloads.ts';

/** The sink: an actor of its own, as it would be fused with the source otherwise. */
function report<Fields extends Shape>(stream: Stream<Fields>, { touch }: Workload<TupleOf<Fields>>, order: Order) {
  const meter = new Meter(order);
  return stream
    .flatMap(
      'sink',
      { seen: t.f64(), sum: t.f64(), elapsedMs: t.f64() },
      (tuple, emit) => {
        if (meter.add(touch(tuple))) emit(meter.report());
      },
      { fuse: false },
    )
    .collect('report');
}

const fixedFields = { key: t.u32(), ts: t.f64(), value: t.f64() };
const wordFields = { key: t.u32(), ts: t.f64(), word: t.dictionary() };
const uniqueFields = { key: t.u32(), ts: t.f64(), text: t.string() };

export const fixedHop = dataflow(import.meta.url, 'fixed-hop', (flow, order: Order) =>
  report(flow.source('source', generate(fixedFields, fixed.make, { count: order.count })), fixed, order),
);

export const wordHop = dataflow(import.meta.url, 'word-hop', (flow, order: Order) =>
  report(flow.source('source', generate(wordFields, word.make, { count: order.count })), word, order),
);

export const uniqueHop = dataflow(import.meta.url, 'unique-hop', (flow, order: Order) =>
  report(flow.source('source', generate(uniqueFields, unique.make, { count: order.count })), unique, order),
);
