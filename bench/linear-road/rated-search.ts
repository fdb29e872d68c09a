// The search for the largest L that holds.
// Promises: nothing is tried twice, nor beyond the limit.

/**
 * Doubles L until it does not hold, and then halves the step. Resolves to the largest that held, 0 if none did.
 * @param limit the largest L that is worth a try, by what is known at that moment
 */
export async function largestHolding(
  first: number,
  step: number,
  tryAt: (expressways: number) => Promise<boolean>,
  limit: () => number = () => Number.POSITIVE_INFINITY,
): Promise<number> {
  let low = 0;
  let high = Math.min(first, limit());
  while (high > 0 && (await tryAt(high))) {
    low = high;
    high = Math.min(low * 2, limit());
    if (high - low < step) return low;
  }
  while (high - low > step) {
    const middle = Math.floor((low + high) / 2);
    if (await tryAt(middle)) low = middle;
    else high = middle;
  }
  return low;
}
