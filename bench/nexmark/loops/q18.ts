// q18, last bid: of each bidder on each auction.

import { csvCell } from '../rules.ts';
import type { Loop } from './loop.ts';

export const q18: Loop = {
  open({ rows }) {
    const bidders = new Map<number, Map<number, { seq: number; price: number; channel: string; dateTime: number }>>();
    return {
      bid(bid) {
        const { bidder, auction, seq, dateTime } = bid;
        let lasts = bidders.get(bidder);
        if (lasts === undefined) {
          lasts = new Map();
          bidders.set(bidder, lasts);
        }
        const last = lasts.get(auction);
        if (last === undefined) {
          lasts.set(auction, { seq, price: bid.price, channel: bid.channel, dateTime });
        } else if (dateTime > last.dateTime || (dateTime === last.dateTime && seq > last.seq)) {
          last.seq = seq;
          last.price = bid.price;
          last.channel = bid.channel;
          last.dateTime = dateTime;
        }
      },
      end() {
        for (const [bidder, lasts] of bidders)
          for (const [auction, { seq, price, channel, dateTime }] of lasts)
            rows.add(`${bidder},${auction},${seq},${price},${csvCell(channel)},${dateTime}`);
      },
    };
  },
};
