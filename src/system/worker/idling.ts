// When virtual actors have had nothing to do for so long that they are to rest.
// Promises: an actor comes up that long after it has had something to do, and again if it does not rest then.
// Relies on: what it is told stands in the rows: whoever takes over tells it again.

import { TimerHeap } from '../../state/timers/timer-heap.ts';

/** An actor that is to rest some day. */
interface Idler {
  /** Since when it has had nothing to do. */
  sinceMs: number;
  restAfterMs: number;
  /** When it comes up: no later than it is to rest. What else the heap has of it is of no use any more. */
  atMs: number;
}

export class Idling {
  private readonly idlers = new Map<number, Idler>();
  private readonly heap = new TimerHeap();

  get nextAtMs(): number {
    return this.heap.nextAtMs;
  }

  /** Entries of the heap: an actor has more than one until those of no use have come up. */
  get size(): number {
    return this.heap.size;
  }

  /** It had something to do at that time, and rests when it has had nothing for so long. */
  expect(id: number, sinceMs: number, restAfterMs: number): void {
    const idler = this.idlers.get(id);
    const atMs = sinceMs + restAfterMs;
    if (idler === undefined) {
      this.idlers.set(id, { sinceMs, restAfterMs, atMs });
      this.heap.add(atMs, id, 0);
      return;
    }
    idler.sinceMs = sinceMs;
    idler.restAfterMs = restAfterMs;
    if (atMs >= idler.atMs) return;
    idler.atMs = atMs;
    this.heap.add(atMs, id, 0);
  }

  /** It rests, or has ended. */
  forget(id: number): void {
    this.idlers.delete(id);
  }

  clear(): void {
    this.idlers.clear();
    this.heap.clear();
  }

  /** Calls `rest` with each actor that is to rest now; it comes again later, should it not. */
  due(nowMs: number, rest: (id: number) => void): void {
    const { heap, idlers } = this;
    while (heap.nextAtMs <= nowMs) {
      heap.take();
      const { owner: id, atMs } = heap;
      const idler = idlers.get(id);
      if (idler === undefined || idler.atMs !== atMs) continue;
      const { sinceMs, restAfterMs } = idler;
      const isDue = sinceMs + restAfterMs <= nowMs;
      idler.atMs = (isDue ? nowMs : sinceMs) + restAfterMs;
      heap.add(idler.atMs, id, 0);
      if (isDue) rest(id);
    }
  }
}
