// A source and a sink of their own making, with traps in everything that their actors call, and a log of how they were closed.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, type OperatorOptions, type SinkDefinition, type SourceDefinition, t } from '../../../src/index.ts';
import { type Traps, trapsAt } from './traps.ts';

const PLACES = ['open-source', 'read', 'close-source', 'open-sink', 'write', 'flush', 'close-sink'] as const;
export type EndsPlace = (typeof PLACES)[number];

export interface EndsParams extends Traps<EndsPlace> {
  readonly count: number;
  /** What the sink has written: number i at index i. */
  readonly written: SharedArrayBuffer;
  /** How many were closed, then 1 for a source and 2 for a sink, in the order in which they were. */
  readonly closed: SharedArrayBuffer;
  readonly failure?: OperatorOptions['failure'];
}

export const Closed = { source: 1, sink: 2 } as const;

const fields = { n: t.u32() };

export const endsParams = (params: Omit<EndsParams, 'written' | 'closed'>): EndsParams => ({
  ...params,
  written: new SharedArrayBuffer(4 * Math.min(params.count, 1_000_000)),
  closed: new SharedArrayBuffer(4 * 1000),
});

type Harm = Record<EndsPlace, (n: number) => void>;

function source({ count }: EndsParams, trap: Harm, close: () => void): SourceDefinition<typeof fields> {
  return {
    kind: 'reader',
    fields,
    open: ({ position }) => {
      trap['open-source'](0);
      const reader = {
        position,
        read(emit: (tuple: { n: number }) => void, limit: number) {
          for (let taken = 0; taken < limit; taken++) {
            if (reader.position === count) return 'end' as const;
            trap.read(reader.position);
            emit({ n: reader.position });
            reader.position++;
          }
          return 'more' as const;
        },
        close: () => {
          trap['close-source'](0);
          close();
        },
      };
      return reader;
    },
  };
}

function sink(written: Int32Array, trap: Harm, close: () => void): SinkDefinition<{ n: number }> {
  return {
    open: ({ position }) => {
      trap['open-sink'](0);
      let taken: number[] = [];
      let length = position;
      return {
        write({ n }) {
          trap.write(n);
          taken.push(n);
        },
        flush() {
          for (const n of taken) written[length++] = n;
          taken = [];
          trap.flush(0);
          return length;
        },
        rollback(to) {
          taken = [];
          length = to;
        },
        close() {
          trap['close-sink'](0);
          close();
        },
      };
    },
  };
}

export const ends = dataflow(import.meta.url, 'ends', (flow, params: EndsParams) => {
  const trap = trapsAt(PLACES, params);
  const closed = new Int32Array(params.closed);
  const close = (what: number) => () => {
    closed[Atomics.add(closed, 0, 1) + 1] = what;
  };
  const { failure } = params;
  flow
    .source('numbers', source(params, trap, close(Closed.source)), { failure })
    .to('sink', sink(new Int32Array(params.written), trap, close(Closed.sink)), { fuse: false, failure });
});
