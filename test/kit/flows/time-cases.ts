// Flows for kinds of fault that other engines had with time: sweeps of many keys at once, and what is combined on a quiet stream.

import { collect, count, first, last, mean, sum, topN } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

const ITEM = { key: t.u32(), at: t.f64(), value: t.f64() };

/** Windows of many keys that end together, and another stream on the same worker. */
export const sweep = dataflow(import.meta.url, 'sweep', (flow, { keys }: { keys: number }) => {
  const windows = flow
    .source(
      'items',
      generate(ITEM, (n) => ({ key: n, at: n < keys ? 5 : 10_000, value: 1 }), { count: keys + 1 }),
    )
    .withEventTime('at')
    .keyBy('key')
    .window(tumbling({ sizeMs: 1000 }))
    .aggregate('windows', { n: count() }, { combine: false })
    .collect('out');
  const beside = flow.source('beats', push({ n: t.u32() })).map('beat', { n: t.u32() }, (tuple) => tuple);
  return [windows, beside.collect('beats-out')];
});

/** A window of each second, of items that the app pushes. */
export const quiet = dataflow(import.meta.url, 'quiet', (flow) =>
  flow
    .source('items', push(ITEM))
    .withEventTime('at')
    .keyBy('key')
    .window(tumbling({ sizeMs: 1000 }))
    .aggregate('windows', { n: count(), total: sum('value') }, { combineMs: 500 })
    .collect('out'),
);

interface PartsParams {
  readonly count: number;
  readonly combine: boolean;
}

export const isBadPart = (n: number): boolean => n % 37 === 36;
export const partAt = (n: number) => ({ key: n % 3, at: n, value: ((n * 31) % 17) - 5.5 });

/** All sorts of aggregates of windows, whose items are rolled back now and then before they are combined. */
export const parts = dataflow(import.meta.url, 'parts', (flow, { count: items, combine }: PartsParams) =>
  flow
    .source('items', generate(ITEM, partAt, { count: items }))
    .withEventTime('at')
    .map('checked', ITEM, (item) => {
      if (isBadPart(item.at)) throw new RangeError(`${item.at} is bad`);
      return item;
    })
    .keyBy('key')
    .window(tumbling({ sizeMs: 50 }))
    .aggregate(
      'windows',
      {
        n: count(),
        mean: mean('value'),
        total: sum('value'),
        first: first('at'),
        last: last('at'),
        top: topN('value', 3),
        all: collect('at', 100),
      },
      { combine },
    )
    .collect('out'),
);
