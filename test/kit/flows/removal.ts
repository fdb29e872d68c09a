// A flow whose closure removes a key's row at every third tuple of the key, in the middle of chunks and frames.

import { dataflow, t, table } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export const removal = dataflow(
  import.meta.url,
  'removal',
  (flow, { count, keys, parallelism }: { count: number; keys: number; parallelism: number }) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32(), key: t.string() }, (n) => ({ n, key: `key-${(n * 7919) % keys}` }), { count }),
      )
      .keyBy('key')
      .process(
        'count',
        {
          state: { count: t.u32(), last: t.string() },
          tables: { seen: table({ n: t.u32() }, { note: t.string() }) },
          output: { key: t.string(), n: t.u32(), count: t.u32(), seen: t.u32() },
        },
        ({ n, key }, state, emit, context) => {
          state.count += 1;
          state.last = `the last tuple of ${key} is ${n}`;
          state.seen.upsert(n).note = `a note that does not fit into its cell: ${n}`;
          emit({ key, n, count: state.count, seen: state.seen.size });
          if (state.count === 3) context.remove();
        },
        { parallelism },
      )
      .collect('out'),
);
