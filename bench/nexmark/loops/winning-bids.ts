// The winning bid of each auction when it closes: what q4, q6 and q9 begin with.
// Promises: auctions close in order of (closes, auction).

import { EarlyBids } from './early-bids.ts';
import type { Steps } from './loop.ts';
import { Timers } from './timers.ts';

export interface Winner {
  readonly auction: number;
  readonly seller: number;
  readonly category: number;
  readonly opens: number;
  readonly closes: number;
  readonly reserve: number;
  /** Of the best bid so far; seq is -1 before the first. */
  seq: number;
  bidder: number;
  price: number;
  dateTime: number;
}

type Offer = Pick<Winner, 'seq' | 'bidder' | 'price' | 'dateTime'>;

function offer(winner: Winner, { seq, bidder, price, dateTime }: Offer): void {
  if (price < winner.reserve || price < winner.price || dateTime < winner.opens || dateTime >= winner.closes) return;
  if (price === winner.price && winner.seq >= 0) {
    if (dateTime > winner.dateTime || (dateTime === winner.dateTime && seq > winner.seq)) return;
  }
  winner.seq = seq;
  winner.bidder = bidder;
  winner.price = price;
  winner.dateTime = dateTime;
}

/** @param won called for each auction with a winner */
export function winningBids(won: (winner: Winner) => void): Steps {
  const open = new Map<number, Winner>();
  const early = new EarlyBids();
  const closing = new Timers<Winner>();
  const close = (winner: Winner): void => {
    open.delete(winner.auction);
    if (winner.seq >= 0) won(winner);
  };
  return {
    auction({ id, seller, category, dateTime: opens, expires: closes, reserve }) {
      const winner: Winner = {
        auction: id,
        seller,
        category,
        opens,
        closes,
        reserve,
        seq: -1,
        bidder: 0,
        price: 0,
        dateTime: 0,
      };
      open.set(id, winner);
      closing.set(closes, winner, id);
      for (const bid of early.take(id)) offer(winner, bid);
    },
    bid(bid) {
      const winner = open.get(bid.auction);
      if (winner === undefined) early.add(bid);
      else offer(winner, bid);
    },
    watermark(timeMs) {
      closing.fire(timeMs, close);
      early.watermark(timeMs);
    },
  };
}
