// When timers fire, round and round, and what is counted of them: the same for all contenders.

export interface AlarmCounts {
  fired: number;
  /** Timers that should not have fired then. */
  wrong: number;
  /** Of the timer that was latest. */
  lateMs: number;
}

/** When timer `n` of `count` first fires: they are spread over the period. */
export const firstDelayMs = (n: number, count: number, periodMs: number, phaseMs: number): number =>
  phaseMs + (n * periodMs) / count;

/** Notes that a timer has fired. */
export function noteAlarm(counts: AlarmCounts, isRight: boolean, lateMs: number): void {
  if (!isRight) counts.wrong += 1;
  if (lateMs > counts.lateMs) counts.lateMs = lateMs;
  counts.fired += 1;
}
