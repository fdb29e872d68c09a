// q0, pass through: every bid as it came.

import { csvCell } from '../rules.ts';
import type { Loop } from './loop.ts';

export const q0: Loop = {
  open: ({ rows }) => ({
    bid({ seq, auction, bidder, price, channel, url, dateTime }) {
      rows.add(`${seq},${auction},${bidder},${price},${csvCell(channel)},${csvCell(url)},${dateTime}`);
    },
  }),
};
