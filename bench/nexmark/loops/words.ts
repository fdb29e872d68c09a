// SEEP's windowed word count.

import { WORD, WORDS_MS } from '../rules.ts';
import type { Loop } from './loop.ts';
import { Windows } from './windows.ts';

export const words: Loop = {
  open({ rows }) {
    const windows = new Windows(WORDS_MS, () => new Map<string, number>());
    return {
      line({ line, dateTime }) {
        const counts = windows.at(dateTime);
        for (const cased of line.match(WORD) ?? []) {
          const word = cased.toLowerCase();
          counts.set(word, (counts.get(word) ?? 0) + 1);
        }
      },
      watermark(timeMs) {
        windows.fire(timeMs, (counts, start) => {
          for (const [word, count] of counts) rows.add(`${start},${word},${count}`);
        });
      },
    };
  },
};
