// q16, statistics of each channel and minute.

import { csvCell, MINUTE_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Statistics } from './statistics.ts';
import { Windows } from './windows.ts';

export const q16: Loop = {
  open({ rows }) {
    const windows = new Windows(MINUTE_MS, () => new Map<string, Statistics>());
    return {
      bid(bid) {
        const channels = windows.at(bid.dateTime);
        const { channel } = bid;
        let statistics = channels.get(channel);
        if (statistics === undefined) {
          statistics = new Statistics();
          channels.set(channel, statistics);
        }
        statistics.add(bid);
      },
      watermark(timeMs) {
        windows.fire(timeMs, (channels, start) => {
          for (const [channel, minute] of channels) rows.add(`${csvCell(channel)},${start},${minute.cells()}`);
        });
      },
    };
  },
};
