// Which name may have been meant by one that nobody knows.

/** Edits that make a slip of the fingers, and the length of a name that they may be made in. */
const SLIPS_MAX = 2;
const SLIPS_LENGTH_MIN = 4;
const SHORT_LENGTH = 6;

/** Levenshtein's distance, row by row; two neighbours that have changed places are one slip (optimal string alignment). */
function distance(typed: string, meant: string): number {
  let before: number[] = [];
  let row = Array.from({ length: meant.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const next = [i];
    for (let j = 1; j <= meant.length; j++) {
      const replaced = row[j - 1] + (typed[i - 1] === meant[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && typed[i - 1] === meant[j - 2] && typed[i - 2] === meant[j - 1];
      const swapped = isSwap ? before[j - 2] + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, swapped, next[j - 1] + 1, row[j] + 1));
    }
    [before, row] = [row, next];
  }
  return row[meant.length];
}

/** The distance of two names whose dashes and case do not count; Infinity if that is more than a slip or two. */
function slips(name: string, known: string): number {
  const [typed, meant] = [name, known].map((text) => text.replaceAll('-', '').toLowerCase());
  if (typed.length < SLIPS_LENGTH_MIN || Math.abs(typed.length - meant.length) > SLIPS_MAX)
    return Number.POSITIVE_INFINITY;
  const found = distance(typed, meant);
  return found <= (meant.length < SHORT_LENGTH ? 1 : SLIPS_MAX) ? found : Number.POSITIVE_INFINITY;
}

/** The known name that a name is but for a slip or two: letters that are missing, wrong or too many. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const each of known) {
    const found = slips(name, each);
    if (found < least) [best, least] = [each, found];
  }
  return best;
}
