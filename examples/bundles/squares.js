// The flow of this folder's bundles: each worker imports the file that this module has become a part of.
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

export const squares = dataflow(import.meta.url, 'squares', (flow) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 5 }),
    )
    .map('square', { square: t.f64() }, ({ n }) => ({ square: n * n }))
    .collect('squares'),
);
