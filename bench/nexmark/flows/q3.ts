// q3, local items: auctions of one category with their sellers from some states, whichever comes first.

import { t, table } from '../../../src/index.ts';
import { csvCell, LOCAL_CATEGORY, LOCAL_STATES } from '../rules.ts';
import { nexmark } from './flow.ts';

const ITEM = { auction: t.u32(), seller: t.u32(), name: t.string(), city: t.string(), state: t.string() };

export const q3 = nexmark(import.meta.url, 'q3', (query) => {
  const { persons, auctions } = query.onTime({
    persons: ['id', 'name', 'city', 'state'],
    auctions: ['id', 'seller', 'category'],
  });
  const items = auctions.filter('items of the category', ({ category }) => category === LOCAL_CATEGORY);
  const pairs = persons
    .filter('local persons', ({ state }) => LOCAL_STATES.has(state))
    .keyBy('id')
    .connect(items.keyBy('seller'))
    .process(
      'pairs',
      {
        state: { isKnown: t.bool(), name: t.string(), city: t.string(), home: t.string() },
        tables: { waiting: table({ auction: t.u32() }, {}) },
        output: ITEM,
      },
      {
        left({ id, name, city, state: home }, state, emit) {
          Object.assign(state, { isKnown: true, name, city, home });
          for (const { auction } of state.waiting) emit({ auction, seller: id, name, city, state: home });
          state.waiting.clear();
        },
        right({ id, seller }, { isKnown, name, city, home, waiting }, emit) {
          if (isKnown) emit({ auction: id, seller, name, city, state: home });
          else waiting.upsert(id);
        },
      },
      query.keyed,
    );
  query.write(
    pairs,
    ({ auction, seller, name, city, state }) =>
      `${auction},${seller},${csvCell(name)},${csvCell(city)},${csvCell(state)}`,
  );
});
