// The pool of warm worker threads: piscina, with one task per thread that hosts actors and does not end by itself.
// Promises: `hire` resolves with a worker that runs; `ended` of a worker settles when its thread is gone or its task has
// ended; after `close` no thread is left.
// Relies on: piscina's rejected tasks come before the thread's exit, so `close` awaits the exits themselves.

import { MessageChannel, type Worker } from 'node:worker_threads';
import type { Remote } from 'comlink';
import { Piscina } from 'piscina';
import { exposeOn, type HostTask, type WorkerControl, type WorkerReports, wrapPort } from './control.ts';

const WORKER_ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url).href;

/** One hired worker thread. */
export interface HiredWorker {
  readonly host: number;
  readonly control: Remote<WorkerControl>;
  /** Resolves when its task ends in order; rejects when its thread dies. */
  readonly ended: Promise<void>;
}

export class WorkerPool {
  private readonly piscina: Piscina<HostTask, void>;
  private readonly wakeWords: SharedArrayBuffer;
  private readonly threads = new Set<Worker>();

  constructor(workers: number, wakeWords: SharedArrayBuffer) {
    this.wakeWords = wakeWords;
    this.piscina = new Piscina({
      filename: WORKER_ENTRY,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      maxQueue: workers,
      recordTiming: false,
    });
    // Failures of threads reach the callers through the tasks; an unheard 'error' event would end the process.
    this.piscina.on('error', () => {});
  }

  /** Starts a host on a thread of the pool. */
  hire(host: number, reports: WorkerReports): HiredWorker {
    const control = new MessageChannel();
    const reporting = new MessageChannel();
    exposeOn(reporting.port2, reports);
    const task: HostTask = { host, wakeWords: this.wakeWords, control: control.port1, reports: reporting.port1 };
    const ended = this.piscina.run(task, { transferList: [control.port1, reporting.port1] }).finally(() => {
      control.port2.close();
      reporting.port2.close();
    });
    for (const thread of this.piscina.threads) this.threads.add(thread);
    return { host, control: wrapPort<WorkerControl>(control.port2), ended };
  }

  /** Ends all threads, and resolves when they are gone. */
  async close(): Promise<void> {
    for (const thread of this.piscina.threads) this.threads.add(thread);
    const exits = [...this.threads].map(
      (thread) =>
        new Promise<void>((resolve) => {
          if (thread.threadId === -1) resolve();
          else thread.once('exit', () => resolve());
        }),
    );
    await this.piscina.destroy();
    await Promise.all(exits);
  }
}
