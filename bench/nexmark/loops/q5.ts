// q5, hot items: the auctions with the most bids of sliding windows. Bids are counted in panes of a step, and a window is the sum of
// its panes.

import { HOT_STEP_MS, WINDOW_MS, windowStart } from '../rules.ts';
import type { Loop } from './loop.ts';

export const q5: Loop = {
  open({ rows }) {
    const panes = new Map<number, Map<number, number>>();
    let nextEnd = Number.POSITIVE_INFINITY;
    const fire = (end: number): void => {
      const counts = new Map<number, number>();
      let most = 0;
      for (let start = end - WINDOW_MS; start < end; start += HOT_STEP_MS) {
        for (const [auction, bids] of panes.get(start) ?? []) {
          const sum = (counts.get(auction) ?? 0) + bids;
          counts.set(auction, sum);
          if (sum > most) most = sum;
        }
      }
      for (const [auction, bids] of counts) if (bids === most) rows.add(`${end - WINDOW_MS},${auction},${bids}`);
    };
    return {
      bid({ auction, dateTime }) {
        const start = windowStart(dateTime, HOT_STEP_MS);
        let pane = panes.get(start);
        if (pane === undefined) {
          pane = new Map();
          panes.set(start, pane);
          nextEnd = Math.min(nextEnd, start + HOT_STEP_MS);
        }
        pane.set(auction, (pane.get(auction) ?? 0) + 1);
      },
      watermark(timeMs) {
        while (panes.size > 0 && nextEnd <= timeMs) {
          fire(nextEnd);
          panes.delete(nextEnd - WINDOW_MS);
          nextEnd += HOT_STEP_MS;
        }
        if (panes.size === 0) nextEnd = Number.POSITIVE_INFINITY;
      },
    };
  },
};
