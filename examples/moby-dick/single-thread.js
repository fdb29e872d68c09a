// @ts-check
// The comparison of the main job: the same words counted by one loop on one thread, with a Map.
// The Map holds objects, so that a word costs one look-up, where plain numbers would need a get and a set.

import { bookLines, wordsOf } from './book.js';

/**
 * Counts the words of the book, which is read over and over.
 * @param {readonly number[]} readings how many lines are read from the book's beginning on, for each time that somebody begins
 * @param {(words: number) => void} [onPass] called with the words so far each time that the book is through
 * @returns {Map<string, number>}
 */
export function countOnOneThread(readings, onPass = () => {}) {
  const lines = bookLines();
  /** @type {Map<string, { count: number }>} */
  const rows = new Map();
  let words = 0;
  for (const reading of readings) {
    for (let left = reading; left > 0; left -= lines.length) {
      for (const line of left < lines.length ? lines.slice(0, left) : lines) {
        for (const word of wordsOf(line)) {
          const row = rows.get(word);
          if (row === undefined) rows.set(word, { count: 1 });
          else row.count += 1;
          words += 1;
        }
      }
      onPass(words);
    }
  }
  return new Map(Array.from(rows, ([word, { count }]) => [word, count]));
}
