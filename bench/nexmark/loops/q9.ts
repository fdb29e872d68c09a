// q9, winning bids: the best bid of each auction, once it has closed.

import type { Loop } from './loop.ts';
import { winningBids } from './winning-bids.ts';

export const q9: Loop = {
  open: ({ rows }) =>
    winningBids(({ auction, seller, category, closes, seq, bidder, price, dateTime }) =>
      rows.add(`${auction},${seller},${category},${closes},${seq},${bidder},${price},${dateTime}`),
    ),
};
