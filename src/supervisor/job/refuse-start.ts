// What becomes of a start whose code cannot be loaded.

import { errors, MillraceError } from '../../errors.ts';

/**
 * The files of what runs a job may be out of reach, as those of a worker may be: there is no descriptor left, or no permission. Or code
 * may not be generated, which is known as soon as they are there.
 * @throws MillraceError WORKER_START, CODE_GENERATION
 */
export function refuseStart(cause: unknown): never {
  throw cause instanceof MillraceError ? cause : errors.workerStart(cause);
}
