// Hires the threads of a job, and has them load the flow.
// Promises: a host's number is used again only after the thread that had it has exited; a thread that loads for too long is given up.

import { errors } from '../../errors.ts';
import type { FlowReference, WorkerReports } from '../../workers/control.ts';
import type { Patience } from '../../workers/patience.ts';
import type { HiredWorker, ThreadPool } from '../../workers/pool.ts';
import type { JobWorker, WorkerState } from './job-worker.ts';

/** What hiring needs. */
export interface HiringOptions {
  readonly pool: ThreadPool;
  readonly flow: FlowReference;
  /** For threads that load the flow. */
  readonly patience: Patience;
  /** Numbers that workers may have, from 0 on. */
  readonly hosts: number;
  reportsOf(worker: () => JobWorker): WorkerReports;
  /** A thread has died, or its task has ended. */
  gone(worker: JobWorker, cause: unknown): void;
}

export class Hiring {
  /** Those that are hired, in the order in which they were. */
  readonly workers = new Set<JobWorker>();
  readonly #options: HiringOptions;
  readonly #freeHosts: number[];

  constructor(options: HiringOptions) {
    this.#options = options;
    this.#freeHosts = Array.from({ length: options.hosts }, (_, host) => host);
  }

  /** True if one more can be hired. */
  get hasRoom(): boolean {
    return this.#freeHosts.length > 0;
  }

  hire(state: WorkerState): JobWorker {
    const host = this.#freeHosts.shift();
    if (host === undefined) throw errors.invariant('there are numbers for all hosts of a job');
    const worker: JobWorker = {
      host,
      hired: this.#hireFor(host, () => worker),
      state,
      isLoaded: false,
      hasServed: false,
      threadId: -1,
      terminatedFor: undefined,
    };
    this.workers.add(worker);
    const gone = (cause: unknown): void => this.#options.gone(worker, cause);
    worker.hired.ended.then(() => gone(new Error('its task has ended')), gone);
    return worker;
  }

  #hireFor(host: number, worker: () => JobWorker): HiredWorker {
    const { pool, flow, reportsOf } = this.#options;
    try {
      return pool.hire(host, flow, reportsOf(worker));
    } catch (error) {
      this.#freeHosts.push(host);
      throw error;
    }
  }

  /** Resolves when a worker has loaded the flow. */
  async load(worker: JobWorker): Promise<void> {
    const { patience, pool } = this.#options;
    const { moduleUrl } = this.#options.flow;
    let failure: Error | undefined;
    try {
      worker.threadId = await patience.await(worker.hired.loaded, {
        what: `worker ${worker.host} to import ${moduleUrl}`,
        failure: () => {
          failure = errors.importTimeout(moduleUrl, worker.host, patience.limitMs);
          return failure;
        },
      });
      worker.isLoaded = true;
    } catch (error) {
      if (error === failure) pool.giveUp(worker.hired);
      throw error;
    }
  }

  /** Takes a worker out whose thread is gone: its number is free again. Returns false if it was out already. */
  remove(worker: JobWorker): boolean {
    worker.state = 'lost';
    if (!this.workers.delete(worker)) return false;
    this.#freeHosts.push(worker.host);
    return true;
  }
}
