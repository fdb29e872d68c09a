// What is read of event time at one operator of a job, at one moment.
// Promises: plain data. Times are milliseconds since the epoch; -Infinity stands for none yet, Infinity for the end of time.

/** Why an input of an operator is where it is. */
export type TimeInputState = 'running' | 'held' | 'idle' | 'ended';

/** How far one input of an operator has come in event time. */
export interface TimeInput {
  /** The operator that writes it. Of an operator that gives tuples their times: the source. */
  readonly from: string;
  /** Which of its outputs, if it has several. */
  readonly output?: string;
  /** Of a source with several partitions: which one. */
  readonly partition?: number;
  /** No tuple that is still to come there is earlier, but for late ones. */
  readonly watermark: number;
  /**
   * `ended`: nothing comes there any more. `idle`: it was asked, and had nothing for `idleAfterMs`, so it goes on with the others. `held`:
   * a replica that writes it has no room in its output, or is not running. `running`: none of these, also if there is nothing to read.
   */
  readonly state: TimeInputState;
}

/** How far event time has come at one operator. */
export interface TimeReading {
  /** The least that its replicas have committed: no tuple that it has yet to emit is earlier. */
  readonly watermark: number;
  /** When it has moved last, by the clock; 0 if it never has. */
  readonly movedAtMs: number;
  /** The latest time of the tuples on time that the sources before it have read. */
  readonly newestMs: number;
  /** By how much the watermark is behind `newestMs`; 0 at the end. Infinity while some input has no time yet. */
  readonly lagMs: number;
  /** Late tuples, which the sources before it have sorted out. */
  readonly late: number;
  /** All that it waits for: its watermark follows the least of theirs. */
  readonly inputs: readonly TimeInput[];
}
