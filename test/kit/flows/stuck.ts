// Flows whose closures take their time: in a call that nothing can interrupt, or a little with each tuple.
// Workers import this module too: it declares, and runs nothing.

import { openSync } from 'node:fs';
import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

/** At tuple 5 a closure opens a pipe, which blocks its thread until somebody opens the other end. */
export const stuck = dataflow(import.meta.url, 'stuck', (flow, { pipe }: { pipe: string }) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 10 }),
    )
    .map(
      'blocked',
      { n: t.u32() },
      ({ n }) => {
        if (n === 5) openSync(pipe, 'r');
        return { n };
      },
      { fuse: false },
    )
    .collect('out'),
);

/** Each tuple takes some time, and waits for the app before and after it. */
export const slow = dataflow(import.meta.url, 'slow', (flow, { tupleMs }: { tupleMs: number }) =>
  flow
    .source('app', push({ n: t.u32() }))
    .map('slow', { n: t.u32() }, ({ n }) => {
      if (tupleMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tupleMs);
      return { n };
    })
    .collect('out'),
);
