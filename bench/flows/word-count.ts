// The flow of the `word-count` suite: lines of the book are split into words, which are counted in state on another worker.
// Leaves one tuple when the last word has been counted, with an empty word and the time it took; and each word's count.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { bookLines, wordsOf } from '../book.ts';
import { Meter, type Order } from '../meter.ts';

export interface WordCountParams extends Order {
  /** How often the book is read; `count` and `warm` are words. */
  readonly passes: number;
}

export const wordCountFlow = dataflow(import.meta.url, 'word-count', (flow, params: WordCountParams) => {
  const meter = new Meter(params);
  const lines = bookLines();
  return flow
    .source(
      'lines',
      generate({ line: t.string() }, (index) => ({ line: lines[index % lines.length] }), {
        count: lines.length * params.passes,
      }),
    )
    .flatMap('split', { word: t.string() }, ({ line }, emit) => {
      for (const word of wordsOf(line)) emit({ word });
    })
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32() }, output: { word: t.string(), count: t.u32(), elapsedMs: t.f64() } },
      (_, state, emit) => {
        state.count += 1;
        if (meter.add(1)) emit({ word: '', count: 0, elapsedMs: meter.report().elapsedMs });
      },
      { end: ({ word }, { count }, emit) => emit({ word, count, elapsedMs: 0 }) },
    )
    .collect('counts');
});
