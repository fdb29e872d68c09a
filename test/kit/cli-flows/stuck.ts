// Never drains: a tuple takes longer than a test.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export default dataflow(import.meta.url, 'stuck', (flow) =>
  flow
    .source(
      'numbers',
      generate({ id: t.u32() }, (id) => ({ id })),
    )
    .map(
      'slow',
      { id: t.u32() },
      (tuple) => {
        const endMs = performance.now() + 20;
        while (performance.now() < endMs);
        return tuple;
      },
      { fuse: false },
    )
    .collect('ids'),
);
