// The exactly-once oracle: judges what comes out of a job by the numbers that its tuples carry.
// Promises: each tuple that is lost, doubled, reordered or unexpected is counted once. It knows nothing of how Millrace works.
// Memory grows with the keys, the gaps and the excuses, not with the tuples.
// Relies on: tuples of a key are numbered 0, 1, 2, … where they enter the flow, and carry key and number to its end.

/**
 * What can be wrong with a tuple:
 * - `lost`: a number that did not come, and was not excused;
 * - `doubled`: one that came twice, or came though it was excused;
 * - `reordered`: one that came after a higher one of its key;
 * - `unexpected`: one that nobody has sent: an unknown key, a number beyond the last, or none at all.
 */
export type ViolationKind = 'lost' | 'doubled' | 'reordered' | 'unexpected';

/** One tuple that did not come exactly once, in its order. */
export interface Violation<Key = unknown> {
  /** What is wrong with it. */
  readonly kind: ViolationKind;
  /** Its key. */
  readonly key: Key;
  /** Its number among the tuples of its key. */
  readonly sequence: number;
}

/** What {@link ExactlyOnce} has found. */
export interface ExactlyOnceReport<Key = unknown> {
  /** True if there is no violation. */
  readonly isClean: boolean;
  /** Tuples that came. */
  readonly tuples: number;
  /** How many violations there are of each kind. */
  readonly counts: Readonly<Record<ViolationKind, number>>;
  /** The first 100. */
  readonly violations: readonly Violation<Key>[];
}

const VIOLATIONS_KEPT_MAX = 100;

/** Numbers from `from` up to, but not including, `to`. */
interface Gap {
  from: number;
  to: number;
}

interface Progress {
  /** The number that is to come next. */
  next: number;
  /** Those before it that have not come, in ascending order. */
  gaps: Gap[];
}

/**
 * Looks at every tuple that comes out, and says at the end whether each that went in came out exactly once, each key in order.
 * For a flow that gives one tuple for each; of operators that merge tuples, let the merged one carry their numbers.
 */
export class ExactlyOnce<Key = unknown> {
  private readonly progress = new Map<Key, Progress>();
  private readonly excused = new Map<Key, Set<number>>();
  private readonly counts: Record<ViolationKind, number> = { lost: 0, doubled: 0, reordered: 0, unexpected: 0 };
  private readonly violations: Violation<Key>[] = [];
  private tuples = 0;

  /**
   * A tuple has come out: number `sequence` of those of its key.
   * @returns what is wrong with it, if that can be told by now
   */
  see(key: Key, sequence: number): ViolationKind | undefined {
    this.tuples++;
    if (!(Number.isSafeInteger(sequence) && sequence >= 0)) return this.add('unexpected', key, sequence);
    const progress = this.progressOf(key);
    if (sequence < progress.next) {
      return this.add(fill(progress.gaps, sequence) ? 'reordered' : 'doubled', key, sequence);
    }
    if (sequence > progress.next) progress.gaps.push({ from: progress.next, to: sequence });
    progress.next = sequence + 1;
    return undefined;
  }

  /** A tuple has been left out, as a dead letter is: it must not come, and is not lost. In any order with {@link see}. */
  excuse(key: Key, sequence: number): void {
    const excused = this.excused.get(key) ?? new Set();
    excused.add(sequence);
    this.excused.set(key, excused);
  }

  /**
   * The end: what has neither come nor been excused is lost. Call it once.
   * @param sent for each key how many tuples went in, such as a Map; without it only gaps are known to be lost
   */
  finish(sent?: Iterable<readonly [Key, number]>): ExactlyOnceReport<Key> {
    const lengths = sent && new Map(sent);
    for (const key of lengths?.keys() ?? []) this.progressOf(key);
    for (const [key, progress] of this.progress) this.finishKey(key, progress, lengths && (lengths.get(key) ?? 0));
    const { counts, violations, tuples } = this;
    const isClean = Object.values(counts).every((count) => count === 0);
    return { isClean, tuples, counts: { ...counts }, violations: [...violations] };
  }

  private finishKey(key: Key, { next, gaps }: Progress, length = next): void {
    const excused = this.excused.get(key) ?? new Set();
    const missing = length > next ? [...gaps, { from: next, to: length }] : gaps;
    for (const sequence of excused) if (!isWithin(missing, sequence)) this.add('doubled', key, sequence);
    for (const { from, to } of missing) this.addAll('lost', key, { from, to: Math.min(to, length) }, excused);
    for (const came of between(gaps, length, next)) this.addAll('unexpected', key, came, NONE);
  }

  /** Adds all numbers of a range but some. A damaged number may have made it a very long one. */
  private addAll(kind: ViolationKind, key: Key, { from, to }: Gap, but: ReadonlySet<number>): void {
    if (from >= to) return;
    let count = to - from;
    for (const sequence of but) if (sequence >= from && sequence < to) count--;
    this.counts[kind] += count;
    for (let sequence = from; sequence < to && this.violations.length < VIOLATIONS_KEPT_MAX; sequence++) {
      if (!but.has(sequence)) this.violations.push({ kind, key, sequence });
    }
  }

  private progressOf(key: Key): Progress {
    let progress = this.progress.get(key);
    if (progress === undefined) {
      progress = { next: 0, gaps: [] };
      this.progress.set(key, progress);
    }
    return progress;
  }

  private add(kind: ViolationKind, key: Key, sequence: number): ViolationKind {
    this.counts[kind]++;
    if (this.violations.length < VIOLATIONS_KEPT_MAX) this.violations.push({ kind, key, sequence });
    return kind;
  }
}

const NONE: ReadonlySet<number> = new Set();

/** What is in no gap, from a number up to, but not including, another one. */
function between(gaps: readonly Gap[], from: number, to: number): Gap[] {
  const ranges: Gap[] = [];
  let at = from;
  for (const gap of gaps) {
    if (gap.from > at) ranges.push({ from: at, to: gap.from });
    at = Math.max(at, gap.to);
  }
  if (to > at) ranges.push({ from: at, to });
  return ranges;
}

/** The gap that a number is in, or -1. */
function gapOf(gaps: readonly Gap[], sequence: number): number {
  let low = 0;
  let high = gaps.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (sequence < gaps[middle].from) high = middle - 1;
    else if (sequence >= gaps[middle].to) low = middle + 1;
    else return middle;
  }
  return -1;
}

const isWithin = (gaps: readonly Gap[], sequence: number): boolean => gapOf(gaps, sequence) >= 0;

/** Takes a number out of its gap. Returns false if it is in none. */
function fill(gaps: Gap[], sequence: number): boolean {
  const index = gapOf(gaps, sequence);
  if (index < 0) return false;
  const { from, to } = gaps[index];
  const left = [
    { from, to: sequence },
    { from: sequence + 1, to },
  ].filter((gap) => gap.from < gap.to);
  gaps.splice(index, 1, ...left);
  return true;
}
