// Shared memory of a job: taken from the system here, and grown here.
// Promises: what the system refuses is a MillraceError OUT_OF_MEMORY that names what it was for and the option that sets its size.
// Relies on: a growable buffer reserves address space for its maximum at once, and memory only as it grows and is used.

import { errors } from '../errors.ts';

/** What shared memory is for, as in "the ring of an operator", and the option of run() that sets its size, if there is one. */
export interface Purpose {
  readonly of: string;
  readonly option?: string;
}

/**
 * @param maxBytes up to which it may be grown; by default it may not
 * @throws MillraceError OUT_OF_MEMORY
 */
export function allocateShared(purpose: Purpose, bytes: number, maxBytes?: number): SharedArrayBuffer {
  try {
    return maxBytes === undefined
      ? new SharedArrayBuffer(bytes)
      : new SharedArrayBuffer(bytes, { maxByteLength: maxBytes });
  } catch (cause) {
    throw errors.outOfMemory('reserve', purpose.of, maxBytes ?? bytes, purpose.option, cause);
  }
}

/**
 * Grows a buffer to `bytes`, of which it may have some. Another thread may grow it at the same moment.
 * @throws MillraceError OUT_OF_MEMORY
 */
export function growShared(buffer: SharedArrayBuffer, bytes: number, purpose: Purpose): void {
  const current = buffer.byteLength;
  try {
    if (current < bytes) buffer.grow(bytes);
  } catch (cause) {
    // Another thread has grown it further in the meantime; anything else is a real lack of memory.
    if (buffer.byteLength === current) throw errors.outOfMemory('grow to', purpose.of, bytes, purpose.option, cause);
  }
}
