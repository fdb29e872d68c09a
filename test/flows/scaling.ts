// Flows for load, policies and decisions about replicas.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

export interface SkewedParams {
  readonly keys: number;
  /** The key of every second tuple; from tuple `shiftAt` on, `laterKey` is. */
  readonly hotKey: number;
  readonly laterKey?: number;
  readonly shiftAt?: number;
  readonly ratePerSecond?: number;
}

/** Counts without end, and every second tuple is of one key. */
export const skewed = dataflow(import.meta.url, 'skewed', (flow, params: SkewedParams) => {
  const { keys, hotKey, laterKey = hotKey, shiftAt = 0, ratePerSecond = 200_000 } = params;
  const keyAt = (i: number): number => (i % 2 === 1 ? (i >>> 1) % keys : i < shiftAt ? hotKey : laterKey);
  flow
    .source(
      'numbers',
      generate({ key: t.u32() }, (i) => ({ key: keyAt(i) }), { ratePerSecond }),
    )
    .keyBy('key')
    .process('count', { parallelism: { max: 4 }, state: { count: t.u32() } }, (_tuple, state) => {
      state.count += 1;
    });
});
