// The cells in which a replica's program and its batch tell each other of event time, all in milliseconds since the epoch.

export const TIME_CELLS = 3;

/** Of a writer whose tuples have no event time. */
export const NO_TIME: Readonly<Float64Array> = new Float64Array(TIME_CELLS);

export const TimeCell = {
  /** The time of the tuple, or the timer, in work: what is emitted has it. */
  inWork: 0,
  /** The time that the inputs have come to. */
  watermark: 1,
  /** No tuple of the input in work is earlier. */
  earliest: 2,
} as const;
