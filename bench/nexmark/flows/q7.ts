// q7, highest bids: those with the highest price of each window, all of them if tied. They are kept where bids are read, and merged.

import { custom } from '../../../src/aggregates.ts';
import { t } from '../../../src/index.ts';
import { tumbling } from '../../../src/windows.ts';
import { WINDOW_MS } from '../rules.ts';
import { nexmark } from './flow.ts';

interface Bid {
  readonly seq: number;
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: number;
}

/** The bids of the highest price among those of two lists. */
function highest(one: Bid[] | null, other: Bid[] | null): Bid[] | null {
  if (one === null || other === null) return one ?? other;
  const [first] = one;
  const [second] = other;
  if (first.price === second.price) return [...one, ...other];
  return first.price > second.price ? one : other;
}

const highestBids = custom({
  state: { best: t.json<Bid[] | null>() },
  type: t.json<Bid[] | null>(),
  add(state, { seq, auction, bidder, price, dateTime }: Bid) {
    if (state.best !== null && state.best[0].price > price) return;
    state.best = highest(state.best, [{ seq, auction, bidder, price, dateTime }]);
  },
  merge(state, other) {
    state.best = highest(state.best, other.best);
  },
  result: ({ best }) => best,
});

const BID = { seq: t.u32(), auction: t.u32(), bidder: t.u32(), price: t.u32(), dateTime: t.timestamp() };

export const q7 = nexmark(import.meta.url, 'q7', (query) => {
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'bidder', 'price', 'dateTime'] });
  const rows = bids
    .map('all', { all: t.u8(), ...BID }, ({ seq, auction, bidder, price, dateTime }) => ({
      all: 0,
      seq,
      auction,
      bidder,
      price,
      dateTime,
    }))
    .keyBy('all')
    .window(tumbling({ sizeMs: WINDOW_MS }))
    .aggregate('highest', { best: highestBids }, query.keyed)
    .flatMap('rows of bids', { windowStart: t.timestamp(), ...BID }, ({ windowStart, best }, emit) => {
      for (const bid of best ?? []) emit({ windowStart, ...bid });
    });
  query.write(
    rows,
    ({ windowStart, seq, auction, bidder, price, dateTime }) =>
      `${windowStart},${seq},${auction},${bidder},${price},${dateTime}`,
  );
});
