// q4, average per category: of the winning bids.

import { count, sum } from '../../../src/aggregates.ts';
import { nexmark } from './flow.ts';
import { winningBids } from './winning-bids.ts';

export const q4 = nexmark(import.meta.url, 'q4', (query) =>
  query.write(
    winningBids(query)
      .keyBy('category')
      .aggregate('totals', { auctions: count(), total: sum('price') }, query.keyed),
    ({ category, auctions, total }) => `${category},${auctions},${total},${Math.floor(total / auctions)}`,
  ),
);
