// q8, new sellers: persons who sell in the window in which they came.

import { csvCell, WINDOW_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Windows } from './windows.ts';

export const q8: Loop = {
  open({ rows }) {
    const windows = new Windows(WINDOW_MS, () => ({
      persons: new Map<number, string>(),
      auctions: new Map<number, number>(),
    }));
    return {
      person: ({ id, name, dateTime }) => windows.at(dateTime).persons.set(id, name),
      auction({ seller, dateTime }) {
        const { auctions } = windows.at(dateTime);
        auctions.set(seller, (auctions.get(seller) ?? 0) + 1);
      },
      watermark(timeMs) {
        windows.fire(timeMs, ({ persons, auctions }, start) => {
          for (const [id, name] of persons) {
            const count = auctions.get(id);
            if (count !== undefined) rows.add(`${start},${id},${csvCell(name)},${count}`);
          }
        });
      },
    };
  },
};
