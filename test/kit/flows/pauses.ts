// Keyed operators that go by the clock, and a tuple at which their thread stands still for a while.

import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

const stand = (ms: number): void => {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

export const BEAT_MS = 50;
export const BEATS = 20;

/** Timers that set themselves again: so long after they have fired, or after they were due. */
export const beating = dataflow(import.meta.url, 'beating', (flow) =>
  flow
    .source('orders', push({ key: t.string(), from: t.enum('fired', 'due'), standMs: t.u32() }))
    .keyBy('key')
    .process(
      'beat',
      {
        state: { from: t.enum('fired', 'due'), beats: t.u32() },
        output: { key: t.string(), dueMs: t.f64(), firedMs: t.f64() },
      },
      ({ from, standMs }, state, _emit, { timers }) => {
        stand(standMs);
        if (standMs > 0) return;
        state.from = from;
        timers.after(BEAT_MS);
      },
      {
        onTimer: ({ key }, state, emit, { timers, timer: { atMs } }) => {
          state.beats += 1;
          emit({ key, dueMs: atMs, firedMs: timers.now() });
          if (state.beats === BEATS) return;
          if (state.from === 'fired') timers.after(BEAT_MS);
          else timers.at(atMs + BEAT_MS);
        },
      },
    )
    .collect('beats'),
);

export const forgetting = dataflow(import.meta.url, 'forgetting', (flow, { ttlMs }: { readonly ttlMs: number }) =>
  flow
    .source('orders', push({ key: t.string(), standMs: t.u32() }))
    .keyBy('key')
    .process(
      'count',
      { state: { seen: t.u32() }, output: { key: t.string(), seen: t.u32() } },
      ({ key, standMs }, state, emit) => {
        stand(standMs);
        state.seen += 1;
        emit({ key, seen: state.seen });
      },
      { ttlMs },
    )
    .collect('counts'),
);
