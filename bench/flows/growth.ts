// The flow of the results `growth-pause-*` of suite `state`: a thousand keys come again and again until all is warm, then each tuple
// is of a key that has not been seen. What is timed is how long a tuple takes from the source, which makes them at a fixed rate,
// to its closure.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { sharedNow } from '../clock.ts';
import { LatencyLog } from '../latency-log.ts';

export interface GrowthParams {
  /** Tuples. */
  readonly count: number;
  /** Those of the first keys, before the clock starts. */
  readonly warm: number;
  readonly ratePerSecond: number;
}

export const KEYS_FIRST = 1000;

/** Ids that are spread over 32 bits, each once. */
const idOf = (index: number): number => Math.imul(index, 0x9e3779b1) >>> 0;

export const growthFlow = dataflow(import.meta.url, 'growth', (flow, params: GrowthParams) => {
  const { count, warm, ratePerSecond } = params;
  const log = new LatencyLog(params);
  const keyOf = (index: number): number => idOf(index < warm ? index % KEYS_FIRST : index);
  let keys = 0;
  return flow
    .source(
      'source',
      generate({ key: t.u32(), sentMs: t.f64() }, (index) => ({ key: keyOf(index), sentMs: sharedNow() }), {
        count,
        ratePerSecond,
      }),
    )
    .keyBy('key')
    .process(
      'keep',
      {
        state: { count: t.u32(), sum: t.f64() },
        output: { p99Us: t.f64(), maxUs: t.f64(), keys: t.u32() },
      },
      ({ sentMs }, state, emit) => {
        if (sentMs < state.sum) throw new Error('the tuples of a key are out of order');
        state.count += 1;
        state.sum = sentMs;
        keys += state.count === 1 ? 1 : 0;
        if (log.add(sharedNow() - sentMs)) emit({ p99Us: log.quantileUs(0.99), maxUs: log.quantileUs(1), keys });
      },
    )
    .collect('report');
});
