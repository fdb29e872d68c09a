// How much memory the machine, or the container, has left for this process.

import { freemem, totalmem } from 'node:os';

/** A run ends before there is less left: the machine would begin to swap, or kill the process. */
export const RESERVE_BYTES = 768 * 2 ** 20;

export function availableBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  // Without a limit some versions of Node.js tell 0, and others a number beyond all memory.
  if (limit <= 0 || limit >= totalmem()) return freemem();
  return Math.min(freemem(), limit - process.memoryUsage.rss());
}

export const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
