// A sketch of the distribution of numbers: DDSketch (Masson, Rim, Lee, VLDB 2019): counts of buckets whose bounds grow by a factor.
// Promises: a quantile is off by the stated share of its value at most, unless there are more than BUCKETS_MAX buckets of a sign: then
// those of the smallest numbers are one; quantiles 0 and 1 are exact. Merging adds counts, so how values were cut into parts does not
// show. NaN comes after every number.

/** Buckets of one sign that are kept: numbers over 14 decades at an error of 0.001, over all doubles from 0.05 on. */
const BUCKETS_MAX = 1 << 14;

const HEADER = 6;

/** Counts by index of a bucket. */
class Buckets {
  counts = new Map<number, number>();

  add(index: number, count: number): void {
    this.counts.set(index, (this.counts.get(index) ?? 0) + count);
  }

  /**
   * In ascending order; the lowest ones as one if there are too many. What was put together before is lower than what is kept now, so
   * it does not matter how often that is done.
   */
  sorted(): [index: number, count: number][] {
    const all = [...this.counts].sort(([a], [b]) => a - b);
    const surplus = all.length - BUCKETS_MAX;
    if (surplus <= 0) return all;
    const together = all.splice(0, surplus).reduce((sum, [, count]) => sum + count, 0);
    all[0][1] += together;
    this.counts = new Map(all);
    return all;
  }
}

export class DdSketch {
  private readonly gamma: number;
  private readonly logGamma: number;
  private readonly positive = new Buckets();
  private readonly negative = new Buckets();
  private zeros = 0;
  private nans = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;

  /** @param error share by which a quantile may be off, above 0 and below 1 */
  constructor(error: number) {
    this.gamma = (1 + error) / (1 - error);
    this.logGamma = Math.log(this.gamma);
  }

  add(value: number): void {
    if (Number.isNaN(value)) {
      this.nans++;
      return;
    }
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (value === 0) this.zeros++;
    else (value > 0 ? this.positive : this.negative).add(this.indexOf(Math.abs(value)), 1);
  }

  private indexOf(size: number): number {
    return Math.ceil(Math.log(Math.min(size, Number.MAX_VALUE)) / this.logGamma);
  }

  private valueOf(index: number): number {
    const value = (2 * this.gamma ** index) / (this.gamma + 1);
    return Math.min(value, Number.MAX_VALUE);
  }

  merge(other: DdSketch): void {
    for (const side of ['positive', 'negative'] as const) {
      for (const [index, count] of other[side].counts) this[side].add(index, count);
    }
    this.zeros += other.zeros;
    this.nans += other.nans;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** The value that a share `q` of the values does not exceed; NaN if it is among NaNs; null of no values. */
  quantile(q: number): number | null {
    const negative = this.negative.sorted().reverse();
    const positive = this.positive.sorted();
    const sum = (buckets: readonly (readonly [number, number])[]): number =>
      buckets.reduce((all, [, count]) => all + count, 0);
    const numbers = sum(negative) + this.zeros + sum(positive);
    const count = numbers + this.nans;
    if (count === 0) return null;
    const rank = Math.floor(q * (count - 1));
    if (rank >= numbers) return Number.NaN;
    if (rank === 0) return this.min;
    if (rank === numbers - 1) return this.max;
    let before = 0;
    const inRange = (value: number): number => Math.min(this.max, Math.max(this.min, value));
    for (const [index, inBucket] of negative) {
      before += inBucket;
      if (before > rank) return inRange(-this.valueOf(index));
    }
    before += this.zeros;
    if (before > rank) return 0;
    for (const [index, inBucket] of positive) {
      before += inBucket;
      if (before > rank) return inRange(this.valueOf(index));
    }
    return this.max;
  }

  /** Doubles: zeros, NaNs, min, max, the numbers of negative and positive buckets; then an index and a count for each. */
  toBytes(): Uint8Array {
    const negative = this.negative.sorted();
    const positive = this.positive.sorted();
    const doubles = new Float64Array(HEADER + 2 * (negative.length + positive.length));
    doubles.set([this.zeros, this.nans, this.min, this.max, negative.length, positive.length]);
    [...negative, ...positive].forEach((bucket, i) => {
      doubles.set(bucket, HEADER + 2 * i);
    });
    return new Uint8Array(doubles.buffer);
  }

  static fromBytes(error: number, bytes: Uint8Array): DdSketch {
    const sketch = new DdSketch(error);
    if (bytes.length === 0) return sketch;
    const doubles = new Float64Array(bytes.slice().buffer);
    [sketch.zeros, sketch.nans, sketch.min, sketch.max] = doubles;
    const [negative, positive] = doubles.subarray(4);
    for (let i = 0; i < negative + positive; i++) {
      const at = HEADER + 2 * i;
      (i < negative ? sketch.negative : sketch.positive).add(doubles[at], doubles[at + 1]);
    }
    return sketch;
  }
}
