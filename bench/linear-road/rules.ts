// The arithmetic of the rules: average velocity and toll.
// Promises: the latest average velocity is the floor of an exact rational number, however near to an integer it is.
// Relies on: sums of scaled means stay below 2^53, which 380,000 vehicles in one segment and minute would reach.

/**
 * Means of up to 22 speeds are integers in this unit, so sums of them are exact in any order. A vehicle reports every 30 s, so it has
 * at most two reports in one segment and minute unless it starts trips anew.
 */
export const MEAN_SCALE = 232_792_560;

/** The mean speed of a vehicle in one segment and minute, as an integer in {@link MEAN_SCALE}. */
export function scaledMean(speeds: number, reports: number): number {
  if (MEAN_SCALE % reports !== 0) throw new RangeError(`a vehicle has ${reports} reports in one segment and minute`);
  return speeds * (MEAN_SCALE / reports);
}

/** What is left undecided by doubles: their error is about 1e-13. */
const NEAR_INTEGER = 1e-9;
const BUSY_VEHICLES = 50;
const FAST_MPH = 40;

/**
 * The latest average velocity: the floor of the mean of minutes' means, over those minutes that have reports; -1 if none has.
 * @param sums of scaled means, by minute
 * @param counts of vehicles, by minute
 */
export function latestAverageVelocity(sums: readonly number[], counts: readonly number[]): number {
  let minutes = 0;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    minutes++;
    sum += sums[i] / (counts[i] * MEAN_SCALE);
  }
  if (minutes === 0) return -1;
  const mean = sum / minutes;
  const nearest = Math.round(mean);
  if (Math.abs(mean - nearest) > NEAR_INTEGER) return Math.floor(mean);
  return isAtLeast(sums, counts, nearest * minutes) ? nearest : nearest - 1;
}

/** Whether the sum of the minutes' means is at least an integer, decided without rounding. */
function isAtLeast(sums: readonly number[], counts: readonly number[], bound: number): boolean {
  let numerator = 0n;
  let denominator = 1n;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const count = BigInt(counts[i]);
    numerator = numerator * count + BigInt(sums[i]) * denominator;
    denominator *= count;
  }
  return numerator >= BigInt(bound) * BigInt(MEAN_SCALE) * denominator;
}

/** The toll of a segment without an accident ahead. `vehicles` were there in the minute before. */
export function tollOf(lav: number, vehicles: number): number {
  if (lav >= FAST_MPH || vehicles <= BUSY_VEHICLES) return 0;
  return 2 * (vehicles - BUSY_VEHICLES) ** 2;
}
