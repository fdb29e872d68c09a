// q6, seller's last ten: the mean price of the auctions that a seller closed last, at each one.
// Relies on: winners come in order of (closes, auction).

import { LAST_AUCTIONS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { winningBids } from './winning-bids.ts';

export const q6: Loop = {
  open({ rows }) {
    const sellers = new Map<number, number[]>();
    return winningBids(({ seller, auction, closes, price }) => {
      let prices = sellers.get(seller);
      if (prices === undefined) {
        prices = [];
        sellers.set(seller, prices);
      }
      if (prices.length === LAST_AUCTIONS) prices.shift();
      prices.push(price);
      let sum = 0;
      for (const each of prices) sum += each;
      rows.add(`${seller},${auction},${closes},${price},${Math.floor(sum / prices.length)}`);
    });
  },
};
