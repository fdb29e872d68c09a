// q18, last bid: of each bidder on each auction, written when all have come.

import { t } from '../../../src/index.ts';
import { csvCell } from '../rules.ts';
import { nexmark } from './flow.ts';

const LAST = { seq: t.u32(), price: t.u32(), channel: t.string(), dateTime: t.timestamp() };

export const q18 = nexmark(import.meta.url, 'q18', (query) => {
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'bidder', 'price', 'channel', 'dateTime'] });
  const lasts = bids.keyBy('bidder', 'auction').process(
    'lasts',
    { state: LAST, output: { bidder: t.u32(), auction: t.u32(), ...LAST } },
    ({ seq, price, channel, dateTime }, last) => {
      // A row begins with time 0, which is before all bids.
      if (dateTime < last.dateTime || (dateTime === last.dateTime && seq < last.seq)) return;
      last.seq = seq;
      last.price = price;
      last.channel = channel;
      last.dateTime = dateTime;
    },
    {
      ...query.keyed,
      end: ({ bidder, auction }, { seq, price, channel, dateTime }, emit) =>
        emit({ bidder, auction, seq, price, channel, dateTime }),
    },
  );
  query.write(
    lasts,
    ({ bidder, auction, seq, price, channel, dateTime }) =>
      `${bidder},${auction},${seq},${price},${csvCell(channel)},${dateTime}`,
  );
});
