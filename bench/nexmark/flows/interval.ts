// interval, early bids: those in the first five seconds of their auction.

import { t } from '../../../src/index.ts';
import { INTERVAL_MS } from '../rules.ts';
import { nexmark } from './flow.ts';

const EARLY = { auction: t.u32(), seq: t.u32(), bidder: t.u32(), price: t.u32(), dateTime: t.timestamp() };

export const interval = nexmark(import.meta.url, 'interval', (query) => {
  const { auctions, bids } = query.onTime({
    auctions: ['id'],
    bids: ['seq', 'auction', 'bidder', 'price', 'dateTime'],
  });
  const early = auctions
    .keyBy('id')
    .connect(bids.keyBy('auction'))
    .intervalJoin(
      'early bids',
      { fromMs: 0, toMs: INTERVAL_MS },
      EARLY,
      (_auction, { auction, seq, bidder, price, dateTime }) => ({ auction, seq, bidder, price, dateTime }),
      query.keyed,
    );
  query.write(early, ({ auction, seq, bidder, price, dateTime }) => `${auction},${seq},${bidder},${price},${dateTime}`);
});
