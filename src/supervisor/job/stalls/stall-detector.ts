// The stall detector: looks now and then whether a job moves, and tells who waits for whom if it does not.
// Promises: a stall is told only after several looks in a row that came in time, and found that nothing had moved meanwhile. So
// neither a breakpoint, nor a machine that slept, nor an app that keeps its event loop busy, makes one. Once a stall, and once when
// it is over; the same line only once a job.
// Relies on: whoever moves changes what is read of it; a source that is quiet, and whoever waits for it, waits for no room.

import type { Cancel, Clock } from '../../../platform/clock.ts';
import { type Diagnosis, diagnose, type StallWait, type StreamReading } from './stall.ts';

/** Looks that find nothing moved, which make a stall: they span the limit. */
const LOOKS = 3;
/** An app that has an iterator may take its time for a tuple: so many times the limit. */
const HELD_TIMES = 3;
/** A look that comes later than this, as a share of the time between looks, says that this thread stood still itself. */
const LATE_SHARE = 2;
const LATE_MS_MIN = 100;

/** A standstill of a job: see `JobReading.stalled`. */
export interface Stall {
  /** Since something moved last, in milliseconds. */
  readonly forMs: number;
  /** True if nothing can move before the app does something else; otherwise it may only be slow. */
  readonly isCertain: boolean;
  /** Who waits for whom, and the remedy. */
  readonly reason: string;
  /** Each wait, from whoever holds the others up. */
  readonly waits: readonly StallWait[];
}

export interface WatchedStream {
  /** Changes whenever something moves. */
  progress(): string;
  read(): StreamReading;
}

export interface StallEvents {
  /** @param isForPeople true if it is to be told also where nobody listens */
  stalled(stall: Stall, isForPeople: boolean): void;
  ended(tookMs: number): void;
}

export class StallDetector {
  private readonly clock: Clock;
  private readonly stream: WatchedStream;
  private readonly events: StallEvents;
  private readonly told = new Set<string>();
  private cancel: Cancel | undefined;
  private everyMs = 0;
  private looksHeld = 0;
  private lookedAtMs = 0;
  private movedAtMs = 0;
  private looks = 0;
  private progress = '';
  private diagnosis: Diagnosis | undefined;
  private isTold = false;

  constructor(clock: Clock, stream: WatchedStream, events: StallEvents) {
    this.clock = clock;
    this.stream = stream;
    this.events = events;
  }

  /**
   * @param limitMs 0 for never
   * @param lingerMs how long a batch may wait for more tuples, with its input
   */
  start(limitMs: number, lingerMs = 0): void {
    if (limitMs === 0) return;
    this.everyMs = limitMs / LOOKS;
    this.looksHeld = LOOKS * HELD_TIMES + Math.ceil(lingerMs / this.everyMs);
    this.lookedAtMs = this.clock.now();
    this.movedAtMs = this.lookedAtMs;
    this.progress = this.stream.progress();
    this.cancel = this.clock.every(this.everyMs, () => this.look());
  }

  stop(): void {
    this.cancel?.();
    this.moved();
  }

  /** The stall that has been told and is not over. */
  get current(): Stall | undefined {
    if (!this.isTold || this.diagnosis === undefined) return undefined;
    const { isCertain, reason, waits } = this.diagnosis;
    return { forMs: this.clock.now() - this.movedAtMs, isCertain, reason, waits };
  }

  /** One look. */
  look(): void {
    const nowMs = this.clock.now();
    const sinceMs = nowMs - this.lookedAtMs;
    const isLate = sinceMs > this.everyMs * LATE_SHARE + LATE_MS_MIN;
    this.lookedAtMs = nowMs;
    const before = this.progress;
    this.progress = this.stream.progress();
    const diagnosis = this.progress === before ? diagnose(this.stream.read()) : undefined;
    if (diagnosis === undefined) {
      this.moved();
      return;
    }
    this.diagnosis = diagnosis;
    // This thread stood still, and so may have done all that it would have moved.
    this.looks = isLate ? 0 : this.looks + 1;
    if (this.isTold || this.looks < (diagnosis.isCertain ? LOOKS : this.looksHeld)) return;
    this.isTold = true;
    const isForPeople = (diagnosis.isCertain || diagnosis.isCrosswise) && !this.told.has(diagnosis.reason);
    if (isForPeople) this.told.add(diagnosis.reason);
    this.events.stalled(this.current as Stall, isForPeople);
  }

  private moved(): void {
    const { isTold, movedAtMs } = this;
    this.movedAtMs = this.clock.now();
    this.looks = 0;
    this.diagnosis = undefined;
    this.isTold = false;
    if (isTold) this.events.ended(this.movedAtMs - movedAtMs);
  }
}
