// The bounded table of q13, `side.csv`: a value for some keys.

import { cellsOf } from './loops/split-lines.ts';

/** @param text of the file, with its header */
export function readSide(text: string): ReadonlyMap<number, string> {
  const lines = text.split(/\r?\n/).slice(1);
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const [key, value] = cellsOf(line);
        return [Number(key), value];
      }),
  );
}
