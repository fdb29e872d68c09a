// The flows of the `latency` suite. `idle`: the app pushes a tuple, it passes two actors on workers and comes back to the
// app, three hops. `loaded`: a source at a fixed rate, a relay and a sink on workers; the source stamps each tuple when it
// makes it, and the sink reports the quantile when it has seen the last one.

import { dataflow, t } from '../../src/index.ts';
import { generate, push } from '../../src/sources.ts';
import { sharedNow } from '../clock.ts';
import { LatencyLog } from '../latency-log.ts';

export const idleChain = dataflow(import.meta.url, 'idle-chain', (flow) =>
  flow
    .source('app', push({ sequence: t.u32() }))
    .map('first', { sequence: t.u32() }, ({ sequence }) => ({ sequence: sequence + 1 }), { fuse: false })
    .map('second', { sequence: t.u32() }, ({ sequence }) => ({ sequence: sequence + 1 }), { fuse: false })
    .collect('back'),
);

/** One actor on a worker: the app pushes a tuple, and it comes back. */
export const roundTrip = dataflow(import.meta.url, 'round-trip', (flow) =>
  flow
    .source('app', push({ sequence: t.u32() }))
    .map('only', { sequence: t.u32() }, ({ sequence }) => ({ sequence: sequence + 1 }))
    .collect('back'),
);

export interface LoadedParams {
  readonly count: number;
  readonly warm: number;
  readonly ratePerSecond: number;
}

const stamped = { sequence: t.u32(), sentMs: t.f64() };

export const loadedChain = dataflow(import.meta.url, 'loaded-chain', (flow, params: LoadedParams) => {
  const log = new LatencyLog(params);
  return flow
    .source(
      'source',
      generate(stamped, (index) => ({ sequence: index, sentMs: sharedNow() }), {
        count: params.count,
        ratePerSecond: params.ratePerSecond,
      }),
    )
    .map('relay', stamped, ({ sequence, sentMs }) => ({ sequence, sentMs }), { fuse: false })
    .flatMap(
      'sink',
      { p99Us: t.f64() },
      ({ sentMs }, emit) => {
        if (log.add(sharedNow() - sentMs)) emit({ p99Us: log.quantileUs(0.99) });
      },
      { fuse: false },
    )
    .collect('report');
});
