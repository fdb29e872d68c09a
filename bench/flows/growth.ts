// The flow of the results `growth-pause-*` of suite `state`: each tuple is of a key that has not been seen, so state grows all the
// time; what is timed is how long a tuple takes from the source, which makes them at a fixed rate, to its closure.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { sharedNow } from '../clock.ts';
import { LatencyLog } from '../latency-log.ts';

export interface GrowthParams {
  /** Keys, and tuples. */
  readonly count: number;
  /** Those that are there before the clock starts. */
  readonly warm: number;
  readonly ratePerSecond: number;
}

/** Ids that are spread over 32 bits, each once. */
const idOf = (index: number): number => Math.imul(index, 0x9e3779b1) >>> 0;

export const growthFlow = dataflow(import.meta.url, 'growth', (flow, params: GrowthParams) => {
  const { count, ratePerSecond } = params;
  const log = new LatencyLog(params);
  return flow
    .source(
      'source',
      generate({ key: t.u32(), sentMs: t.f64() }, (index) => ({ key: idOf(index), sentMs: sharedNow() }), {
        count,
        ratePerSecond,
      }),
    )
    .keyBy('key')
    .process(
      'keep',
      {
        state: { count: t.u32(), sum: t.f64() },
        output: { p99Us: t.f64(), maxUs: t.f64() },
      },
      ({ sentMs }, state, emit) => {
        if (state.count !== 0) throw new Error('a key was seen before');
        state.count = 1;
        state.sum = sentMs;
        if (log.add(sharedNow() - sentMs)) emit({ p99Us: log.quantileUs(0.99), maxUs: log.quantileUs(1) });
      },
    )
    .collect('report');
});
