// q3, local items: auctions of one category with their sellers from some states, whichever comes first.

import { csvCell, LOCAL_CATEGORY, LOCAL_STATES } from '../rules.ts';
import type { Loop } from './loop.ts';

export const q3: Loop = {
  open({ rows }) {
    /** The end of a local seller's rows. */
    const sellers = new Map<number, string>();
    /** Auctions whose seller has not been seen. */
    const waiting = new Map<number, number[]>();
    return {
      person({ id, name, city, state }) {
        if (LOCAL_STATES.has(state)) {
          const seller = `${id},${csvCell(name)},${csvCell(city)},${csvCell(state)}`;
          sellers.set(id, seller);
          for (const auction of waiting.get(id) ?? []) rows.add(`${auction},${seller}`);
        }
        waiting.delete(id);
      },
      auction({ id, seller: sellerId, category }) {
        if (category !== LOCAL_CATEGORY) return;
        const seller = sellers.get(sellerId);
        if (seller !== undefined) {
          rows.add(`${id},${seller}`);
          return;
        }
        const others = waiting.get(sellerId);
        if (others === undefined) waiting.set(sellerId, [id]);
        else others.push(id);
      },
    };
  },
};
