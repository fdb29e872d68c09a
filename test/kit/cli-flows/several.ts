// Several flows, none of them the default; and one that only an app can feed.

import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

const shape = { n: t.u32() };

export const one = dataflow(import.meta.url, 'one', (flow) =>
  flow
    .source(
      'numbers',
      generate(shape, () => ({ n: 1 }), { count: 1 }),
    )
    .collect('out'),
);
export const two = dataflow(import.meta.url, 'two', (flow) =>
  flow
    .source(
      'numbers',
      generate(shape, () => ({ n: 2 }), { count: 1 }),
    )
    .collect('out'),
);
export const fed = dataflow(import.meta.url, 'fed', (flow) => flow.source('app', push(shape)).collect('out'));
