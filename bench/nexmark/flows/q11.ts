// q11, sessions: the bids of each bidder, as long as they keep coming.

import { count } from '../../../src/aggregates.ts';
import { session } from '../../../src/windows.ts';
import { SESSION_GAP_MS } from '../rules.ts';
import { nexmark } from './flow.ts';

export const q11 = nexmark(import.meta.url, 'q11', (query) => {
  const { bids } = query.onTime({ bids: ['bidder'] });
  query.write(
    bids
      .keyBy('bidder')
      .window(session({ gapMs: SESSION_GAP_MS }))
      .aggregate('sessions', { bids: count() }, query.keyed),
    ({ bidder, windowStart, windowEnd, bids: number }) => `${bidder},${windowStart},${windowEnd},${number}`,
  );
});
