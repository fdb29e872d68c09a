// What a closure sets timers with.
// Promises: a timer is part of the transaction that sets it, as a field of its key's row is; its closure runs once, in a transaction of
// its own, not before its time has come.

/** The latest time that a timer can have, and with a minus the earliest: those of a Date. One beyond is a mistake. */
export const LATEST_MS = 8.64e15;

/**
 * The timers of the key in work, in event time if the operator's stream has such, else in processing time. Valid within the closure
 * that got them. See docs/timers.md.
 */
export interface Timers {
  /**
   * Sets a timer of the key for a point in time, or moves the one of this name. One in the past is due at once.
   * @param ms milliseconds since the epoch, rounded up to whole ones
   * @param name a key has one timer of each name
   * @throws MillraceError BAD_TIMER
   */
  at(ms: number, name?: string): void;
  /**
   * The same, by how long from {@link now}.
   * @param ms milliseconds from 0 on
   * @throws MillraceError BAD_TIMER
   */
  after(ms: number, name?: string): void;
  /** Takes a timer back. Returns false if there was none of this name. */
  cancel(name?: string): boolean;
  /** When the timer of this name is due, in milliseconds since the epoch; undefined if there is none. */
  due(name?: string): number | undefined;
  /**
   * The time that timers go by, in milliseconds since the epoch: in event time that of the tuple or timer in work, else that of the
   * clock, in a test of the test's.
   */
  now(): number;
}

/** The timer that has come. */
export interface Timer {
  /** '' if it was set without one. */
  readonly name: string;
  /** What it was set for, in milliseconds since the epoch. */
  readonly atMs: number;
}
