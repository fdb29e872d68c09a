// When a supervisor gives up, and how long it waits before a restart.
// Promises: no clock of its own; remembers at most `intensity` + 1 crashes, of the last `periodMs`.
// Relies on: the count of a supervisor that gave up is reset, or not used again.

const BACKOFF_MIN_MS = 10;
export const BACKOFF_MAX_MS = 1000;

/** The wait before a restart, in milliseconds, after `crashesBefore` crashes without progress between them. */
export function backoffMs(crashesBefore: number): number {
  return crashesBefore === 0 ? 0 : Math.min(BACKOFF_MIN_MS * 2 ** (crashesBefore - 1), BACKOFF_MAX_MS);
}

/**
 * OTP's restart intensity: more than `intensity` crashes within `periodMs` are too many. One exactly `periodMs` ago still
 * counts, as in OTP.
 */
export class RestartIntensity {
  readonly intensity: number;
  readonly periodMs: number;
  /** When the remembered crashes happened, oldest first, moved on by the pauses since. */
  private timesMs: number[] = [];

  constructor(intensity: number, periodMs: number) {
    this.intensity = intensity;
    this.periodMs = periodMs;
  }

  /** Counts a crash; true if it is one too many. */
  count(nowMs: number): boolean {
    this.timesMs = this.timesMs.filter((timeMs) => nowMs - timeMs <= this.periodMs);
    this.timesMs.push(nowMs);
    return this.timesMs.length > this.intensity;
  }

  /**
   * Leaves a span of time out of the period. While a child hangs or waits for its restart it proves nothing; if that time
   * counted, backoff and the time to find a hang would space the crashes of a loop so far apart that it never ends.
   */
  pause(fromMs: number, toMs: number): void {
    // Never beyond the span's end: spans of several children overlap, and a common one must not count twice.
    this.timesMs = this.timesMs.map((timeMs) => timeMs + Math.max(0, toMs - Math.max(timeMs, fromMs)));
  }

  /** Forgets everything, as a supervisor does that is itself restarted. */
  reset(): void {
    this.timesMs = [];
  }
}
