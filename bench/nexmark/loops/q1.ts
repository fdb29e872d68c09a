// q1, currency: the price of every bid in another one.

import { inEuros } from '../rules.ts';
import type { Loop } from './loop.ts';

export const q1: Loop = {
  open: ({ rows }) => ({
    bid: ({ seq, auction, bidder, price, dateTime }) =>
      rows.add(`${seq},${auction},${bidder},${inEuros(price)},${dateTime}`),
  }),
};
