// A flow that can be made impossible to load on a worker, by an environment variable or by orders in its params.
// Workers import this module too: it declares, and runs nothing.

import { isMainThread } from 'node:worker_threads';
import { dataflow, type SourceDefinition, t } from '../../../src/index.ts';

/** While it is set, threads that are new cannot import this module. */
export const UNLOADABLE = 'MILLRACE_TEST_UNLOADABLE';

if (!isMainThread && process.env[UNLOADABLE] !== undefined) throw new Error('not to be imported now');

/** Cells of `orders`: how often more the next build, or the next opening of the source, is to fail. */
export const OrderCell = {
  throwInBuild: 0,
  exitInBuild: 1,
  throwInOpen: 2,
  exitInOpen: 3,
  exitInSink: 4,
  opened: 5,
} as const;

export interface UnloadableParams {
  readonly orders: SharedArrayBuffer;
  readonly count: number;
  /** Tuples a millisecond, about. */
  readonly perMs: number;
}

export const newOrders = (): Int32Array => new Int32Array(new SharedArrayBuffer(32));

const fields = { n: t.u32() };

/** True, and counted, if an order is still to be carried out. */
function take(orders: Int32Array, cell: number): boolean {
  const left = Atomics.load(orders, cell);
  if (left === 0) return false;
  Atomics.sub(orders, cell, 1);
  return true;
}

function numbers({ count, perMs }: UnloadableParams, orders: Int32Array): SourceDefinition<typeof fields> {
  return {
    kind: 'reader',
    fields,
    open: ({ position, wake }) => {
      Atomics.add(orders, OrderCell.opened, 1);
      if (take(orders, OrderCell.throwInOpen)) throw new Error('not to be opened now');
      if (take(orders, OrderCell.exitInOpen)) process.exit(9);
      const timer = setInterval(wake, 1);
      const reader = {
        position,
        read(emit: (tuple: { n: number }) => void, limit: number) {
          for (let i = 0; i < Math.min(limit, perMs); i++) {
            if (reader.position >= count) return 'end' as const;
            emit({ n: reader.position++ });
          }
          return 'wait' as const;
        },
        close: () => clearInterval(timer),
      };
      return reader;
    },
  };
}

/** Its stages are source and sink, so that a crash of either opens something anew. */
export const unloadable = dataflow(import.meta.url, 'unloadable', (flow, params: UnloadableParams) => {
  const orders = new Int32Array(params.orders);
  if (!isMainThread) {
    if (take(orders, OrderCell.throwInBuild)) throw new Error('not to be built now');
    if (take(orders, OrderCell.exitInBuild)) process.exit(9);
  }
  const source = flow.source('numbers', numbers(params, orders));
  source.to(
    'sink',
    {
      open: () => {
        if (take(orders, OrderCell.exitInSink)) process.exit(9);
        return { write: () => {}, flush: () => 0, rollback: () => {}, close: () => {} };
      },
    },
    { fuse: false },
  );
  return source
    .keyBy('n')
    .process(
      'pass',
      { state: { count: t.u32() }, output: fields },
      ({ n }, state, emit) => {
        state.count += 1;
        emit({ n });
      },
      { parallelism: { max: 3 } },
    )
    .collect('out');
});
