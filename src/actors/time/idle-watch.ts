// Whether a partition is idle: whether it was asked, and had nothing, for so long.
// Promises: only what is asked counts: a partition is not idle because its reader is held up, waits in a hand-over, or is stopped with
// the process, nor because it is being opened. So the time is counted in looks, one each quarter of it.

import type { Found } from '../inputs/feed.ts';

/** Looks that find nothing, one after the other, until a partition is idle. */
const LOOKS = 4;

export class IdleWatch {
  private readonly everyMs: number;
  private readonly tell: (isIdle: boolean) => void;
  private empty = 0;
  /** When the next look counts, on the clock of its actor. */
  nextAtMs: number;

  /** @param tell called when it becomes idle, and when it is it no more; and at once: a host that died may have told of it */
  constructor(idleAfterMs: number, nowMs: number, tell: (isIdle: boolean) => void) {
    this.tell = tell;
    tell(false);
    this.everyMs = idleAfterMs / LOOKS;
    this.nextAtMs = nowMs + this.everyMs;
  }

  get isIdle(): boolean {
    return this.empty >= LOOKS;
  }

  /** The partition was asked, or might have been. */
  look(found: Found, nowMs: number): void {
    if (found === 'something') {
      if (this.isIdle) this.tell(false);
      this.empty = 0;
      this.nextAtMs = nowMs + this.everyMs;
    } else if (nowMs >= this.nextAtMs) {
      if (found === 'nothing') this.empty++;
      if (found === 'nothing' && this.empty === LOOKS) this.tell(true);
      this.nextAtMs = nowMs + this.everyMs;
    }
  }
}
