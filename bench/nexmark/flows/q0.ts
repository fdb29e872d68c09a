// q0, pass through: every bid as it came.

import { csvCell } from '../rules.ts';
import { nexmark } from './flow.ts';

export const q0 = nexmark(import.meta.url, 'q0', (query) => {
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'bidder', 'price', 'channel', 'url', 'dateTime'] });
  query.write(
    bids,
    ({ seq, auction, bidder, price, channel, url, dateTime }) =>
      `${seq},${auction},${bidder},${price},${csvCell(channel)},${csvCell(url)},${dateTime}`,
    { isApart: true },
  );
});
