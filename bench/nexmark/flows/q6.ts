// q6, average of a seller's last ten auctions with a winner, in the order in which they close: a second timer brings them into it.

import { t, table } from '../../../src/index.ts';
import { LAST_AUCTIONS } from '../rules.ts';
import { nexmark } from './flow.ts';
import { winningBids } from './winning-bids.ts';

export const q6 = nexmark(import.meta.url, 'q6', (query) => {
  const averages = winningBids(query)
    .keyBy('seller')
    .process(
      'averages',
      {
        state: { prices: t.json<number[] | null>() },
        tables: { closing: table({ closes: t.timestamp(), auction: t.u32() }, { price: t.u32() }) },
        output: { seller: t.u32(), auction: t.u32(), closes: t.timestamp(), price: t.u32(), average: t.u32() },
      },
      ({ auction, closes, price }, { closing }, _emit, { timers }) => {
        closing.upsert(closes, auction).price = price;
        timers.at(closes, String(closes));
      },
      {
        ...query.keyed,
        onTimer({ seller }, state, emit, { timer }) {
          const closed = [...state.closing].flatMap(({ closes, auction, price }) =>
            closes === timer.atMs ? [{ closes, auction, price }] : [],
          );
          closed.sort((one, other) => one.auction - other.auction);
          for (const { closes, auction, price } of closed) {
            const prices = [...(state.prices ?? []), price].slice(-LAST_AUCTIONS);
            state.prices = prices;
            const sum = prices.reduce((total, each) => total + each, 0);
            emit({ seller, auction, closes, price, average: Math.floor(sum / prices.length) });
            state.closing.delete(closes, auction);
          }
        },
      },
    );
  query.write(
    averages,
    ({ seller, auction, closes, price, average }) => `${seller},${auction},${closes},${price},${average}`,
  );
});
