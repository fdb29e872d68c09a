// A flow whose windows fail if they have a bad item.

import { custom, max, min } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { calendar, count, globalWindow, session, sliding, tumbling } from '../../../src/windows.ts';

export type Kind =
  | 'tumbling'
  | 'sliding'
  | 'session'
  | 'calendar'
  | 'count'
  | 'sliding count'
  | 'purged'
  | 'growing'
  | 'by the clock';

/** The value of an item that no window comes out with. */
export const BAD = -1;
/** Items are a day apart. */
export const UNIT_MS = 86_400_000;

export interface FailingParams {
  readonly kind: Kind;
  readonly how: 'aggregate' | 'process';
  /** Days that an item may be late. */
  readonly allowed: number;
  /** Results of windows that are open, in milliseconds of the clock. */
  readonly everyMs?: number;
}

interface Item {
  readonly key: string;
  readonly n: number;
  readonly value: number;
}

const windowOf = (kind: Kind) => {
  switch (kind) {
    case 'tumbling':
      return tumbling({ sizeMs: UNIT_MS });
    case 'sliding':
      return sliding({ sizeMs: 2 * UNIT_MS, everyMs: UNIT_MS });
    case 'session':
      return session({ gapMs: UNIT_MS / 2 });
    case 'calendar':
      return calendar({ timeZone: 'UTC' });
    case 'count':
      return count({ size: 2 });
    case 'sliding count':
      return count({ size: 2, every: 1 });
    case 'purged':
      return globalWindow({ count: 2, purge: true });
    case 'growing':
      return globalWindow<Item>({ when: ({ n }) => n % 2 === 1 });
    case 'by the clock':
      return globalWindow({ everyMs: 10, purge: true });
  }
};

function refuseBad(value: number): number {
  if (value === BAD) throw new Error('a bad window');
  return value;
}

const sound = custom({
  state: { least: t.f64() },
  type: t.f64(),
  add(state, { value }: Item) {
    if (value < state.least) state.least = value;
  },
  merge(state, other) {
    if (other.least < state.least) state.least = other.least;
  },
  result: ({ least }) => refuseBad(least),
});

export const failingWindows = dataflow(
  import.meta.url,
  'failing windows',
  (flow, { kind, how, allowed, everyMs }: FailingParams) => {
    const windows = flow
      .source('items', push({ key: t.string(), n: t.u32(), value: t.f64() }))
      .withEventTime(() => 0, { allowedLatenessMs: allowed * UNIT_MS })
      .keyBy('key')
      .window(windowOf(kind) as ReturnType<typeof tumbling>);
    const options = { combine: false, ...(everyMs !== undefined && { emit: { everyMs } }) } as never;
    const results =
      how === 'aggregate'
        ? windows.aggregate('windows', { first: min('n'), last: max('n'), sound }, options)
        : windows.process(
            'windows',
            { output: { key: t.string(), first: t.u32(), last: t.u32() } },
            ({ key }, items: readonly Item[], emit) => {
              const numbers = items.map(({ n }) => n);
              emit({ key, first: Math.min(...numbers), last: Math.max(...numbers) });
              for (const { value } of items) refuseBad(value);
            },
          );
    return results.collect('results');
  },
);

/** Of a part that is at least so large none can be merged. */
export const UNMERGED = 100;

const unmerged = custom({
  state: { total: t.f64() },
  type: t.f64(),
  add(state, { value }: Item) {
    state.total += value;
  },
  merge(state, other) {
    if (other.total >= UNMERGED) throw new Error('a bad window');
    state.total += other.total;
  },
  result: ({ total }) => total,
});

/** Windows that overlap, whose parts cannot be merged if one of them is too large. */
export const failingMerge = dataflow(import.meta.url, 'failing merge', (flow) =>
  flow
    .source('items', push({ key: t.string(), n: t.u32(), value: t.f64() }))
    .withEventTime(() => 0)
    .keyBy('key')
    .window(windowOf('sliding') as ReturnType<typeof tumbling>)
    .aggregate('windows', { first: min('n'), last: max('n'), unmerged }, { combine: false })
    .collect('results'),
);
