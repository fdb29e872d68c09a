// Tests in two lengths: what is tried at some places and sizes by `npm test` is tried at all, and at full size, by what CI runs
// with MILLRACE_TEST_LONG=1. Places are drawn from a seed, so that those of the short form are others each time.

/** The second in the long form. */
export const shortOrLong = <Value>(short: Value, long: Value): Value =>
  process.env.MILLRACE_TEST_LONG === '1' ? long : short;

/** All in the long form; else one of `stride`, from a random one on. */
export function someOrAll<Item>(items: readonly Item[], stride: number): readonly Item[] {
  const from = Math.floor(Math.random() * Math.min(stride, items.length));
  return shortOrLong(
    items.filter((_, i) => i % stride === from),
    items,
  );
}
