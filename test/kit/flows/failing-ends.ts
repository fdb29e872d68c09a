// A flow in which the closure at the end of the stream fails for every key, in all key groups.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export const failingEnds = dataflow(import.meta.url, 'failing-ends', (flow, { keys }: { keys: number }) =>
  flow
    .source(
      'numbers',
      generate({ key: t.u32() }, (key) => ({ key }), { count: keys }),
    )
    .keyBy('key')
    .process('count', { state: { count: t.u32() }, output: { key: t.u32() } }, (_, state) => void state.count++, {
      end({ key }) {
        throw new RangeError(`no end of ${key}`);
      },
    })
    .collect('out'),
);
