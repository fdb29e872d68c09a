// What the threads of workers have of the machine's processors: what tells an operator that computes from one that waits.
// Relies on: hosts note their threads' processor time now and then, in their step words.

import type { ProcessorTime } from '../../../platform/processor-time.ts';
import type { JobContext } from '../../job-context.ts';
import type { OperatorReport, WorkerReport } from './report.ts';
import { waitingShare } from './report.ts';

interface Metered {
  readonly time: ProcessorTime;
  /** Processor used and processor waited for, as shares of the time between the last two measurements. */
  readonly computing: number;
  readonly queued: number;
}

/** A worker that is hardly busy waits for input, which is not what is meant. */
const BUSY_MIN = 0.1;

export class WorkerMeter {
  readonly #job: JobContext;
  readonly #metered = new Map<number, Metered>();

  constructor(job: JobContext) {
    this.#job = job;
  }

  read(operators: readonly OperatorReport[]): WorkerReport[] {
    const { workers, stepWords } = this.#job;
    return workers.active().map(({ host }) => {
      const metered = this.#meter(host, stepWords.processorTime(host));
      let busy = 0;
      for (const { replicas } of operators) for (const each of replicas) if (each.worker === host) busy += each.busy;
      const isKnown = metered !== undefined && busy >= BUSY_MIN;
      const waiting = isKnown ? waitingShare(Math.min(1, busy), metered.computing, metered.queued) : undefined;
      return { worker: host, waiting, processors: metered?.computing ?? 0 };
    });
  }

  /** What a worker's thread had of the processors between the last two measurements that it made. */
  #meter(host: number, time: ProcessorTime | undefined): Metered | undefined {
    if (time === undefined) return undefined;
    const before = this.#metered.get(host);
    const spanUs = before === undefined ? 0 : (time.atUs - before.time.atUs) | 0;
    if (before === undefined || spanUs < 0) {
      // The number may be that of a new thread.
      this.#metered.set(host, { time, computing: 0, queued: 0 });
      return undefined;
    }
    if (spanUs === 0) return before;
    const share = (us: number): number => Math.min(1, Math.max(0, (us | 0) / spanUs));
    const metered = {
      time,
      computing: share(time.computedUs - before.time.computedUs),
      queued: share(time.queuedUs - before.time.queuedUs),
    };
    this.#metered.set(host, metered);
    return metered;
  }
}
