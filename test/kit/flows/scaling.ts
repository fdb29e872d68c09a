// Flows for load, policies and decisions about replicas.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

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
    .process(
      'count',
      { state: { count: t.u32() } },
      (_tuple, state) => {
        state.count += 1;
      },
      { parallelism: { max: 4 } },
    );
});

export interface ServiceParams {
  readonly waitMs: number;
  readonly max: number;
  readonly start?: number;
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Each tuple of the app's waits for a service, outside the processor, and is counted. */
export const service = dataflow(import.meta.url, 'service', (flow, params: ServiceParams) => {
  const { waitMs, max, start = 1 } = params;
  return flow
    .source('requests', push({ key: t.u32(), seq: t.u32() }))
    .keyBy('key')
    .process(
      'ask',
      { state: { next: t.u32(), wrong: t.u32() }, output: { key: t.u32(), count: t.u32(), wrong: t.u32() } },
      ({ seq }, state) => {
        if (seq !== state.next) state.wrong += 1;
        state.next = seq + 1;
        Atomics.wait(nothing, 0, 0, waitMs);
      },
      { parallelism: { max, start }, end: ({ key }, { next, wrong }, emit) => emit({ key, count: next, wrong }) },
    )
    .collect('answers');
});

/** Three operators behind the app's tuples: the first and the last wait for a service, the one between does nothing. */
export const uneven = dataflow(import.meta.url, 'uneven', (flow, params: Pick<ServiceParams, 'waitMs'>) => {
  const { waitMs } = params;
  const fields = { seq: t.u32() };
  const apart = { fuse: false };
  const ask = (tuple: { seq: number }): { seq: number } => {
    Atomics.wait(nothing, 0, 0, waitMs);
    return tuple;
  };
  return flow
    .source('requests', push(fields))
    .map('first', fields, ask, apart)
    .map('between', fields, (tuple) => tuple, apart)
    .map('last', fields, ask, apart)
    .collect('answers');
});
