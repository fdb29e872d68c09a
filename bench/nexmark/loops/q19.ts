// q19, top ten: the best bids of each auction.

import { isBetter, type Ranked, TOP_BIDS } from '../rules.ts';
import type { Loop } from './loop.ts';

interface Bid extends Ranked {
  readonly bidder: number;
}

export const q19: Loop = {
  open({ rows }) {
    const auctions = new Map<number, Bid[]>();
    return {
      bid(bid) {
        let top = auctions.get(bid.auction);
        if (top === undefined) {
          top = [];
          auctions.set(bid.auction, top);
        }
        if (top.length === TOP_BIDS && !isBetter(bid, top[TOP_BIDS - 1])) return;
        let at = top.length;
        while (at > 0 && isBetter(bid, top[at - 1])) at--;
        const { seq, bidder, price, dateTime } = bid;
        top.splice(at, 0, { seq, bidder, price, dateTime });
        if (top.length > TOP_BIDS) top.pop();
      },
      end() {
        for (const [auction, top] of auctions) {
          for (const [at, { seq, bidder, price, dateTime }] of top.entries())
            rows.add(`${auction},${at + 1},${seq},${bidder},${price},${dateTime}`);
        }
      },
    };
  },
};
