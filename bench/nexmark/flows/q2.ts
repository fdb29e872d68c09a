// q2, selection: bids on some auctions.

import { SELECTED_MODULO } from '../rules.ts';
import { nexmark } from './flow.ts';

export const q2 = nexmark(import.meta.url, 'q2', (query) => {
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'price'] });
  query.write(
    bids.filter('selection', ({ auction }) => auction % SELECTED_MODULO === 0),
    ({ seq, auction, price }) => `${seq},${auction},${price}`,
  );
});
