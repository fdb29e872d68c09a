// What the two threads of subject `wake` share.

export interface WakeThreadData {
  readonly wakeWords: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
}

/** Hosts. */
export const APP = 0;
export const HOST = 1;

/** Cells, on lines of their own. */
export const ASKED = 0;
export const ANSWERED = 32;
export const COUNTERS_BYTES = 256;
