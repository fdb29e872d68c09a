// A module that ends its thread when a worker imports it.
// What happens at the import is all that its tests need: no actor of it ever runs.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

if (!isMainThread) process.exit(3);

export const exitsOnImport = dataflow(import.meta.url, 'exits-on-import', (flow) =>
  flow
    .source(
      's',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 10 }),
    )
    .collect('out'),
);
