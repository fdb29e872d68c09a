// Numbers that take about two seconds, and how many there are is known.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export const flow = dataflow(import.meta.url, 'counted', (flow) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 2000, ratePerSecond: 1000 }),
    )
    .filter('none', () => false)
    .collect('out'),
);
