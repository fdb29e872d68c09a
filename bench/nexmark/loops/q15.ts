// q15, statistics of each day.

import { DAY_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Statistics } from './statistics.ts';
import { Windows } from './windows.ts';

export const q15: Loop = {
  open({ rows }) {
    const windows = new Windows(DAY_MS, () => new Statistics());
    return {
      bid: (bid) => windows.at(bid.dateTime).add(bid),
      watermark: (timeMs) => windows.fire(timeMs, (day, start) => rows.add(`${start},${day.cells()}`)),
    };
  },
};
