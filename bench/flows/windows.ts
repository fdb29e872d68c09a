// The flow of the `windows` suite: count and sum of each key and window, of tuples that two replicas of a source make, in order of
// time; and how many tuples the windows had.

import { count, sum } from '../../src/aggregates.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { session, sliding, tumbling } from '../../src/windows.ts';
import { slowWakes } from '../slow-wake.ts';
import { keyedTuple } from '../workloads.ts';

slowWakes();

export const WINDOW_KINDS = ['tumbling', 'sliding', 'session'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

export interface WindowsParams {
  readonly kind: WindowKind;
  readonly keys: number;
  readonly count: number;
}

const READERS = 2;
/** So many tuples of a key come in a slice, on average. */
const TUPLES_EACH = 10;
const SLICE_MS = 1000;
const SLICES = 60;
/** Two tuples of a key in three are closer than the gap. */
const SESSION_GAP_MS = 110;

/** Windows are most of the work: both workers have a half of the keys. */
const REPLICAS = { parallelism: 2 };
const TOTALS = { tuples: count(), value: sum('value') };
const FIELDS = { key: t.u32(), at: t.f64(), value: t.f64() };

export const windowsFlow = dataflow(
  import.meta.url,
  'windows',
  (flow, { kind, keys, count: tuples }: WindowsParams) => {
    const make = keyedTuple(keys, 'ids');
    const msEach = SLICE_MS / (keys * TUPLES_EACH);
    const keyed = flow
      .source(
        'source',
        generate(
          FIELDS,
          (index) => {
            const { key, value } = make(index);
            return { key, at: index * msEach, value };
          },
          { count: tuples, partitions: READERS },
        ),
        { parallelism: READERS },
      )
      .withEventTime('at')
      .keyBy('key');
    const windows = {
      tumbling: () => keyed.window(tumbling({ sizeMs: SLICE_MS })).aggregate('windows', TOTALS, REPLICAS),
      sliding: () =>
        keyed.window(sliding({ sizeMs: SLICES * SLICE_MS, everyMs: SLICE_MS })).aggregate('windows', TOTALS, REPLICAS),
      session: () => keyed.window(session({ gapMs: SESSION_GAP_MS })).aggregate('windows', TOTALS, REPLICAS),
    };
    return windows[kind]()
      .map('sizes', { all: t.u8(), tuples: t.u32() }, ({ tuples: size }) => ({ all: 0, tuples: size }))
      .keyBy('all')
      .aggregate('total', { tuples: sum('tuples'), windows: count() })
      .collect('totals');
  },
);

/** In how many windows each tuple is. */
export const windowsOfTuple = (kind: WindowKind): number => (kind === 'sliding' ? SLICES : 1);
