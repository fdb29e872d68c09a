// q13, enrichment: bids with a value of a bounded table, which is read before them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvCell, SIDE_MODULO } from '../rules.ts';
import { readSide } from '../side.ts';
import type { Loop } from './loop.ts';

export const q13: Loop = {
  open({ rows, input }) {
    const values = readSide(readFileSync(join(input, 'side.csv'), 'latin1'));
    return {
      bid({ seq, auction, bidder, price, dateTime }) {
        const value = values.get(auction % SIDE_MODULO);
        if (value !== undefined) rows.add(`${seq},${auction},${bidder},${price},${dateTime},${csvCell(value)}`);
      },
    };
  },
};
