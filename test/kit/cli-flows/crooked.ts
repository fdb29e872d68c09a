// A flow whose code is wrong, whatever its params are.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export default dataflow(import.meta.url, 'crooked', (flow) =>
  flow.source(
    'numbers',
    generate({ n: t.u32() }, (n) => ({ n }), { count: 1 }),
  ),
);
