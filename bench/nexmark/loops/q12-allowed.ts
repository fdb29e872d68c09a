// q12 with an allowed lateness: a window that has fired is kept for so long, and what it gets meanwhile is told at once, as a new row.

import { WINDOW_MS, windowStart } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Windows } from './windows.ts';

export const q12Allowed: Loop = {
  allows: true,
  open({ rows, allowedMs }) {
    const windows = new Windows(WINDOW_MS, () => new Map<number, number>());
    const fired = new Map<number, Map<number, number>>();
    return {
      bid({ bidder, dateTime }) {
        const start = windowStart(dateTime, WINDOW_MS);
        const late = fired.get(start);
        const counts = late ?? windows.at(dateTime);
        const bids = (counts.get(bidder) ?? 0) + 1;
        counts.set(bidder, bids);
        if (late !== undefined) rows.add(`${start},${bidder},${bids}`);
      },
      watermark(timeMs) {
        windows.fire(timeMs, (counts, start) => {
          for (const [bidder, bids] of counts) rows.add(`${start},${bidder},${bids}`);
          fired.set(start, counts);
        });
        for (const start of fired.keys()) if (start + WINDOW_MS + allowedMs <= timeMs) fired.delete(start);
      },
    };
  },
};
