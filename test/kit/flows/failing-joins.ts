// A join whose closure throws at every row without a mate, all of one key.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { LEFT, RIGHT } from './joins.ts';

export const failingJoin = dataflow(import.meta.url, 'failing-join', (flow, { count }: { count: number }) => {
  const lefts = flow.source(
    'lefts',
    generate(LEFT, (n) => ({ key: 0, at: 10 * n, id: n }), { count }),
  );
  const rights = flow.source(
    'rights',
    generate(RIGHT, () => ({ ref: 0, at: 0, text: '' }), { count: 0 }),
  );
  return lefts
    .withEventTime('at', { outOfOrderMs: 10 * count })
    .keyBy('key')
    .connect(rights.withEventTime('at', { outOfOrderMs: 0 }).keyBy('ref'))
    .intervalJoin(
      'join',
      { fromMs: 0, toMs: 1 },
      { left: t.u32() },
      ({ id }) => {
        throw new RangeError(`${id} is alone`);
      },
      { kind: 'left' },
    )
    .collect('pairs');
});
