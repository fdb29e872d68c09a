// The twelve counts of q15 and q16: bids, distinct bidders, distinct auctions, each in all and by rank of price.

import { rankOf } from '../rules.ts';
import type { Events } from './loop.ts';

/** Distinct ids, in all and by rank: a mask of ranks for each. */
class Distinct {
  readonly #ranks = new Map<number, number>();
  readonly #counts = [0, 0, 0];

  add(id: number, rank: number): void {
    const before = this.#ranks.get(id) ?? 0;
    const mask = 1 << rank;
    if ((before & mask) !== 0) return;
    this.#ranks.set(id, before | mask);
    this.#counts[rank]++;
  }

  cells(): string {
    return `${this.#ranks.size},${this.#counts}`;
  }
}

export class Statistics {
  #bids = 0;
  readonly #byRank = [0, 0, 0];
  readonly #bidders = new Distinct();
  readonly #auctions = new Distinct();

  add({ bidder, auction, price }: Events['bids']): void {
    const rank = rankOf(price);
    this.#bids++;
    this.#byRank[rank]++;
    this.#bidders.add(bidder, rank);
    this.#auctions.add(auction, rank);
  }

  cells(): string {
    return `${this.#bids},${this.#byRank},${this.#bidders.cells()},${this.#auctions.cells()}`;
  }
}
