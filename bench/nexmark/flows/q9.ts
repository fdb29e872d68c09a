// q9, winning bids: of each auction the best bid, if there is one, when the auction closes.

import { nexmark } from './flow.ts';
import { winningBids } from './winning-bids.ts';

export const q9 = nexmark(import.meta.url, 'q9', (query) =>
  query.write(
    winningBids(query),
    ({ auction, seller, category, closes, seq, bidder, price, dateTime }) =>
      `${auction},${seller},${category},${closes},${seq},${bidder},${price},${dateTime}`,
  ),
);
