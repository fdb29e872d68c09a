// Flows that run until they are told to end, and leave in shared memory what they have processed.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

/** Cells of `seen`: tuples made, tuples processed at the end of the chain, their sum modulo 2^32. */
export const Cell = { made: 0, processed: 1, sum: 2 } as const;

/** An endless source, two actors behind it and a sink. */
export const endless = dataflow(
  import.meta.url,
  'endless',
  (flow, { seen, sinkMs = 0, ratePerSecond }: { seen: SharedArrayBuffer; sinkMs?: number; ratePerSecond?: number }) => {
    const cells = new Int32Array(seen);
    const nap = new Int32Array(new SharedArrayBuffer(4));
    flow
      .source(
        'numbers',
        generate(
          { n: t.u32() },
          (n) => {
            Atomics.add(cells, Cell.made, 1);
            return { n };
          },
          { ratePerSecond },
        ),
      )
      .keyBy('n')
      .process(
        'count',
        { state: { times: t.u32() }, output: { n: t.u32() } },
        ({ n }, state, emit) => {
          state.times += 1;
          emit({ n });
        },
        { parallelism: 2 },
      )
      .forEach(
        'sink',
        ({ n }) => {
          Atomics.add(cells, Cell.processed, 1);
          Atomics.add(cells, Cell.sum, n);
          if (sinkMs > 0) Atomics.wait(nap, 0, 0, sinkMs);
        },
        { fuse: false },
      );
  },
);

/** An endless source into an output that the app reads as slowly as it likes. */
export const endlessOutput = dataflow(import.meta.url, 'endless-output', (flow) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n })),
    )
    .map('pass', { n: t.u32() }, ({ n }) => ({ n }), { fuse: false })
    .collect('out'),
);

/** Two outputs of one endless stream, so that one that is not read holds the other one up. */
export const twoOutputs = dataflow(import.meta.url, 'two-outputs', (flow, { count }: { count: number }) => {
  const numbers = flow.source(
    'numbers',
    generate({ n: t.u32() }, (n) => ({ n }), { count }),
  );
  return [numbers.collect('a'), numbers.map('m', { n: t.u32() }, ({ n }) => ({ n })).collect('b')];
});

/** Waits for the app, and passes on what it gets. */
export const waiting = dataflow(import.meta.url, 'waiting', (flow, { actors }: { actors: number }) => {
  let stream = flow.source('app', push({ n: t.u32() }));
  for (let i = 0; i < actors; i++) stream = stream.map(`m${i}`, { n: t.u32() }, ({ n }) => ({ n }), { fuse: false });
  return stream.collect('out');
});

/** A flow whose counts a test can tell: fused operators and replicas. */
export const counted = dataflow(import.meta.url, 'counted', (flow, { count }: { count: number }) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count }),
    )
    .map('doubled', { n: t.u32() }, ({ n }) => ({ n: n * 2 }))
    .filter('fourths', ({ n }) => n % 4 === 0)
    .keyBy('n')
    .process(
      'count',
      { state: { times: t.u32() }, output: { n: t.u32() } },
      ({ n }, state, emit) => {
        state.times += 1;
        emit({ n });
        emit({ n });
      },
      { parallelism: 3 },
    )
    .flatMap('thirds', { n: t.u32() }, ({ n }, emit) => {
      if (n % 3 === 0) emit({ n });
    })
    .collect('out'),
);
