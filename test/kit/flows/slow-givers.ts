// Partitions that are asked and nearly always have something, though they are slow to give it, or to be opened.

import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../../../src/aggregates.ts';
import { dataflow, type TupleOf, t } from '../../../src/index.ts';
import type { SourceDefinition, SourceReader } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

const FIELDS = { key: t.u32(), at: t.f64() };
type Tuple = TupleOf<typeof FIELDS>;

export const SLOW_TUPLES = 60;

export interface SlowGiversParams {
  readonly partitions: 1 | 2;
  /** Of the last partition: how long it takes to be opened, and its tuples are apart. */
  readonly openMs: number;
  readonly everyMs: number;
  readonly idleAfterMs: number;
  /** The number of its tuple at which its worker exits, once: then it is opened again. */
  readonly exitAt: number;
  /** The first cell is 1 once the last partition has given all, the second one once its worker has exited. */
  readonly done: SharedArrayBuffer;
}

/** Keys of the last source begin here. */
export const SLOW_KEYS = 10;
const QUICK_EVERY_MS = 1;

/** Goes on in the order of time, and is never without a tuple for long, until the other source is done. */
const quick = (done: SharedArrayBuffer): SourceDefinition<typeof FIELDS> => ({
  kind: 'reader',
  fields: FIELDS,
  open: ({ position }) => {
    let nextMs = performance.now();
    const reader: SourceReader<Tuple> = {
      position,
      read(emit) {
        if (Atomics.load(new Int32Array(done), 0) === 1) return 'end';
        if (performance.now() >= nextMs) {
          nextMs += QUICK_EVERY_MS;
          emit({ key: 0, at: 10 * (SLOW_TUPLES + reader.position++) });
        }
        return 'more';
      },
      close() {},
    };
    return reader;
  },
});

/** Each partition gives its tuples in the order of time; all but the last give theirs at once. */
const slow = ({ partitions, openMs, everyMs, exitAt, done }: SlowGiversParams): SourceDefinition<typeof FIELDS> => ({
  kind: 'reader',
  fields: FIELDS,
  partitions,
  open: async ({ partition, position, wake }) => {
    const isSlow = partition === partitions - 1;
    if (isSlow) await sleep(openMs);
    let timer: NodeJS.Timeout | undefined;
    const reader: SourceReader<Tuple> = {
      position,
      read(emit, limit) {
        for (let left = limit; left > 0 && reader.position < SLOW_TUPLES; left--) {
          if (isSlow && reader.position === exitAt && Atomics.exchange(new Int32Array(done), 1, 1) === 0)
            process.exit(1);
          emit({ key: SLOW_KEYS + partition, at: 10 * reader.position++ });
          if (!isSlow || everyMs === 0) continue;
          // It has given something, and says in the same breath that there is no more now.
          timer = setTimeout(wake, everyMs);
          return 'wait';
        }
        if (reader.position < SLOW_TUPLES) return 'more';
        if (isSlow) Atomics.store(new Int32Array(done), 0, 1);
        return 'end';
      },
      close: () => clearTimeout(timer),
    };
    return reader;
  },
});

export const slowGivers = dataflow(import.meta.url, 'slow-givers', (flow, params: SlowGiversParams) => {
  const { idleAfterMs, done } = params;
  const first = flow.source('quick', quick(done)).withEventTime('at', { idleAfterMs });
  const last = flow.source('slow', slow(params)).withEventTime('at', { idleAfterMs });
  const closed = first
    .merge(last)
    .keyBy('key')
    .window(tumbling({ sizeMs: 100 }))
    .aggregate('windows', { tuples: count() })
    .collect('closed');
  return { closed, late: last.late.collect('late') };
});
