// The two statistics that every figure is made of.
// Relies on: at least one value; the input is left as it is.

/** The value below which `share` (0 to 1) of the values lie: nearest rank, so it is always one that was measured. */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new Error('quantile() of no values');
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('median() of no values');
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
