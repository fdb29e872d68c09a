// q12, bids of each bidder in tumbling windows; and the same with an allowed lateness, by which rows are corrected.

import { count } from '../../../src/aggregates.ts';
import { tumbling } from '../../../src/windows.ts';
import { WINDOW_MS } from '../rules.ts';
import { nexmark } from './flow.ts';

const bidsOfBidders = (table: string, allowedMsOf: (params: { readonly allowedMs: number }) => number) =>
  nexmark(import.meta.url, table, (query) => {
    const { bids } = query.onTime({ bids: ['bidder'] }, allowedMsOf(query.params));
    query.write(
      bids
        .keyBy('bidder')
        .window(tumbling({ sizeMs: WINDOW_MS }))
        .aggregate('counts', { bids: count() }, query.keyed),
      ({ windowStart, bidder, bids: number }) => `${windowStart},${bidder},${number}`,
    );
  });

export const q12 = bidsOfBidders('q12', () => 0);
export const q12Allowed = bidsOfBidders('q12_allowed', ({ allowedMs }) => allowedMs);
