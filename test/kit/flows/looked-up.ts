// A flow that looks tuples up in a small table, which two replicas read with rows that contradict each other.

import { dataflow, type ParallelismRange, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

interface Params {
  readonly count: number;
  /** Rows of the table: two for each id, and 0 for an empty table. */
  readonly rows: number;
  readonly isTimed?: boolean;
  readonly parallelism?: number | ParallelismRange;
  readonly wait?: boolean;
}

/** Every tenth fact has no id, every id that can be divided by 7 is removed, and a fact of id 13 fails. */
export const lookedUp = dataflow(
  import.meta.url,
  'looked-up',
  (flow, { count, rows, isTimed = false, parallelism = 1, wait = true }: Params) => {
    const ids = Math.max(1, rows / 2);
    const table = flow.source(
      'table',
      generate(
        { id: t.optional(t.u32()), version: t.string() },
        (n, partition) => ({ id: Math.floor(n / 2) % ids, version: `${partition}` }),
        {
          count: rows,
          partitions: 2,
          ratePerSecond: 2000,
        },
      ),
      { parallelism: 2 },
    );
    const facts = flow.source(
      'facts',
      generate(
        { n: t.u32(), ref: t.optional(t.u32()), at: t.timestamp() },
        (n) => ({
          n,
          ref: n % 10 === 9 ? null : n % ids,
          at: 1000 + n,
        }),
        { count, ratePerSecond: 2000 },
      ),
    );
    return (isTimed ? facts.withEventTime('at') : facts)
      .lookup(
        'named',
        table.keyBy('id'),
        'ref',
        { n: t.u32(), id: t.optional(t.u32()), version: t.optional(t.string()) },
        ({ n, ref }, row) => {
          if (ref === 13) throw new RangeError('bad luck');
          return { n, id: ref, version: row?.version ?? null };
        },
        { parallelism, wait, isRemoval: ({ id }) => id !== null && id % 7 === 0 },
      )
      .collect('out');
  },
);
