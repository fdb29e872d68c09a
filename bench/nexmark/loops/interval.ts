// Early bids: those of the first seconds of their auction, whichever comes first.

import { INTERVAL_MS } from '../rules.ts';
import { EarlyBids } from './early-bids.ts';
import type { Loop } from './loop.ts';
import { Timers } from './timers.ts';

export const interval: Loop = {
  open({ rows }) {
    const open = new Map<number, number>();
    const early = new EarlyBids();
    const closing = new Timers<number>();
    const add = (
      auction: number,
      opens: number,
      { seq, bidder, price, dateTime }: { seq: number; bidder: number; price: number; dateTime: number },
    ): void => {
      if (dateTime >= opens && dateTime < opens + INTERVAL_MS)
        rows.add(`${auction},${seq},${bidder},${price},${dateTime}`);
    };
    return {
      auction({ id, dateTime }) {
        open.set(id, dateTime);
        closing.set(dateTime + INTERVAL_MS, id);
        for (const bid of early.take(id)) add(id, dateTime, bid);
      },
      bid(bid) {
        const opens = open.get(bid.auction);
        if (opens === undefined) early.add(bid);
        else add(bid.auction, opens, bid);
      },
      watermark(timeMs) {
        closing.fire(timeMs, (id) => open.delete(id));
        early.watermark(timeMs);
      },
    };
  },
};
