// q3, local items: auctions of one category with their sellers from some states, whichever comes first. The key is the seller.

import { t, table } from '../../../src/index.ts';
import { csvCell, LOCAL_CATEGORY, LOCAL_STATES } from '../rules.ts';
import { nexmark } from './flow.ts';

/** A person, or an auction whose seller that is. */
const SIDE = {
  seller: t.u32(),
  isPerson: t.bool(),
  auction: t.u32(),
  name: t.string(),
  city: t.string(),
  state: t.string(),
};
const ITEM = { auction: t.u32(), seller: t.u32(), name: t.string(), city: t.string(), state: t.string() };

export const q3 = nexmark(import.meta.url, 'q3', (query) => {
  const { persons, auctions } = query.onTime({
    persons: ['id', 'name', 'city', 'state'],
    auctions: ['id', 'seller', 'category'],
  });
  const sellers = persons
    .filter('local persons', ({ state }) => LOCAL_STATES.has(state))
    .map('sellers', SIDE, ({ id, name, city, state }) => ({
      seller: id,
      isPerson: true,
      auction: 0,
      name,
      city,
      state,
    }));
  const items = auctions
    .filter('items of the category', ({ category }) => category === LOCAL_CATEGORY)
    .map('items', SIDE, ({ id, seller }) => ({
      seller,
      isPerson: false,
      auction: id,
      name: '',
      city: '',
      state: '',
    }));
  const pairs = sellers
    .merge(items)
    .keyBy('seller')
    .process(
      'pairs',
      {
        state: { isKnown: t.bool(), name: t.string(), city: t.string(), home: t.string() },
        tables: { waiting: table({ auction: t.u32() }, {}) },
        output: ITEM,
      },
      ({ seller, isPerson, auction, name, city, state: home }, state, emit) => {
        if (isPerson) {
          Object.assign(state, { isKnown: true, name, city, home });
          for (const row of state.waiting) emit({ auction: row.auction, seller, name, city, state: home });
          state.waiting.clear();
        } else if (state.isKnown) {
          emit({ auction, seller, name: state.name, city: state.city, state: state.home });
        } else {
          state.waiting.upsert(auction);
        }
      },
      query.keyed,
    );
  query.write(
    pairs,
    ({ auction, seller, name, city, state }) =>
      `${auction},${seller},${csvCell(name)},${csvCell(city)},${csvCell(state)}`,
  );
});
