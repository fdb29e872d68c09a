// A sweep: closures that run for every key once a time has come, key group by key group, slot by slot. The end of the stream is
// the sweep at +∞.
// Promises: how far a sweep has come is part of the commit, so it yields after any key, goes on from there after a crash, and skips
// a key whose closure fails.

import { KEY_GROUPS } from '../../mailbox/hash.ts';

export interface Sweep {
  /** The time up to which the closures run, or have run; -∞ before the first sweep. */
  watermark: number;
  /** The key group that is next; the number of groups when all have had their turn. */
  group: number;
  /** The slot of that group's table that is next. */
  slot: number;
}

/** True once a sweep at the end of the stream has begun: no key group can change hands any more. */
export const isEnding = ({ watermark }: Sweep): boolean => watermark === Number.POSITIVE_INFINITY;

/** True once every key has had its end: the replica's end of stream is written in the same commit. */
export const hasEnded = (sweep: Sweep): boolean => isEnding(sweep) && sweep.group >= KEY_GROUPS;

/** Begins a sweep up to a time, unless it has begun. */
export function sweepTo(sweep: Sweep, watermark: number): void {
  if (sweep.watermark >= watermark) return;
  sweep.watermark = watermark;
  sweep.group = 0;
  sweep.slot = 0;
}

/** The sweep at the end of the stream is done. */
export function endSweep(sweep: Sweep): void {
  sweep.watermark = Number.POSITIVE_INFINITY;
  sweep.group = KEY_GROUPS;
  sweep.slot = 0;
}

/** Goes on to a slot of the same group, or to the next group if the group is done, which is -1. */
export function advanceSweep(sweep: Sweep, slot: number): void {
  sweep.slot = Math.max(0, slot);
  if (slot < 0) sweep.group++;
}
