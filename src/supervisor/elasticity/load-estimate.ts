// What the loads of key groups probably are, when they were counted by few samples.
// Promises: pure; keeps the sum, about. With many samples, loads stay as they were counted; with few, differences that chance explains
// are taken back towards the mean, and a load that stands out from it is left.
// Why: who plans by the counts themselves keeps the groups together that were counted low by chance. Of 256 groups with the same
// load and 9 samples each, one of 16 replicas got twice its share.

/** A group counts as standing out from so many standard deviations of a count on. */
const OUTSTANDING_DEVIATIONS = 4;
/** Rounds in which those that stand out are set apart: what is left decides anew who does. */
const ROUNDS_MAX = 10;

/**
 * Each load between what was counted and the mean, by the share of the counts' variance that is not chance (empirical Bayes: a count of n
 * samples has a variance of n, as Poisson's distribution has).
 * @param loads as counted, in any unit
 * @param samples that they rest on, all together
 */
export function estimateLoads(loads: readonly number[], samples: number): number[] {
  const total = loads.reduce((sum, load) => sum + load, 0);
  if (total === 0 || samples === 0) return [...loads];
  const counts = loads.map((load) => (load * samples) / total);
  let plain = counts;
  let { mean, variance } = momentsOf(plain);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const reach = OUTSTANDING_DEVIATIONS * Math.sqrt(mean);
    const near = counts.filter((count) => Math.abs(count - mean) <= reach);
    if (near.length === 0 || near.length === plain.length) break;
    plain = near;
    ({ mean, variance } = momentsOf(plain));
  }
  const reach = OUTSTANDING_DEVIATIONS * Math.sqrt(mean);
  const trust = variance <= mean ? 0 : 1 - mean / variance;
  const scale = total / samples;
  return counts.map((count, group) => {
    const isPlain = Math.abs(count - mean) <= reach;
    return isPlain ? (mean + trust * (count - mean)) * scale : loads[group];
  });
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}
