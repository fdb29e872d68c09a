// q7, highest bids: those with the highest price of each window.

import { WINDOW_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Windows } from './windows.ts';

export const q7: Loop = {
  open({ rows }) {
    const windows = new Windows(WINDOW_MS, () => ({ price: -1, bids: [] as string[] }));
    return {
      bid({ seq, auction, bidder, price, dateTime }) {
        const highest = windows.at(dateTime);
        if (price < highest.price) return;
        if (price > highest.price) {
          highest.price = price;
          highest.bids.length = 0;
        }
        highest.bids.push(`${seq},${auction},${bidder},${price},${dateTime}`);
      },
      watermark(timeMs) {
        windows.fire(timeMs, ({ bids }, start) => {
          for (const bid of bids) rows.add(`${start},${bid}`);
        });
      },
    };
  },
};
