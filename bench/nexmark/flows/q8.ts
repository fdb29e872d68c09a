// q8, new sellers: persons who come, and whose auctions begin, in the same window. The key is the person and the window.

import { t } from '../../../src/index.ts';
import { csvCell, WINDOW_MS, windowStart } from '../rules.ts';
import { nexmark } from './flow.ts';

/** A person, or an auction whose seller that is. */
const SIDE = { id: t.u32(), window: t.timestamp(), isPerson: t.bool(), name: t.string() };

export const q8 = nexmark(import.meta.url, 'q8', (query) => {
  const { persons, auctions } = query.onTime({ persons: ['id', 'name', 'dateTime'], auctions: ['seller', 'dateTime'] });
  const sides = persons
    .map('sellers', SIDE, ({ id, name, dateTime }) => ({
      id,
      window: windowStart(dateTime, WINDOW_MS),
      isPerson: true,
      name,
    }))
    .merge(
      auctions.map('items', SIDE, ({ seller, dateTime }) => ({
        id: seller,
        window: windowStart(dateTime, WINDOW_MS),
        isPerson: false,
        name: '',
      })),
    );
  const sellers = sides.keyBy('id', 'window').process(
    'new sellers',
    {
      state: { isNew: t.bool(), name: t.string(), auctions: t.u32() },
      output: { window: t.timestamp(), id: t.u32(), name: t.string(), auctions: t.u32() },
    },
    ({ window, isPerson, name }, state, _emit, { timers }) => {
      if (isPerson) Object.assign(state, { isNew: true, name });
      else state.auctions += 1;
      timers.at(window + WINDOW_MS);
    },
    {
      ...query.keyed,
      onTimer({ id, window }, { isNew, name, auctions: number }, emit, context) {
        if (isNew && number > 0) emit({ window, id, name, auctions: number });
        context.remove();
      },
    },
  );
  query.write(sellers, ({ window, id, name, auctions: number }) => `${window},${id},${csvCell(name)},${number}`);
});
