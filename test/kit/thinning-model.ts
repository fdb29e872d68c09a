// Which tuples pass, by loops over all that there is.

import type { ThinnedEvent } from './flows/thinned.ts';

/** The first of a key in a pause, the last, or both; in the order of time, and of coming for those of one time. */
export function throttled(
  events: readonly ThinnedEvent[],
  everyMs: number,
  edge: 'leading' | 'trailing' | 'both',
): { readonly id: number; readonly dueMs: number }[] {
  const passed: { id: number; dueMs: number }[] = [];
  for (const key of new Set(events.map((event) => event.key))) {
    const own = events.filter((event) => event.key === key).sort((a, b) => a.at - b.at);
    while (own.length > 0) {
      const untilMs = own[0].at + everyMs;
      const after = own.findIndex(({ at }) => at >= untilMs);
      const pause = own.splice(0, after < 0 ? own.length : after);
      const [first] = pause;
      const last = pause[pause.length - 1];
      if (edge !== 'trailing') passed.push({ id: first.id, dueMs: first.at });
      if (edge === 'trailing' || (edge === 'both' && last !== first)) passed.push({ id: last.id, dueMs: untilMs });
    }
  }
  return passed;
}

/** Those that no tuple is near of their key that has passed before. */
export function deduplicated(events: readonly ThinnedEvent[], withinMs: number): ThinnedEvent[] {
  const passed: ThinnedEvent[] = [];
  for (const event of events) {
    const isNear = passed.some(({ key, at }) => key === event.key && Math.abs(at - event.at) < withinMs);
    if (!isNear) passed.push(event);
  }
  return passed;
}
