// Fails at a tuple, after others have been committed.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export default dataflow(import.meta.url, 'failing', (flow) =>
  flow
    .source(
      'numbers',
      generate({ id: t.u32() }, (id) => ({ id }), { count: 10 }),
    )
    .map(
      'check',
      { id: t.u32() },
      ({ id }) => {
        if (id === 7) throw new RangeError('seven is\ntoo much');
        return { id };
      },
      { failure: 'stop' },
    )
    .collect('ids'),
);
