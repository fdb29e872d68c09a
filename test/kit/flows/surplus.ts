// A flow that counts what the app pushes.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

const N = { n: t.u32() };

export const pushed = dataflow(import.meta.url, 'pushed', (flow) =>
  flow
    .source('in', push(N))
    .keyBy('n')
    .process('count', { state: { c: t.u32() }, output: N }, ({ n }, state, emit) => {
      state.c++;
      emit({ n });
    })
    .collect('out'),
);
