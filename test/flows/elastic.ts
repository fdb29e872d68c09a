// Flows whose operators change their replicas while they run.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

export interface ElasticParams {
  readonly tuples: number;
  readonly keys: number;
  readonly max: number;
  readonly start?: number;
  readonly ratePerSecond?: number;
}

/** Counts per key in an elastic operator, and again in one behind it: `seq` is the n-th of its key, from 0 on. */
export const counting = dataflow(import.meta.url, 'counting', (flow, params: ElasticParams) => {
  const { tuples, keys, max, start = 1, ratePerSecond } = params;
  const parallelism = { max, start };
  return flow
    .source(
      'numbers',
      generate({ key: t.u32(), seq: t.u32() }, (i) => ({ key: i % keys, seq: Math.floor(i / keys) }), {
        count: tuples,
        ...(ratePerSecond !== undefined && { ratePerSecond }),
      }),
    )
    .keyBy('key')
    .process(
      'count',
      {
        parallelism,
        state: { count: t.u32(), last: t.i32() },
        output: { key: t.u32(), seq: t.u32(), count: t.u32(), inOrder: t.bool() },
      },
      ({ key, seq }, state, emit) => {
        const inOrder = state.count === seq;
        state.count += 1;
        emit({ key, seq, count: state.count, inOrder });
      },
    )
    .keyBy('key')
    .process(
      'check',
      {
        parallelism,
        state: { next: t.u32(), wrong: t.u32() },
        output: { key: t.u32(), count: t.u32(), wrong: t.u32() },
        end: ({ key }, { next, wrong }, emit) => emit({ key, count: next, wrong }),
      },
      ({ seq, count, inOrder }, state) => {
        if (seq !== state.next || count !== seq + 1 || !inOrder) state.wrong += 1;
        state.next = seq + 1;
      },
    )
    .collect('counts');
});

export interface CallingParams {
  readonly calls: number;
  readonly max: number;
  /** How long each call waits, without using the processor. */
  readonly waitMs: number;
}

/** Waits for something outside of the process for each tuple, whatever their order. */
export const calling = dataflow(import.meta.url, 'calling', (flow, { calls, max, waitMs }: CallingParams) => {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  return flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: calls }),
    )
    .unordered()
    .map(
      'call',
      { n: t.u32() },
      ({ n }) => {
        Atomics.wait(nothing, 0, 0, waitMs);
        return { n };
      },
      { parallelism: { max } },
    )
    .collect('answers');
});
