// q4, average per category: of the winning bids of its auctions.

import type { Loop } from './loop.ts';
import { winningBids } from './winning-bids.ts';

export const q4: Loop = {
  open({ rows }) {
    const totals = new Map<number, { auctions: number; total: number }>();
    return {
      ...winningBids(({ category, price }) => {
        const row = totals.get(category);
        if (row === undefined) totals.set(category, { auctions: 1, total: price });
        else {
          row.auctions++;
          row.total += price;
        }
      }),
      end() {
        for (const [category, { auctions, total }] of totals)
          rows.add(`${category},${auctions},${total},${Math.floor(total / auctions)}`);
      },
    };
  },
};
