// q12, bids per user: the number of bids of each bidder in each window.

import { WINDOW_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Windows } from './windows.ts';

export const q12: Loop = {
  open({ rows }) {
    const windows = new Windows(WINDOW_MS, () => new Map<number, number>());
    return {
      bid({ bidder, dateTime }) {
        const counts = windows.at(dateTime);
        counts.set(bidder, (counts.get(bidder) ?? 0) + 1);
      },
      watermark(timeMs) {
        windows.fire(timeMs, (counts, start) => {
          for (const [bidder, bids] of counts) rows.add(`${start},${bidder},${bids}`);
        });
      },
    };
  },
};
