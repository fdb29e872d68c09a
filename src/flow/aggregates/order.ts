// The one order of values that aggregates go by.
// Promises: total, for values of one type: -0 is less than 0, NaN is greater than all numbers, null less than anything; dates by their
// time, strings by their UTF-16 code units.

/** Less than 0 if `a` comes before `b`, 0 if they are equal. */
export function compare(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const first = a instanceof Date ? a.getTime() : (a as number);
  const second = b instanceof Date ? b.getTime() : (b as number);
  if (first < second) return -1;
  if (first > second) return 1;
  if (first !== second) return Number.isNaN(first) ? (Number.isNaN(second) ? 0 : 1) : -1;
  return first === 0 ? Math.sign(1 / first - 1 / (second as number)) || 0 : 0;
}
