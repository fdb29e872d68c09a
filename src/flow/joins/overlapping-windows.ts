// Windows of a join that overlap: tuples are kept once, in buckets that no window cuts, and each window that has any of them comes out.
// Promises: what is kept goes when the last window of its bucket has come out. Work goes by the buckets that there are.
//
// Two sorts of timers: the key's own goes from end to end, and sets one by name for each window that has ended, which gives it. So a
// window that fails takes no other along, and its tuples go all the same.

import { t } from '../../mailbox/schema.ts';
import type { Tuple } from '../timed/kept-fields.ts';
import { type EmitTuple, type OwnContext, wakeBy } from '../timed/own-context.ts';
import { commonDivisor, WINDOWS_AT_ONCE } from '../windows/content.ts';
import type { SlicedWindow } from '../windows/window.ts';
import type { Buckets, Kept } from './buckets.ts';
import { bucketsWithin, type JoinBounds, type JoinWindows, type WindowSides } from './window-sides.ts';

/** What is kept of a key beside its buckets. */
interface Swept {
  /** True once windows have come out. */
  $isSwept: boolean;
  /** The end of the last of these. */
  $sweptTo: number;
}

export function overlappingWindows(sides: WindowSides, { sizeMs, everyMs, offsetMs }: SlicedWindow): JoinWindows {
  const bucketMs = commonDivisor(sizeMs, everyMs);
  const bucketOf = (ms: number): number => Math.floor((ms - offsetMs) / bucketMs) * bucketMs + offsetMs;
  const endUpTo = (ms: number): number => Math.floor((ms - sizeMs - offsetMs) / everyMs) * everyMs + sizeMs + offsetMs;
  /** The ends of the first and the last window that a bucket is in. */
  const firstEnd = (bucket: number): number => endUpTo(bucket) + everyMs;
  const lastEnd = (bucket: number): number => endUpTo(bucket + sizeMs);
  const boundsOf = (windowEnd: number): JoinBounds => ({ windowStart: windowEnd - sizeMs, windowEnd });
  /** After the last window of the bucket has come out. */
  const goneMs = (bucket: number): number => sides.dueMs(lastEnd(bucket)) + 1;

  /** Sets a timer for each window that has ended, and drops what is in none any more. */
  const sweep = (state: Kept, context: OwnContext): void => {
    const swept = state as unknown as Swept;
    const { timer, timers, untilMs } = context;
    const ended = new Set<number>();
    const gone: { readonly buckets: Buckets; readonly at: number }[] = [];
    let next = Number.POSITIVE_INFINITY;
    const before = swept.$isSwept ? swept.$sweptTo : Number.NEGATIVE_INFINITY;
    for (const buckets of sides.both) {
      for (const { $bucket: at } of buckets.of(state)) {
        const last = lastEnd(at);
        let end = Math.max(firstEnd(at), before + everyMs);
        for (; end <= last && sides.dueMs(end) <= untilMs; end += everyMs) ended.add(end);
        if (end <= last) next = Math.min(next, sides.dueMs(end));
        else if (last <= before && goneMs(at) <= timer.atMs) gone.push({ buckets, at });
        else next = Math.min(next, goneMs(at));
      }
    }
    for (const { buckets, at } of gone) buckets.drop(state, at);
    const inOrder = [...ended].sort((one, other) => one - other);
    for (const end of inOrder.slice(0, WINDOWS_AT_ONCE)) {
      timers.at(sides.dueMs(end), String(end));
      swept.$isSwept = true;
      swept.$sweptTo = end;
    }
    if (inOrder.length > WINDOWS_AT_ONCE) next = sides.dueMs(inOrder[WINDOWS_AT_ONCE]);
    if (next < Number.POSITIVE_INFINITY) timers.at(Math.max(next, timer.atMs));
    else context.remove();
  };

  return {
    state: { $isSwept: t.bool(), $sweptTo: t.f64() },
    *around(atMs) {
      const bucket = bucketOf(atMs);
      for (let end = firstEnd(bucket); end <= lastEnd(bucket); end += everyMs) yield boundsOf(end);
    },
    enter(_state, context) {
      const bucket = bucketOf(context.time);
      wakeBy(context, sides.dueMs(firstEnd(bucket)));
      return bucket;
    },
    onTimer(key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext) {
      const { name } = context.timer;
      if (name === '') {
        sweep(state, context);
        return;
      }
      const bounds = boundsOf(Number(name));
      sides.give(key, state, bounds, bucketsWithin(state, bounds.windowStart, bounds.windowEnd), emit, context);
    },
  };
}
