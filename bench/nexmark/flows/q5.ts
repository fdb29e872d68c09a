// q5, hot items: the auctions with the most bids of sliding windows, all of them if tied.

import { count } from '../../../src/aggregates.ts';
import { t, table } from '../../../src/index.ts';
import { sliding } from '../../../src/windows.ts';
import { HOT_STEP_MS, WINDOW_MS } from '../rules.ts';
import { nexmark } from './flow.ts';

export const q5 = nexmark(import.meta.url, 'q5', (query) => {
  const { bids } = query.onTime({ bids: ['auction'] });
  const hottest = bids
    .keyBy('auction')
    .window(sliding({ sizeMs: WINDOW_MS, everyMs: HOT_STEP_MS }))
    .aggregate('counts', { bids: count() }, query.keyed)
    .keyBy('windowEnd')
    .process(
      'hottest',
      {
        state: { most: t.u32() },
        tables: { auctions: table({ auction: t.u32() }, {}) },
        output: { windowStart: t.timestamp(), auction: t.u32(), bids: t.u32() },
      },
      ({ windowEnd, auction, bids: number }, state, _emit, { timers }) => {
        if (number < state.most) return;
        if (number > state.most) state.auctions.clear();
        state.most = number;
        state.auctions.upsert(auction);
        timers.at(windowEnd);
      },
      {
        ...query.keyed,
        onTimer({ windowEnd }, { most, auctions }, emit, context) {
          for (const { auction } of auctions) emit({ windowStart: windowEnd - WINDOW_MS, auction, bids: most });
          context.remove();
        },
      },
    );
  query.write(hottest, ({ windowStart, auction, bids: number }) => `${windowStart},${auction},${number}`);
});
