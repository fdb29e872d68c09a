// Vitals of an actor: counters in shared memory that its host writes and anyone reads without asking.
// Promises: each value is one aligned number, so a reader never sees half of one; values of one instant may be a step apart.
// The load of key groups is an estimate.

import { ACTOR_COUNTS } from '../../flow/stage-counts.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_BYTES } from '../../mailbox/views.ts';
import { systemClock } from '../../platform/clock.ts';
import type { CommitRecord } from '../../state/transaction/commit-record.ts';
import { LATENCY_BYTES, LatencyCounts } from './latency-counts.ts';

const TUPLES_IN = 0;
const TUPLES_OUT = 1;
const BUSY_MS = 2;
const BLOCKED_MS = 3;
const COMMITS = 4;
const ACTIVITY = 5;
const SINCE_MS = 6;
const WATERMARK = 7;
const MOVED_AT_MS = 8;
const NEWEST_MS = 9;
const EXPIRED = 10;
const IN_CHAIN = LINE_BYTES / 8;
const WORK_CELLS = LINE_BYTES / 4;
/** The cells of the work block that say which partitions of a source are idle, a bit each. */
const IDLE_AT = 16;
const LOAD_BYTES = 4 * (KEY_GROUPS + 2);
/** The cell of the load in which samples are counted: what the others rest on. */
export const LOAD_SAMPLES = KEY_GROUPS;

/**
 * The rows of a long run are sampled, SAMPLE_ROWS_MIN to twice as many apart: at random, since keys that come round in step with
 * the samples would be seen always or never. A run of up to COUNTED_ROWS_MAX is counted: those of slow operators are short.
 */
export const SAMPLE_ROWS_MIN = 32;
export const SAMPLE_WEIGHT = 1.5 * SAMPLE_ROWS_MIN;
export const COUNTED_ROWS_MAX = 8;

/**
 * Cells of an actor's work block, for whoever finds it dead or hanging: the row (at the end of the input, the key's slot) and
 * the operator in work, the input that the row is of (-1 for none, -2 or -3 for a timer), a count of the batches begun, 1 while a single tuple is
 * tried, which incarnation of the actor may step, and while a single tuple is tried, which one of those that the operator in work
 * has got on its behalf (0 in the first operator of the chain), and 1 while the open batch may be longer than usual.
 */
export const WorkCell = {
  row: 0,
  operator: 1,
  input: 2,
  batch: 3,
  isolating: 4,
  incarnation: 5,
  nth: 6,
  long: 7,
} as const;

/** The row in work of an actor that tries a tuple alone, until that has begun. A reader's row only tells that it moves on. */
export const NO_ROW = -1;

/** In place of the input, while the closure of a timer runs; the row in work then tells the key: {@link timerMark}. */
export const AT_TIMER = -2;
/** The same of a timer by the clock, where others are in event time. */
export const AT_CLOCK = -3;

/** True of what stands in place of the input while the closure of a timer runs. */
export const isAtTimer = (input: number): boolean => input === AT_TIMER || input === AT_CLOCK;

/** What tells in the work block whose timer is in work: the tag of its key's row, which must not look like {@link NO_ROW}. */
export const timerMark = (tag: number): number => (tag === NO_ROW ? NO_ROW - 1 : tag);

/** What an actor's time is spent on. */
export const Activity = { idle: 0, busy: 1, blocked: 2 } as const;
export type Activity = (typeof Activity)[keyof typeof Activity];

/** How far event time has come at an actor, by its last commit. */
export interface TimeVitals {
  /** The time that its output has come to: Infinity once it has ended, and while it has no part in the stream. */
  readonly watermark: number;
  /** When that has changed last, in milliseconds since the epoch; 0 if it never has. */
  readonly movedAtMs: number;
  /** The largest event time that its source has read; -Infinity if it has no source that judges times, or has read nothing. */
  readonly newestMs: number;
}

/** One reading of an actor's vitals. */
export interface VitalsReading {
  readonly tuplesIn: number;
  readonly tuplesOut: number;
  /** Time spent stepping, in milliseconds. */
  readonly busyMs: number;
  /** Time in which the output had no room, in milliseconds. */
  readonly blockedMs: number;
  readonly commits: number;
  /** Rows of its state that have expired. */
  readonly expired: number;
  /** What has come of the tuples in the fused chain, in the order of the commit's counts. */
  readonly inChain: readonly number[];
}

export class Vitals {
  /** See {@link WorkCell}. */
  readonly work: Int32Array;
  /** About how many tuples of each key group the actor has processed, and in {@link LOAD_SAMPLES} how many were looked at; modulo 2^32. */
  readonly load: Uint32Array;
  /** How long tuples were under way from their source to the actor's commits. */
  readonly latency: LatencyCounts;
  private readonly values: Float64Array;
  private readonly epochMs: () => number;

  /** @param epochMs a clock that all who use the buffer share */
  constructor(buffer: SharedArrayBuffer, epochMs: () => number = systemClock.epochMs) {
    const latencyAt = buffer.byteLength - LATENCY_BYTES;
    const loadAt = latencyAt - LOAD_BYTES;
    this.epochMs = epochMs;
    this.work = new Int32Array(buffer, 0, WORK_CELLS);
    this.values = new Float64Array(buffer, LINE_BYTES, (loadAt - LINE_BYTES) / 8);
    this.load = new Uint32Array(buffer, loadAt, LOAD_BYTES / 4);
    this.latency = new LatencyCounts(buffer, latencyAt);
  }

  /** Shared memory for an actor that keeps so many counts, and may have no part in the stream at first. */
  static allocate(counts: number, isDormant = false): SharedArrayBuffer {
    const inChain = counts - ACTOR_COUNTS;
    const bytes = 2 * LINE_BYTES + 8 * inChain + LOAD_BYTES + LATENCY_BYTES;
    const buffer = allocateShared({ of: 'the counters of an actor' }, bytes);
    const { values } = new Vitals(buffer);
    values[WATERMARK] = isDormant ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    values[NEWEST_MS] = Number.NEGATIVE_INFINITY;
    return buffer;
  }

  read(): VitalsReading {
    const { values } = this;
    const activity = values[ACTIVITY];
    // What goes on now counts too: an actor may be blocked, or at one slow tuple, for longer than metrics are apart.
    const soFarMs = Math.max(0, this.epochMs() - values[SINCE_MS]);
    return {
      tuplesIn: values[TUPLES_IN],
      tuplesOut: values[TUPLES_OUT],
      busyMs: values[BUSY_MS] + (activity === Activity.busy ? soFarMs : 0),
      blockedMs: values[BLOCKED_MS] + (activity === Activity.blocked ? soFarMs : 0),
      commits: values[COMMITS],
      expired: values[EXPIRED],
      inChain: [...values.subarray(IN_CHAIN)],
    };
  }

  /** How far event time has come. */
  readTime(): TimeVitals {
    const { values } = this;
    return { watermark: values[WATERMARK], movedAtMs: values[MOVED_AT_MS], newestMs: values[NEWEST_MS] };
  }

  /**
   * Shows what has been committed: tuples read, tuples written, what has come of them between fused operators, and event time.
   * @param newestMs the largest event time that its source has read
   */
  show({ counts, expired, watermark }: CommitRecord['progress'], newestMs: number, commits: number): void {
    const { values } = this;
    values[EXPIRED] = expired;
    if (newestMs > values[NEWEST_MS]) values[NEWEST_MS] = newestMs;
    if (watermark !== values[WATERMARK]) {
      values[WATERMARK] = watermark;
      values[MOVED_AT_MS] = this.epochMs();
    }
    values[TUPLES_IN] = counts[0];
    values[TUPLES_OUT] = counts[1];
    values[COMMITS] = commits;
    for (let i = ACTOR_COUNTS; i < counts.length; i++) values[IN_CHAIN + i - ACTOR_COUNTS] = counts[i];
  }

  /** A partition of its source, 0 if that has but one, has become idle, or is it no more. */
  setIdle(partition: number, isIdle: boolean): void {
    const bit = 1 << (partition & 31);
    const cell = IDLE_AT + (partition >> 5);
    this.work[cell] = isIdle ? this.work[cell] | bit : this.work[cell] & ~bit;
  }

  /** True while a partition of its source is idle. */
  isIdle(partition: number): boolean {
    return ((this.work[IDLE_AT + (partition >> 5)] >> (partition & 31)) & 1) === 1;
  }

  /** The batches that the actor has begun, modulo 2^32. */
  get batches(): number {
    return this.work[WorkCell.batch];
  }

  /** The commits so far. */
  get commits(): number {
    return this.values[COMMITS];
  }

  /** What the actor is at. */
  get activity(): Activity {
    return this.values[ACTIVITY] as Activity;
  }

  /** Ends what the actor was at, and begins something else. */
  enter(activity: Activity): void {
    const { values } = this;
    const nowMs = this.epochMs();
    const before = values[ACTIVITY];
    if (before === Activity.busy) values[BUSY_MS] += nowMs - values[SINCE_MS];
    else if (before === Activity.blocked) values[BLOCKED_MS] += nowMs - values[SINCE_MS];
    values[SINCE_MS] = nowMs;
    values[ACTIVITY] = activity;
  }
}
