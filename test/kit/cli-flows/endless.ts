// Goes on until it is stopped. Two outputs, so that a stop has to drain both.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export default dataflow(import.meta.url, 'endless', (flow) =>
  flow
    .source(
      'numbers',
      generate({ id: t.u32() }, (id) => ({ id }), { ratePerSecond: 5000 }),
    )
    .split(
      (all) => all.collect('ids'),
      (all) => all.map('square', { square: t.f64() }, ({ id }) => ({ square: id * id })).collect('squares'),
    ),
);
