// Refuses its params when it is built: what an app's own check throws.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export default dataflow(
  import.meta.url,
  'refusing',
  (flow, { count, worker = 1 }: { count?: number; worker?: number }) => {
    if (typeof count !== 'number') throw new TypeError('--count is missing');
    return flow
      .source(
        'numbers',
        generate({ n: t.f64() }, (n) => ({ n: n * worker }), { count }),
      )
      .collect('out');
  },
);
