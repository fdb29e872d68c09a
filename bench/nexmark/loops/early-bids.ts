// Bids on auctions that have not been seen: kept while their auction may still come.
// Relies on: an auction that a bid counts for has a time that is not after the bid's, and is on time: once the watermark is beyond the
// bid, it does not come any more.

import type { Events } from './loop.ts';
import { Timers } from './timers.ts';

export interface EarlyBid {
  readonly seq: number;
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: number;
}

interface Waiting {
  readonly auction: number;
  newestMs: number;
  readonly bids: EarlyBid[];
}

export class EarlyBids {
  readonly #byAuction = new Map<number, Waiting>();
  readonly #timers = new Timers<Waiting>();

  add({ auction, seq, bidder, price, dateTime }: Events['bids']): void {
    let waiting = this.#byAuction.get(auction);
    if (waiting === undefined) {
      waiting = { auction, newestMs: dateTime, bids: [] };
      this.#byAuction.set(auction, waiting);
      this.#timers.set(dateTime + 1, waiting);
    }
    if (dateTime > waiting.newestMs) waiting.newestMs = dateTime;
    waiting.bids.push({ seq, bidder, price, dateTime });
  }

  /** Those of an auction, which need not be kept any more. */
  take(auction: number): readonly EarlyBid[] {
    const waiting = this.#byAuction.get(auction);
    if (waiting === undefined) return [];
    this.#byAuction.delete(auction);
    return waiting.bids;
  }

  readonly watermark = (timeMs: number): void => {
    this.#timers.fire(timeMs, (waiting) => {
      if (this.#byAuction.get(waiting.auction) !== waiting) return;
      if (waiting.newestMs < timeMs) this.#byAuction.delete(waiting.auction);
      else this.#timers.set(waiting.newestMs + 1, waiting);
    });
  };
}
