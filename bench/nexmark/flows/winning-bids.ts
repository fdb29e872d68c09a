// The winning bid of each auction, when it closes: the streams that q4, q6 and q9 begin with.

import { t, table } from '../../../src/index.ts';
import { isBetter } from '../rules.ts';
import type { Query } from './flow.ts';

const BID = { seq: t.u32(), bidder: t.u32(), price: t.u32(), dateTime: t.timestamp() };
const AUCTION = { seller: t.u32(), category: t.u32(), closes: t.timestamp() };

export function winningBids(query: Query) {
  const { auctions, bids } = query.onTime({
    auctions: ['id', 'seller', 'category', 'reserve', 'dateTime', 'expires'],
    bids: ['seq', 'auction', 'bidder', 'price', 'dateTime'],
  });
  return auctions
    .keyBy('id')
    .connect(bids.keyBy('auction'))
    .process(
      'winning bids',
      {
        state: { isKnown: t.bool(), opens: t.timestamp(), reserve: t.u32(), hasBid: t.bool(), ...AUCTION, ...BID },
        // Bids on an auction that has not come yet.
        tables: { early: table({ seq: t.u32() }, { bidder: t.u32(), price: t.u32(), dateTime: t.timestamp() }) },
        output: { auction: t.u32(), ...AUCTION, ...BID },
      },
      {
        left({ seller, category, reserve, dateTime: opens, expires: closes }, state, _emit, { timers }) {
          Object.assign(state, { isKnown: true, seller, category, reserve, opens, closes });
          for (const bid of state.early) consider(state, bid);
          state.early.clear();
          timers.at(closes);
        },
        right(bid, state, _emit, { timers }) {
          if (state.isKnown) return consider(state, bid);
          const { seq, bidder, price, dateTime } = bid;
          Object.assign(state.early.upsert(seq), { bidder, price, dateTime });
          // An auction that comes later opens later than these bids.
          timers.at(Math.max(timers.due() ?? 0, dateTime + 1));
        },
        onTimer({ id: auction }, state, emit, context) {
          const { seller, category, closes, seq, bidder, price, dateTime } = state;
          if (state.hasBid) emit({ auction, seller, category, closes, seq, bidder, price, dateTime });
          context.remove();
        },
      },
      query.keyed,
    );
}

interface Bid {
  seq: number;
  bidder: number;
  price: number;
  dateTime: number;
}

interface Best extends Bid {
  readonly opens: number;
  readonly closes: number;
  readonly reserve: number;
  hasBid: boolean;
}

/** Takes a bid as the best one of its auction, if it is. */
function consider(best: Best, { seq, bidder, price, dateTime }: Readonly<Bid>): void {
  if (dateTime < best.opens || dateTime >= best.closes || price < best.reserve) return;
  if (best.hasBid && !isBetter({ seq, price, dateTime }, best)) return;
  Object.assign(best, { hasBid: true, seq, bidder, price, dateTime });
}
