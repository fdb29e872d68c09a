// Flows that stand still, fail or leave tuples out where nobody looks.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { fromIterable, generate, push } from '../../../src/sources.ts';

const N = { n: t.u32() };
const numbers = (options: { count?: number; ratePerSecond?: number } = {}) => generate(N, (n) => ({ n }), options);

/** The rows of one source in two outputs. */
export const oddsAndEvens = dataflow(import.meta.url, 'odds-and-evens', (flow, { count }: { count: number }) =>
  flow.source('numbers', numbers({ count })).split(
    (all) => all.filter('odd', ({ n }) => n % 2 === 1).collect('odds'),
    (all) => all.filter('even', ({ n }) => n % 2 === 0).collect('evens'),
  ),
);

/** An endless source into one output. */
export const ticks = dataflow(import.meta.url, 'ticks', (flow, { ratePerSecond }: { ratePerSecond: number }) =>
  flow.source('clock', numbers({ ratePerSecond })).collect('out'),
);

/** The same, counted by key on the way. */
export const countedTicks = dataflow(import.meta.url, 'counted-ticks', (flow) =>
  flow
    .source('clock', numbers({ ratePerSecond: 1000 }))
    .keyBy('n')
    .process('count', { state: { times: t.u32() }, output: N }, ({ n }, state, emit) => {
      state.times++;
      emit({ n });
    })
    .collect('out'),
);

/** The same, with a sink beside the output. */
export const ticksAndSink = dataflow(import.meta.url, 'ticks-and-sink', (flow) =>
  flow.source('clock', numbers({ ratePerSecond: 1000 })).split(
    (all) => all.collect('out'),
    (all) => all.forEach('sink', () => {}),
  ),
);

/** What the app pushes comes out again. */
export const echo = dataflow(import.meta.url, 'echo', (flow) =>
  flow
    .source('app', push(N))
    .map('echo', N, ({ n }) => ({ n }))
    .collect('out'),
);

/** Two operators that fail at some tuples each, and one that fails the job if it is asked to. */
export const failures = dataflow(
  import.meta.url,
  'failures',
  (flow, { count, fatal = -1, ratePerSecond }: { count: number; fatal?: number; ratePerSecond?: number }) =>
    flow
      .source('numbers', numbers({ count, ratePerSecond }))
      .map('thirds', N, ({ n }) => {
        if (n % 3 === 0) throw new RangeError(`${n} is a third`);
        return { n };
      })
      .map('fifths', N, ({ n }) => {
        if (n % 5 === 0) throw new TypeError(`${n} is a fifth`);
        return { n };
      })
      .forEach(
        'fatal',
        ({ n }) => {
          if (n === fatal) throw new SyntaxError(`${n} is fatal`);
        },
        { failure: 'stop' },
      ),
);

/** One stream into an output; the same fails now and then, and at last for good. */
export const failingBehind = dataflow(
  import.meta.url,
  'failing-behind',
  (flow, { count, fatal }: { count: number; fatal: number }) =>
    flow
      .source('numbers', numbers({ count }))
      .map('thousands', N, ({ n }) => {
        if (n % 1000 === 999) throw new RangeError(`${n} is too much`);
        return { n };
      })
      .map(
        'fatal',
        N,
        ({ n }) => {
          if (n === fatal) throw new SyntaxError(`${n} is fatal`);
          return { n };
        },
        { failure: 'stop' },
      )
      .collect('out'),
);

/** A closure for the end of the input that fails for each key. */
export const failingEnds = dataflow(import.meta.url, 'failing-ends', (flow, { keys }: { keys: number }) =>
  flow
    .source('numbers', numbers({ count: keys }))
    .keyBy('n')
    .process(
      'count',
      { state: { times: t.u32() }, output: N },
      (_, state) => {
        state.times++;
      },
      {
        end: ({ n }) => {
          throw new RangeError(`no end of ${n}`);
        },
      },
    )
    .collect('out'),
);

const waitFor = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** A chain whose second operator takes its time for one tuple. The source behind it reads a list, or computes. */
export const slowChain = dataflow(
  import.meta.url,
  'slow-chain',
  (flow, { ms, at, from, reads }: { ms: number; at: number; from: 'closure' | 'source'; reads: boolean }) => {
    function* list(): Generator<{ n: number }> {
      for (let n = 0; n < 10; n++) {
        if (from === 'source' && n === at) waitFor(ms);
        yield { n };
      }
    }
    return flow
      .source('list', reads ? fromIterable(N, list) : numbers({ count: 10 }))
      .map('first', N, ({ n }) => ({ n }))
      .map('second', N, ({ n }) => {
        if (from === 'closure' && n === at) waitFor(ms);
        return { n };
      })
      .map('third', N, ({ n }) => ({ n }))
      .collect('out');
  },
);
