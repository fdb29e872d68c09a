// q1, currency: the price of every bid in another one.

import { inEuros } from '../rules.ts';
import { nexmark } from './flow.ts';

export const q1 = nexmark(import.meta.url, 'q1', (query) => {
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'bidder', 'price', 'dateTime'] });
  query.write(
    bids,
    ({ seq, auction, bidder, price, dateTime }) => `${seq},${auction},${bidder},${inEuros(price)},${dateTime}`,
    { isApart: true },
  );
});
