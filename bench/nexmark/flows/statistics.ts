// q15 and q16, statistics of a day, and of a channel and a minute: bids, distinct bidders and distinct auctions, in all and by rank.

import { count, distinct, sum } from '../../../src/aggregates.ts';
import { t } from '../../../src/index.ts';
import { tumbling } from '../../../src/windows.ts';
import { csvCell, DAY_MS, MINUTE_MS, rankOf } from '../rules.ts';
import { nexmark } from './flow.ts';

const ID = t.optional(t.u32());
/** A bid with its ids once more for its rank: of the other ranks they are null. */
const RANKED = {
  channel: t.string(),
  bidder: t.u32(),
  auction: t.u32(),
  ...{ rank1: t.u8(), rank2: t.u8(), rank3: t.u8() },
  ...{ bidder1: ID, bidder2: ID, bidder3: ID },
  ...{ auction1: ID, auction2: ID, auction3: ID },
};

const STATISTICS = {
  ...{ bids: count(), bids1: sum('rank1'), bids2: sum('rank2'), bids3: sum('rank3') },
  ...{ bidders: distinct('bidder'), bidders1: distinct('bidder1'), bidders2: distinct('bidder2') },
  ...{ bidders3: distinct('bidder3'), auctions: distinct('auction'), auctions1: distinct('auction1') },
  ...{ auctions2: distinct('auction2'), auctions3: distinct('auction3') },
};

/** @param isByChannel false for all channels together */
const statistics = (table: string, sizeMs: number, isByChannel: boolean) =>
  nexmark(import.meta.url, table, (query) => {
    const { bids } = query.onTime({ bids: ['auction', 'bidder', 'price', 'channel'] });
    const ranked = bids.map('ranked', RANKED, ({ auction, bidder, price, channel }) => {
      const rank = rankOf(price);
      const of = <Value>(place: number, value: Value): Value | null => (rank === place ? value : null);
      return {
        channel: isByChannel ? channel : '',
        bidder,
        auction,
        rank1: of(0, 1) ?? 0,
        rank2: of(1, 1) ?? 0,
        rank3: of(2, 1) ?? 0,
        bidder1: of(0, bidder),
        bidder2: of(1, bidder),
        bidder3: of(2, bidder),
        auction1: of(0, auction),
        auction2: of(1, auction),
        auction3: of(2, auction),
      };
    });
    query.write(
      ranked.keyBy('channel').window(tumbling({ sizeMs })).aggregate('statistics', STATISTICS, query.keyed),
      (row) =>
        [
          ...(isByChannel ? [csvCell(row.channel)] : []),
          row.windowStart,
          ...[row.bids, row.bids1, row.bids2, row.bids3],
          ...[row.bidders, row.bidders1, row.bidders2, row.bidders3],
          ...[row.auctions, row.auctions1, row.auctions2, row.auctions3],
        ].join(),
    );
  });

export const q15 = statistics('q15', DAY_MS, false);
export const q16 = statistics('q16', MINUTE_MS, true);
