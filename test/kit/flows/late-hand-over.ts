// A keyed flow that says at the end of the stream what it has counted, key by key, and cannot for one of the keys.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** Each of `keys` comes once; `end` throws for `poison`. */
export const endsByKey = dataflow(
  import.meta.url,
  'ends-by-key',
  (flow, { keys, poison }: { keys: readonly number[]; poison: number }) =>
    flow
      .source(
        'keys',
        generate({ key: t.u32() }, (n) => ({ key: keys[n] }), { count: keys.length }),
      )
      .keyBy('key')
      .process(
        'last',
        { state: { count: t.u32() }, output: { key: t.u32(), count: t.u32() } },
        (_tuple, state) => {
          state.count += 1;
        },
        {
          parallelism: { max: 2 },
          end: ({ key }, { count }, emit) => {
            if (key === poison) throw new Error(`${key} is poison`);
            emit({ key, count });
          },
        },
      )
      .collect('out'),
);
