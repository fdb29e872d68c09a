// Flows that kill their worker, or trouble it outside of any tuple.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

export type Death = 'exit' | 'throw-later' | 'reject-later';

export const dying = dataflow(import.meta.url, 'dying', (flow, { death, at }: { death: Death; at: number }) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n })),
    )
    .map(
      'deadly',
      { n: t.u32() },
      ({ n }) => {
        if (n === at) {
          if (death === 'exit') process.exit(7);
          if (death === 'throw-later')
            setTimeout(() => {
              throw new Error('out of nowhere');
            }, 1);
          if (death === 'reject-later') void Promise.reject(new Error('nobody caught this'));
        }
        return { n };
      },
      { fuse: false },
    )
    .collect('out'),
);
