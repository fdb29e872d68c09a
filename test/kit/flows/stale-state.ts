// A flow whose closure keeps state beyond its call, in one of several ways.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t, table } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export type StaleUse = 'read' | 'write' | 'table' | 'row' | 'deleted-row' | 'grown-while-iterated';

export const staleState = dataflow(import.meta.url, 'stale-state', (flow, { use }: { use: StaleUse }) => {
  let kept: (() => unknown) | undefined;
  return flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 10, ratePerSecond: 200 }),
    )
    .keyBy('n')
    .process(
      'keep',
      { state: { count: t.u32() }, tables: { rows: table({ id: t.u32() }, { x: t.u32() }) }, output: { n: t.u32() } },
      ({ n }, state, emit) => {
        if (use === 'deleted-row') {
          const row = state.rows.upsert(1);
          state.rows.delete(1);
          row.x = 5;
        } else if (use === 'grown-while-iterated') {
          state.rows.upsert(0);
          for (const { id } of state.rows) for (let i = 0; i < 100; i++) state.rows.upsert(id + i + 1);
        }
        if (kept === undefined) {
          const row = state.rows.upsert(1);
          const uses: Partial<Record<StaleUse, () => unknown>> = {
            read: () => state.count,
            write: () => {
              state.count = 1;
            },
            table: () => state.rows.upsert(2),
            row: () => row.x,
          };
          kept = uses[use];
          // What runs between two batches finds the state gone; its error reaches the next tuple.
          const later = kept;
          if (later !== undefined) {
            kept = () => {
              throw new Error('not used yet');
            };
            queueMicrotask(() => {
              try {
                later();
                kept = () => 'nothing was wrong';
              } catch (error) {
                kept = () => {
                  throw error;
                };
              }
            });
          }
        } else {
          kept();
        }
        emit({ n });
      },
      { failure: 'stop' },
    )
    .collect('out');
});
