// How fast one thread runs plain JavaScript: the loop that the word-count suite compares with, which splits the lines of a
// book by a regular expression and counts words in a Map.

import { bookLines, wordsOf } from '../book.ts';
import { median } from '../statistics.ts';

const PASSES_MIN = 3;
/** In the first ones V8 compiles. */
const WARM_PASSES = 2;

/** Counts the words of the book once; gives how many there were. */
function countOnce(lines: readonly string[]): number {
  const rows = new Map<string, { count: number }>();
  let words = 0;
  for (const line of lines) {
    for (const word of wordsOf(line)) {
      const row = rows.get(word);
      if (row === undefined) rows.set(word, { count: 1 });
      else row.count += 1;
      words += 1;
    }
  }
  return words;
}

/** Words per second: the median of whole books within `spanMs`. */
export function measureWordsPerSecond(spanMs: number): number {
  const lines = bookLines();
  const rates: number[] = [];
  const endMs = performance.now() + spanMs;
  for (let pass = 0; pass < WARM_PASSES + PASSES_MIN || performance.now() < endMs; pass++) {
    const startMs = performance.now();
    const words = countOnce(lines);
    if (pass >= WARM_PASSES) rates.push((words * 1000) / (performance.now() - startMs));
  }
  return median(rates);
}
