// q2, selection: bids on some auctions.

import { SELECTED_MODULO } from '../rules.ts';
import type { Loop } from './loop.ts';

export const q2: Loop = {
  open: ({ rows }) => ({
    bid({ seq, auction, price }) {
      if (auction % SELECTED_MODULO === 0) rows.add(`${seq},${auction},${price}`);
    },
  }),
};
