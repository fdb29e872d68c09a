// A module that calls run() at its top level on a worker, as one does who forgets that workers import it too.
// The job never starts, since that worker cannot finish the import.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export const runsOnImport = dataflow(import.meta.url, 'runs-on-import', (flow) =>
  flow
    .source(
      's',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 10 }),
    )
    .collect('out'),
);

if (!isMainThread) void runsOnImport.run();
