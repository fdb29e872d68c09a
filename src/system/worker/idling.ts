// When virtual actors have had nothing to do for so long that they are to rest.
// Promises: an actor comes up that long after it has had something to do, and again if it does not rest then.
// Relies on: what it is told stands in the rows: whoever takes over tells it again.

import { TimerHeap } from '../../state/timers/timer-heap.ts';

export class Idling {
  /** Of each actor that is to rest some day: since when it has had nothing to do. */
  private readonly sinceMs = new Map<number, number>();
  /** Each of these actors once, at a time no later than that at which it is to rest. */
  private readonly heap = new TimerHeap();

  get nextAtMs(): number {
    return this.heap.nextAtMs;
  }

  /** It had something to do at that time. */
  expect(id: number, activeMs: number, restAfterMs: number): void {
    if (!this.sinceMs.has(id)) this.heap.add(activeMs + restAfterMs, id, restAfterMs);
    this.sinceMs.set(id, activeMs);
  }

  /** It rests, or has ended. */
  forget(id: number): void {
    this.sinceMs.delete(id);
  }

  clear(): void {
    this.sinceMs.clear();
    this.heap.clear();
  }

  /** Calls `rest` with each actor that is to rest now; it comes again later, should it not. */
  due(nowMs: number, rest: (id: number) => void): void {
    const { heap, sinceMs } = this;
    while (heap.nextAtMs <= nowMs) {
      heap.take();
      const { owner: id, timer: restAfterMs } = heap;
      const since = sinceMs.get(id);
      if (since === undefined) continue;
      const isDue = since + restAfterMs <= nowMs;
      if (isDue) rest(id);
      heap.add(isDue ? nowMs + restAfterMs : since + restAfterMs, id, restAfterMs);
    }
  }
}
