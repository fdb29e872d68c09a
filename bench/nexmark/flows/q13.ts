// q13, enrichment: bids with a value of a bounded table, which each thread reads before the first of them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvCell, SIDE_MODULO } from '../rules.ts';
import { readSide } from '../side.ts';
import { nexmark } from './flow.ts';

export const q13 = nexmark(import.meta.url, 'q13', (query) => {
  const values = readSide(readFileSync(join(query.params.input, 'side.csv'), 'utf8'));
  const { bids } = query.onTime({ bids: ['seq', 'auction', 'bidder', 'price', 'dateTime'] });
  query.write(
    bids.filter('with a value', ({ auction }) => values.has(auction % SIDE_MODULO)),
    ({ seq, auction, bidder, price, dateTime }) =>
      `${seq},${auction},${bidder},${price},${dateTime},${csvCell(values.get(auction % SIDE_MODULO) ?? '')}`,
    { isApart: true },
  );
});
