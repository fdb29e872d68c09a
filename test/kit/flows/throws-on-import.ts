// A module that the app can import and a worker cannot.
// What happens at the import is all that its tests need: no actor of it ever runs.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

if (!isMainThread) throw new Error('this module does not like workers');

export const throwsOnImport = dataflow(import.meta.url, 'throws-on-import', (flow) =>
  flow
    .source(
      's',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 10 }),
    )
    .collect('out'),
);
