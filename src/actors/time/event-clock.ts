// How far event time has come in the partition of a source that is in work: judges each of its tuples.
// Promises: a tuple is late if its time is before the watermark, which is the largest time read before it in its partition minus the
// bound, by more than the allowed lateness. A late one raises nothing. A time that cannot be is the tuple's own failure.
// Relies on: whoever reads a partition enters it with what was seen there, and keeps what has been seen then, in the same transaction.

import { errors } from '../../errors.ts';
import { type EventTime, LATEST_MS } from '../../flow/event-time.ts';
import { refuseDeferred } from '../../mailbox/deferred.ts';
import { IdleWatch } from './idle-watch.ts';

const SEEN = 0;
const LIMIT = 1;
const AHEAD = 2;

export class EventClock {
  private readonly operator: string;
  private readonly time: Float64Array;
  private readonly nowMs: () => number;
  private readonly outOfOrderMs: number;
  private readonly slackMs: number;
  private readonly maxAheadMs: number;
  private readonly idleAfterMs: number;
  /** The largest time seen in the partition in work, before which time one is late, and up to which time one may be. */
  private readonly cells = Float64Array.of(Number.NEGATIVE_INFINITY, -LATEST_MS, Number.NEGATIVE_INFINITY);

  /**
   * @param time where the time of the tuple in work stands
   * @param nowMs milliseconds since the epoch
   */
  constructor(
    operator: string,
    { outOfOrderMs, allowedLatenessMs, maxAheadMs, idleAfterMs = Number.POSITIVE_INFINITY }: EventTime,
    time: Float64Array,
    nowMs: () => number,
  ) {
    this.operator = operator;
    this.time = time;
    this.nowMs = nowMs;
    this.outOfOrderMs = outOfOrderMs;
    this.slackMs = outOfOrderMs + allowedLatenessMs;
    this.maxAheadMs = maxAheadMs;
    this.idleAfterMs = idleAfterMs;
  }

  /**
   * Watches whether a partition is idle, if that is wanted, and tells of it. One of which nothing may be late is never left behind: it
   * has come nowhere as long as it may give something.
   */
  idleWatch(nowMs: number, tell: (isIdle: boolean) => void): IdleWatch | undefined {
    const { idleAfterMs, outOfOrderMs } = this;
    const isLeftBehind = idleAfterMs < Number.POSITIVE_INFINITY && outOfOrderMs < Number.POSITIVE_INFINITY;
    return isLeftBehind ? new IdleWatch(idleAfterMs, nowMs, tell) : undefined;
  }

  /** The largest time that has been seen in the partition in work; -Infinity if none has. */
  get seen(): number {
    return this.cells[SEEN];
  }

  /** A partition, of which so much has been seen, is in work. */
  enter(seen: number): void {
    this.cells[SEEN] = seen;
    this.cells[LIMIT] = Math.max(-LATEST_MS, seen - this.slackMs);
  }

  /** The partition in work, which is idle, goes on with the others: what comes there is judged as if it had come as far. */
  follow(watermark: number): void {
    this.enter(this.followed(this.seen, watermark));
  }

  /** What counts as seen in an idle partition once the others have come so far. */
  followed(seen: number, watermark: number): number {
    return Math.max(seen, watermark + this.outOfOrderMs);
  }

  /** The watermark of a partition of which so much has been seen. */
  watermarkOf(seen: number): number {
    // Whole, as the times of timers are.
    return Math.floor(seen - this.outOfOrderMs);
  }

  /**
   * Takes in the time of the next tuple. Returns false if the tuple is late.
   * @throws MillraceError BAD_TIME
   */
  readonly judge = (given: unknown): boolean => {
    const { cells } = this;
    const atMs = typeof given === 'number' ? given : this.millisecondsOf(given);
    if (!(atMs >= cells[LIMIT])) return this.refuse(given, atMs);
    if (atMs > cells[SEEN]) this.advance(given, atMs);
    this.time[0] = atMs;
    return true;
  };

  private millisecondsOf(given: unknown): number {
    if (given instanceof Date) return given.getTime();
    return typeof given === 'bigint' ? Number(given) : Number.NaN;
  }

  private refuse(given: unknown, atMs: number): false {
    if (atMs >= -LATEST_MS) return false;
    refuseDeferred(this.operator, given, (what) => errors.asyncTime(`withEventTime() of '${this.operator}'`, what));
    throw errors.badTime(this.operator, given);
  }

  private advance(given: unknown, atMs: number): void {
    const { cells, maxAheadMs } = this;
    if (atMs > LATEST_MS) throw errors.badTime(this.operator, given);
    if (atMs > cells[AHEAD]) {
      cells[AHEAD] = this.nowMs() + maxAheadMs;
      if (atMs > cells[AHEAD]) throw errors.timeAhead(this.operator, atMs, maxAheadMs);
    }
    this.enter(atMs);
  }
}
