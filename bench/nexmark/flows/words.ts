// words, SEEP's windowed word count: how often each word comes in half a minute.

import { count } from '../../../src/aggregates.ts';
import { t } from '../../../src/index.ts';
import { tumbling } from '../../../src/windows.ts';
import { WORD, WORDS_MS } from '../rules.ts';
import { nexmark } from './flow.ts';

export const words = nexmark(import.meta.url, 'words', (query) => {
  const { lines } = query.onTime({ lines: ['line'] });
  query.write(
    lines
      .flatMap('split', { word: t.string() }, ({ line }, emit) => {
        for (const [word] of line.matchAll(WORD)) emit({ word: word.toLowerCase() });
      })
      .keyBy('word')
      .window(tumbling({ sizeMs: WORDS_MS }))
      .aggregate('counts', { count: count() }, query.keyed),
    ({ windowStart, word, count: number }) => `${windowStart},${word},${number}`,
  );
});
