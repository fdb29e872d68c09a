// q19, top ten: the best bids of each auction, written when all have come.

import { t, table } from '../../../src/index.ts';
import { isBetter, type Ranked, TOP_BIDS } from '../rules.ts';
import { nexmark } from './flow.ts';

const BID = { bidder: t.u32(), price: t.u32(), dateTime: t.timestamp() };

export const q19 = nexmark(import.meta.url, 'q19', (query) => {
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'bidder', 'price', 'dateTime'] });
  const tops = bids.keyBy('auction').process(
    'tops',
    {
      // Of the worst of ten.
      state: { seq: t.u32(), price: t.u32(), dateTime: t.timestamp() },
      tables: { best: table({ seq: t.u32() }, BID) },
      output: { auction: t.u32(), rank: t.u32(), seq: t.u32(), ...BID },
    },
    (bid, state) => {
      const { best } = state;
      if (best.size === TOP_BIDS) {
        if (!isBetter(bid, state)) return;
        best.delete(state.seq);
      }
      const row = best.upsert(bid.seq);
      row.bidder = bid.bidder;
      row.price = bid.price;
      row.dateTime = bid.dateTime;
      if (best.size < TOP_BIDS) return;
      let worst: Ranked = bid;
      for (const { seq, price, dateTime } of best) {
        if (isBetter(worst, { seq, price, dateTime })) worst = { seq, price, dateTime };
      }
      state.seq = worst.seq;
      state.price = worst.price;
      state.dateTime = worst.dateTime;
    },
    {
      ...query.keyed,
      end: ({ auction }, { best }, emit) => {
        const ranked = [...best].map(({ seq, bidder, price, dateTime }) => ({ seq, bidder, price, dateTime }));
        ranked.sort((one, other) => (isBetter(one, other) ? -1 : 1));
        for (const [at, bid] of ranked.entries()) emit({ auction, rank: at + 1, ...bid });
      },
    },
  );
  query.write(
    tops,
    ({ auction, rank, seq, bidder, price, dateTime }) => `${auction},${rank},${seq},${bidder},${price},${dateTime}`,
  );
});
