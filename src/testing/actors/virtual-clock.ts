// The time of a system under test: it stands still until the test moves it.
// Promises: what is ordered of it happens in the order of time, and of the orders where times are equal.

import type { Cancel } from '../../platform/clock.ts';

interface Ordered {
  readonly atMs: number;
  readonly action: () => void;
}

export class VirtualClock {
  nowMs: number;
  private readonly ordered = new Set<Ordered>();

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  readonly now = (): number => this.nowMs;

  readonly after = (ms: number, action: () => void): Cancel => {
    const ordered = { atMs: this.nowMs + Math.max(0, ms), action };
    this.ordered.add(ordered);
    return () => void this.ordered.delete(ordered);
  };

  /** When the next of what was ordered is due; Infinity if there is none. */
  get nextAtMs(): number {
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.ordered) nextAtMs = Math.min(nextAtMs, atMs);
    return nextAtMs;
  }

  /** Does what is due now, but for what is ordered meanwhile. */
  run(): void {
    const due = [...this.ordered].filter(({ atMs }) => atMs <= this.nowMs).sort((one, other) => one.atMs - other.atMs);
    for (const ordered of due) if (this.ordered.delete(ordered)) ordered.action();
  }
}
