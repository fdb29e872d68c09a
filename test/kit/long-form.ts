// Tests in two lengths: what is tried at some places and sizes by `npm test` is tried at all, and at full size, by what CI runs
// with MILLRACE_TEST_LONG=1. Places are drawn from a seed, so that those of the short form are others each time.

/** The second in the long form. */
export const shortOrLong = <Value>(short: Value, long: Value): Value =>
  process.env.MILLRACE_TEST_LONG === '1' ? long : short;
