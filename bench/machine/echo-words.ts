// What the two threads of the wake-up measurements share: a word for each direction, on lines of their own.

export const REQUEST = 0;
export const ANSWER = 32;
export const ECHO_BYTES = 256;
/** A request that ends the way it was sent in. */
export const STOP = -1;

/** How the thread is to wait from now on; numbers that are posted to it are posted back. */
export type EchoOrder = 'wait' | 'waitAsync';
