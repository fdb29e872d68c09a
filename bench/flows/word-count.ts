// The flows of the `word-count` suite: lines of the book are split into words, which are counted.
// `words`: each of two threads splits and counts, and their counts are merged. `process`: every word goes to the thread that counts.

import { count } from '../../src/aggregates.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { bookLines, wordsOf } from '../book.ts';
import type { Order } from '../meter.ts';
import { slowWakes } from '../slow-wake.ts';

slowWakes();

export interface WordCountParams extends Order {
  readonly by: 'aggregate' | 'process';
  /** How often the book is read; `count` and `warm` are words. */
  readonly passes: number;
}

export const wordCountFlow = dataflow(import.meta.url, 'word-count', (flow, { by, passes }: WordCountParams) => {
  const lines = bookLines();
  const readers = by === 'aggregate' ? 2 : 1;
  const words = flow
    .source(
      'lines',
      generate({ line: t.string() }, (index) => ({ line: lines[index % lines.length] }), {
        count: lines.length * passes,
        partitions: readers,
      }),
      { parallelism: readers },
    )
    .flatMap('split', { word: t.string() }, ({ line }, emit) => {
      for (const word of wordsOf(line)) emit({ word });
    })
    .keyBy('word');
  const counted =
    by === 'aggregate'
      ? words.aggregate('count', { count: count() })
      : words.process(
          'count',
          { state: { count: t.f64() }, output: { word: t.string(), count: t.f64() } },
          (_, state) => {
            state.count += 1;
          },
          { end: ({ word }, state, emit) => emit({ word, count: state.count }) },
        );
  return counted.collect('counts');
});
