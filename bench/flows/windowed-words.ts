// Windowed word count, as SEEP's authors crashed it: words of the book at a rate, counted by word and window on another worker.

import { count } from '../../src/aggregates.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { tumbling } from '../../src/windows.ts';
import { bookLines, wordsOf } from '../book.ts';
import { slowWakes } from '../slow-wake.ts';
import { CrashWords } from './crash-words.ts';

slowWakes();

export interface WindowedWordsParams {
  /** Words per second of event time, and of the clock too, unless they come as fast as they can. */
  readonly ratePerSecond: number;
  readonly isRated: boolean;
  /** The buffer of {@link CrashWords}. */
  readonly words: SharedArrayBuffer;
}

/** As long as theirs. */
const WINDOW_MS = 30_000;

/** What a word takes in a ring, about: its text, its time and the hash of its key. */
export const WORD_BYTES = 32;

export const windowedWords = dataflow(import.meta.url, 'windowed-words', (flow, params: WindowedWordsParams) => {
  const { ratePerSecond, isRated, words } = params;
  const gate = new CrashWords(words);
  const book = bookLines().flatMap(wordsOf);
  return flow
    .source(
      'words',
      generate(
        { word: t.string(), at: t.f64() },
        (index) => {
          if (index === 0) gate.passGate();
          return { word: book[index % book.length], at: (index * 1000) / ratePerSecond };
        },
        isRated ? { ratePerSecond } : {},
      ),
    )
    .withEventTime('at')
    .keyBy('word')
    .window(tumbling({ sizeMs: WINDOW_MS }))
    .aggregate('count', { words: count() }, { combine: false })
    .collect('counts');
});
