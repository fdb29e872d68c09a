// Flows whose start does not end where an environment variable says so: at the import on a worker, or in open().
// Workers import this module too: it declares, and runs nothing.

import { isMainThread } from 'node:worker_threads';
import { dataflow, type SinkDefinition, type SourceDefinition, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** Where a start does not end: set by a test, read by workers as they start. */
export const STUCK_AT = 'MILLRACE_TEST_STUCK_AT';
export type StuckAt = 'import' | 'import-loop' | 'source' | 'sink';

const isStuckAt = (place: StuckAt): boolean => process.env[STUCK_AT] === place;
const never = (): Promise<never> => new Promise(() => {});

if (!isMainThread && isStuckAt('import')) await new Promise((resolve) => setTimeout(resolve, 1e8));
if (!isMainThread && isStuckAt('import-loop')) for (;;);

const fields = { n: t.u32() };

export interface NeverParams {
  /** Cells: tuples that the source may give; 1 if it does not open any more. */
  readonly cells: SharedArrayBuffer;
}

const source = (cells: Int32Array): SourceDefinition<typeof fields> => ({
  kind: 'reader',
  fields,
  open: ({ position, wake }) => {
    if (isStuckAt('source') || Atomics.load(cells, 1) === 1) return never();
    const timer = setInterval(wake, 1);
    const reader = {
      position,
      read(emit: (tuple: { n: number }) => void) {
        if (reader.position >= Atomics.load(cells, 0)) return 'wait' as const;
        emit({ n: reader.position++ });
        return 'more' as const;
      },
      close: () => clearInterval(timer),
    };
    return Promise.resolve(reader);
  },
});

const sink: SinkDefinition<unknown> = {
  open: () => {
    if (isStuckAt('sink')) for (;;);
    return { write: () => {}, flush: () => 0, rollback: () => {}, close: () => {} };
  },
};

export const neverStarts = dataflow(import.meta.url, 'never-starts', (flow, { cells }: NeverParams) => {
  flow.source('waiting', source(new Int32Array(cells))).to('out', sink);
});

export const startsAtOnce = dataflow(import.meta.url, 'starts-at-once', (flow) =>
  flow
    .source(
      'numbers',
      generate(fields, (n) => ({ n }), { count: 1e9, ratePerSecond: 1000 }),
    )
    .collect('out'),
);
