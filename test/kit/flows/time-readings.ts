// Flows whose event time is to be read while they run: one that is behind in a partition, one that is held up, one whose rows expire.

import { count } from '../../../src/aggregates.ts';
import { dataflow, type TupleOf, t } from '../../../src/index.ts';
import { generate, type SourceDefinition, type SourceReader } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

const FIELDS = { key: t.u32(), at: t.f64() };
const TUPLES = 100;
const BEFORE_GATE = 5;
const ASK_EVERY_MS = 5;

/** Whoever has closed it opens it by storing 1. */
const isOpen = (gate: SharedArrayBuffer): boolean => Atomics.load(new Int32Array(gate), 0) === 1;

/** Three partitions; the first gives a few tuples, and the others when the gate is open. */
const gated = (gate: SharedArrayBuffer): SourceDefinition<typeof FIELDS> => ({
  kind: 'reader',
  fields: FIELDS,
  partitions: 3,
  open: ({ partition, position, wake }): SourceReader<TupleOf<typeof FIELDS>> => {
    const reader = {
      position,
      read(emit: (tuple: TupleOf<typeof FIELDS>) => void, limit: number) {
        for (let left = limit; left > 0; left--) {
          if (reader.position === TUPLES) return 'end' as const;
          if (partition === 0 && reader.position >= BEFORE_GATE && !isOpen(gate)) {
            setTimeout(wake, ASK_EVERY_MS);
            return 'wait' as const;
          }
          emit({ key: partition, at: reader.position++ });
        }
        return 'more' as const;
      },
      close() {},
    };
    return reader;
  },
});

export const parted = dataflow(import.meta.url, 'parted', (flow, { gate }: { readonly gate: SharedArrayBuffer }) =>
  flow
    .source('numbers', gated(gate), { parallelism: 2 })
    .withEventTime('at')
    .keyBy('key')
    .window(tumbling({ sizeMs: 10 }))
    .aggregate('windows', { tuples: count() }, { combine: false })
    .collect('out'),
);

/** What is behind the source takes a while for each tuple, until the gate is open. */
export const stuckSink = dataflow(
  import.meta.url,
  'stuck-sink',
  (flow, { gate }: { readonly gate: SharedArrayBuffer }) =>
    flow
      .source(
        'numbers',
        generate(FIELDS, (at) => ({ key: at, at }), { count: 20_000 }),
      )
      .withEventTime('at', { idleAfterMs: 20 })
      .forEach(
        'sink',
        () => {
          if (!isOpen(gate)) Atomics.wait(new Int32Array(gate), 0, 0, 5);
        },
        { fuse: false },
      ),
);

export interface ExpiringParams {
  /** Each key is heard of twice, long after its row has expired. */
  readonly keys: number;
  /** Of so many tuples one fails. */
  readonly failEvery: number;
  /** In the middle the worker exits, once: the first cell is then 1. */
  readonly exited: SharedArrayBuffer;
}

export const TTL_MS = 1000;

/** Counts the tuples of a row, and emits it with `left` 1 if it is there at the end. */
export const expiring = dataflow(import.meta.url, 'expiring', (flow, { keys, failEvery, exited }: ExpiringParams) =>
  flow
    .source(
      'numbers',
      generate(FIELDS, (i) => ({ key: i % keys, at: 10 * i }), { count: 2 * keys }),
    )
    .withEventTime('at')
    .keyBy('key')
    .process(
      'count',
      { state: { seen: t.u32() }, output: { key: t.u32(), seen: t.u32(), left: t.u32() } },
      ({ key, at }, state, emit) => {
        if ((at / 10) % failEvery === 0) throw new RangeError('a tuple fails');
        if (at === 10 * keys + 10 * (keys >> 1) + 10 && Atomics.exchange(new Int32Array(exited), 0, 1) === 0)
          process.exit(1);
        state.seen += 1;
        emit({ key, seen: state.seen, left: 0 });
      },
      { ttlMs: TTL_MS, parallelism: 2, end: ({ key }, { seen }, emit) => emit({ key, seen, left: 1 }) },
    )
    .collect('counts'),
);
