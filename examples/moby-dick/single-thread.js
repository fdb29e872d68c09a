// @ts-check
// The comparison of the main job: the same words counted by one loop on one thread, with a Map.
// The Map holds objects, so that a word costs one look-up, where plain numbers would need a get and a set.

import { bookLines, wordsOf } from './book.js';

/**
 * Counts the words of the book, `passes` times over.
 * @param {number} passes
 * @param {(pass: number, words: number) => void} onPass called after each pass
 * @returns {Map<string, number>}
 */
export function countOnOneThread(passes, onPass) {
  const lines = bookLines();
  /** @type {Map<string, { count: number }>} */
  const rows = new Map();
  let words = 0;
  for (let pass = 1; pass <= passes; pass++) {
    for (const line of lines) {
      for (const word of wordsOf(line)) {
        const row = rows.get(word);
        if (row === undefined) rows.set(word, { count: 1 });
        else row.count += 1;
        words += 1;
      }
    }
    onPass(pass, words);
  }
  return new Map(Array.from(rows, ([word, { count }]) => [word, count]));
}
