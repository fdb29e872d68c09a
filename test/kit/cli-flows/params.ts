// Emits what the command line has passed as params, as one tuple.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export const params = dataflow(import.meta.url, 'params', (flow, given: Record<string, unknown>) =>
  flow
    .source(
      'once',
      generate({ given: t.json<Record<string, unknown>>() }, () => ({ given }), { count: 1 }),
    )
    .collect('given'),
);
