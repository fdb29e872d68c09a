// Flows that let some of the tuples of each key pass.

import { dataflow, type ParallelismRange, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

const EVENT = { key: t.u32(), at: t.f64(), id: t.u32() };

/** How late tuples may be. */
export const LATENESS_MS = 7;

interface Params {
  readonly how: 'deduplicate' | 'leading' | 'trailing' | 'both' | 'sample';
  readonly ms?: number;
  /** Tuples; pushed if it is left out. */
  readonly count?: number;
  readonly keys?: number;
  readonly outOfOrderMs?: number;
  readonly ratePerSecond?: number;
  readonly parallelism?: number | ParallelismRange;
  readonly seed?: number;
}

export interface ThinnedEvent {
  readonly key: number;
  readonly at: number;
  readonly id: number;
}

/** All times of a key differ, so which tuples pass does not depend on the order in which they come. */
export const eventAt = (n: number, keys: number, outOfOrderMs: number): ThinnedEvent => ({
  key: (n * 31) % keys,
  at: n * 3 + ((n * 7919) % (outOfOrderMs + 1)) + n / 2 ** 20,
  id: n,
});

export const thinned = dataflow(
  import.meta.url,
  'thinned',
  (flow, { how, ms = 10, count, keys = 4, outOfOrderMs = 0, ratePerSecond, parallelism = 1, seed = 0 }: Params) => {
    const events =
      count === undefined
        ? flow.source('events', push(EVENT))
        : flow.source(
            'events',
            generate(EVENT, (n) => eventAt(n, keys, outOfOrderMs), { count, ratePerSecond }),
          );
    const timed = events
      .withEventTime('at', { outOfOrderMs, allowedLatenessMs: count === undefined ? LATENESS_MS : 0 })
      .keyBy('key');
    const passed =
      how === 'deduplicate'
        ? timed.deduplicate('thin', { withinMs: ms, parallelism })
        : how === 'sample'
          ? timed.sample('thin', 0.1, { seed, by: ['id'], parallelism })
          : timed.throttle('thin', { everyMs: ms, edge: how, parallelism });
    return passed.collect('passed');
  },
);
