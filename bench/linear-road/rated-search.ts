// The search for the largest L that holds.
// Promises: nothing is tried twice, nor beyond what the machine has memory for.

/**
 * Doubles L until it does not hold, and then halves the step. Resolves to the largest that held, 0 if none did.
 * @param limit the largest L that may be tried
 */
export async function largestHolding(
  first: number,
  step: number,
  tryAt: (expressways: number) => Promise<boolean>,
  limit = Number.POSITIVE_INFINITY,
): Promise<number> {
  let low = 0;
  let high = Math.min(first, limit);
  while (high > low && (await tryAt(high))) {
    low = high;
    high = Math.min(high * 2, limit);
    if (high - low < step) return low;
  }
  while (high - low > step) {
    const middle = Math.floor((low + high) / 2);
    if (await tryAt(middle)) low = middle;
    else high = middle;
  }
  return low;
}
