// Windows of a join that follow each other without a gap: each tuple is in one, and its bucket is the window.
// Relies on: timers of a key have names: there is one for each window.

import type { Tuple } from '../timed/kept-fields.ts';
import type { EmitTuple, OwnContext } from '../timed/own-context.ts';
import type { Buckets, Kept } from './buckets.ts';
import type { JoinBounds, JoinWindows, WindowSides } from './window-sides.ts';

/** Where such windows begin and end. */
interface Stretches {
  /** The start of the window that a time is in. */
  startOf(ms: number): number;
  /** The end of the window that a time is in. */
  endOf(ms: number): number;
}

export function followingWindows(sides: WindowSides, stretches: Stretches): JoinWindows {
  const boundsOf = (windowStart: number): JoinBounds => ({ windowStart, windowEnd: stretches.endOf(windowStart) });
  return {
    around: (atMs) => [boundsOf(stretches.startOf(atMs))],
    enter(_state, { time, timers }) {
      const start = stretches.startOf(time);
      timers.at(sides.dueMs(stretches.endOf(start)), String(start));
      return start;
    },
    onTimer(key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext) {
      const start = Number(context.timer.name);
      sides.give(key, state, boundsOf(start), () => [start], emit, context);
      for (const buckets of sides.both) dropUpTo(buckets, state, start, context);
      if (sides.both.every((buckets) => buckets.of(state).size === 0)) context.remove();
    },
  };
}

/** Forgets the window that has closed, and those before it whose timers were dead letters. */
function dropUpTo(buckets: Buckets, state: Kept, start: number, { timers }: OwnContext): void {
  const gone: number[] = [];
  for (const { $bucket } of buckets.of(state))
    if ($bucket === start || ($bucket < start && timers.due(String($bucket)) === undefined)) gone.push($bucket);
  for (const at of gone) buckets.drop(state, at);
}
