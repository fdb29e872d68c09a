// Goes on until it is stopped. From the first tuple on its operator has more to do than one replica can.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

const WAIT_MS = 2;
const nothing = new Int32Array(new SharedArrayBuffer(4));

export default dataflow(import.meta.url, 'surging', (flow) =>
  flow
    .source(
      'numbers',
      generate({ id: t.u32() }, (id) => ({ id }), { ratePerSecond: 700 }),
    )
    .keyBy('id')
    .map(
      'ask',
      { id: t.u32() },
      (tuple) => {
        Atomics.wait(nothing, 0, 0, WAIT_MS);
        return tuple;
      },
      { parallelism: { max: 3 } },
    )
    .collect('answers'),
);
