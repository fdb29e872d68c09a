// What the calling thread has had of the machine's processors: what tells an operator that computes from one that waits.
// Promises: never throws; undefined where the platform does not tell. Costs about 20 µs: ask a few times a second.

import { readFileSync } from 'node:fs';

/** What a thread has had of the machine's processors, in microseconds modulo 2^32. */
export interface ProcessorTime {
  /** When this was measured, on any clock. */
  readonly atUs: number;
  /** Time on a processor. */
  readonly computedUs: number;
  /** Time in which it could have run, and no processor was free. */
  readonly queuedUs: number;
}

const NANOSECONDS_PER_MICROSECOND = 1000;
const nowUs = (): number => Math.floor(performance.now() * 1000);

interface ThreadUsage {
  threadCpuUsage?(): { user: number; system: number };
}

/** Linux tells both times of a thread in one line: on a processor, and waiting for one. */
function fromSchedstat(): ProcessorTime | undefined {
  try {
    const [computed, queued] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ').map(Number);
    if (!Number.isFinite(computed) || !Number.isFinite(queued)) return undefined;
    return {
      atUs: nowUs(),
      computedUs: Math.floor(computed / NANOSECONDS_PER_MICROSECOND),
      queuedUs: Math.floor(queued / NANOSECONDS_PER_MICROSECOND),
    };
  } catch {
    return undefined;
  }
}

/** Newer Node.js knows a thread's processor time everywhere, but not how long it waited for a processor. */
function fromNode(): ProcessorTime | undefined {
  const usage = (process as ThreadUsage).threadCpuUsage?.();
  return usage && { atUs: nowUs(), computedUs: usage.user + usage.system, queuedUs: 0 };
}

export const processorTime = (): ProcessorTime | undefined => fromSchedstat() ?? fromNode();
