// When the watermark says that no tuple before a time can come any more, and what time has what is emitted because of that.
// Relies on: watermarks and the times of timers are whole milliseconds (state/timers/key-timers.ts).

import { LATEST_MS } from '../event-time.ts';

const due = (ms: number): number => Math.max(-LATEST_MS, Math.min(LATEST_MS - 1, ms));

/** The watermark from which on no tuple before `ms` comes, of a stream whose tuples may be so late. */
export const dueBefore = (ms: number, allowedLatenessMs: number): number => due(Math.ceil(ms + allowedLatenessMs));

/** The watermark from which on no tuple of `ms` or before comes. */
export const dueUpTo = (ms: number, allowedLatenessMs: number): number => due(Math.floor(ms + allowedLatenessMs) + 1);

/** The time of what a tuple of `atMs` comes to when the watermark has come to `dueMs`: the last before that, so that it is not late. */
export const timeBefore = (dueMs: number, atMs: number, allowedLatenessMs: number): number =>
  allowedLatenessMs === Number.POSITIVE_INFINITY ? atMs : Math.max(atMs, dueMs - 1 - allowedLatenessMs);
