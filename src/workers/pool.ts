// The pool of warm worker threads: piscina, with one task per thread that hosts actors and does not end by itself.
// Promises: `hire` gives a worker at once, whose `loaded` settles; `fence` resolves when its thread is certain to be gone,
// or says that it cannot be ended; after `close` no thread is left that can be ended.
// Relies on: piscina starts a thread for a task if none is idle and there are fewer than allowed. A task's rejection
// comes before its thread's exit, hence the fence.

import { MessageChannel, type ResourceLimits, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errors } from '../errors.ts';
import { settlesWithin, systemClock } from '../platform/clock.ts';
import { type FlowReference, type HostTask, ORDERS, type WorkerControl, type WorkerReports } from './control.ts';
import { callsThrough, exposeOn } from './remote-calls.ts';
import { WORKER_ENTRY } from './worker-entry-url.ts';

/** One hired worker thread. */
export interface HiredWorker {
  readonly host: number;
  /** Calls to it, each of which settles, also when its thread dies (remote-calls.ts). */
  readonly control: WorkerControl;
  /** Resolves with the thread's id when the flow is loaded; rejects if it cannot be, or the thread dies before. */
  readonly loaded: Promise<number>;
  /** Resolves when its task ends in order; rejects when its thread dies. */
  readonly ended: Promise<void>;
}

/** What calls to a worker reject with from its end on. */
export const goneOf = (host: number, ended: Promise<void>): Promise<Error> =>
  ended.then(
    () => errors.workerDied(host, [], new Error('its task has ended')),
    (ending: unknown) => {
      const cause = causeOf(ending);
      return isNoStart(cause) ? errors.workerStart(cause) : errors.workerDied(host, [], cause);
    },
  );

/** Of a task that was cancelled: why. */
const causeOf = (ending: unknown): unknown =>
  ending instanceof Error && ending.name === 'AbortError' && ending.cause !== undefined ? ending.cause : ending;

const isNoStart = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_INIT_FAILED';

/** Does what starts threads. If it throws, those that it has started are ended again. */
function allOrNone<Result>(start: () => Result): Result {
  const end = (thread: Worker): void => void thread.terminate();
  let hasFailed = false;
  // Node.js tells of each new thread in a tick of its own, in their order: these two ticks enclose those of this call.
  process.nextTick(() => hasFailed && process.on('worker', end));
  try {
    return start();
  } catch (cause) {
    hasFailed = true;
    throw errors.workerStart(cause);
  } finally {
    process.nextTick(() => process.off('worker', end));
  }
}

/** What all threads of a pool are started with. */
export interface ThreadOptions {
  readonly resourceLimits: ResourceLimits | undefined;
  /** Options of Node.js in place of the process's; undefined for those. */
  readonly execArgv: readonly string[] | undefined;
}

/** The shared words of all hosts. */
export interface HostBuffers {
  readonly wakeWords: SharedArrayBuffer;
  readonly stepWords: SharedArrayBuffer;
}

interface Hired extends HiredWorker {
  thread: Worker | undefined;
  readonly abort: AbortController;
}

/** Resolves when a thread is gone. */
const exitOf = (thread: Worker): Promise<void> =>
  new Promise((resolve) => {
    if (thread.threadId === -1) resolve();
    else thread.once('exit', () => resolve());
  });

/** Resolves when all that a thread has printed is with the app's own stream. It is read on when the thread has exited. */
async function outputOf({ stdout, stderr }: Worker): Promise<void> {
  await Promise.all(
    [[stdout, process.stdout] as const, [stderr, process.stderr] as const].map(
      ([from, to]) =>
        new Promise<void>((resolve) => {
          // An app whose own output is closed reads no more of its threads'.
          if (from.readableEnded || from.destroyed || !to.writable) resolve();
          else from.once('end', resolve).once('close', resolve);
        }),
    ),
  );
}

/** The threads of a job, as its supervisor sees them. */
export interface ThreadPool {
  /** Starts a host on a thread of the pool, and loads the flow there. */
  hire(host: number, flow: FlowReference, reports: WorkerReports): HiredWorker;
  /**
   * Ends a worker's thread, and makes sure of it: only after its exit can it no longer write to shared memory.
   * @returns false if the thread has not exited after `limitMs`: it hangs in a call that cannot be interrupted
   */
  fence(worker: HiredWorker, limitMs: number): Promise<boolean>;
  /** Gives up a worker that has not loaded yet: its task is cancelled, also if no thread has taken it. */
  giveUp(worker: HiredWorker): void;
  /**
   * Ends all threads, and resolves when they are gone.
   * @returns false if some are still there after `limitMs`
   */
  close(limitMs: number): Promise<boolean>;
}

export class WorkerPool implements ThreadPool {
  private readonly piscina: Piscina<HostTask, void>;
  private readonly active: number;
  private readonly buffers: HostBuffers;
  private readonly threads = new Set<Worker>();
  /** Why a thread died that had no task, at last. */
  private idleFailure: unknown;
  /** Threads whose output has not all come yet. */
  private readonly printing = new Set<Promise<void>>();
  /** Hired workers whose tasks have not ended, the oldest first. */
  private readonly hired = new Set<Hired>();

  /** @param active threads that are started at once; up to `most` are, as they are hired */
  constructor(active: number, most: number, buffers: HostBuffers, { resourceLimits, execArgv }: ThreadOptions) {
    this.active = active;
    this.buffers = buffers;
    this.piscina = allOrNone(
      () =>
        new Piscina({
          filename: WORKER_ENTRY,
          minThreads: active,
          maxThreads: most,
          concurrentTasksPerWorker: 1,
          atomics: 'disabled',
          maxQueue: most,
          recordTiming: false,
          ...(resourceLimits && { resourceLimits }),
          // Left out, a thread has those of the process, and runs the same preloads.
          ...(execArgv && { execArgv: [...execArgv] }),
        }),
    );
    // Failures of threads reach the callers through the tasks, but those of threads that have none: an unheard 'error' event
    // would end the process.
    this.piscina.on('error', (error: unknown) => {
      this.idleFailure = error;
    });
    this.noteThreads();
  }

  /** Remembers all threads, also those that piscina forgets when they fail: each is awaited at the end. */
  private noteThreads(): void {
    for (const thread of this.piscina.threads) {
      if (this.threads.has(thread)) continue;
      this.threads.add(thread);
      thread.once('exit', () => {
        this.threads.delete(thread);
        const printed = outputOf(thread).finally(() => this.printing.delete(printed));
        this.printing.add(printed);
        setImmediate(() => this.giveUpStranded());
      });
    }
  }

  /** A thread that dies as it starts takes no task along: the pool would let that one wait for ever. */
  private giveUpStranded(): void {
    let missing = this.hired.size - this.piscina.threads.length;
    for (const worker of this.hired) {
      if (missing <= 0) return;
      if (worker.thread !== undefined) continue;
      missing--;
      worker.abort.abort(this.idleFailure);
    }
  }

  hire(host: number, flow: FlowReference, reports: WorkerReports): HiredWorker {
    const control = new MessageChannel();
    const reporting = new MessageChannel();
    const abort = new AbortController();
    exposeOn(reporting.port2, reports);
    const task: HostTask = { host, ...this.buffers, control: control.port1, reports: reporting.port1 };
    const options = { transferList: [control.port1, reporting.port1], signal: abort.signal };
    let run: Promise<void>;
    try {
      run = this.piscina.run(task, options);
    } catch (cause) {
      // The pool may have queued it before it failed to start a thread.
      abort.abort();
      for (const { port1, port2 } of [control, reporting]) for (const port of [port1, port2]) port.close();
      throw errors.workerStart(cause);
    }
    const ended = run.finally(() => {
      // Reports that were sent before the end are still to be read.
      setImmediate(() => reporting.port2.close());
    });
    ended.catch(() => {});
    this.noteThreads();
    const calls = callsThrough<WorkerControl>(control.port2, ORDERS, goneOf(host, ended));
    const hired: Hired = {
      host,
      control: calls,
      ended,
      abort,
      thread: undefined,
      loaded: calls.load(flow).then((threadId) => {
        this.noteThreads();
        hired.thread = [...this.threads].find((thread) => thread.threadId === threadId);
        return threadId;
      }),
    };
    hired.loaded.catch(() => {});
    this.hired.add(hired);
    // From now on threads start for those who are hired only: one that the pool could not start by itself would throw in its
    // own listener, where nobody catches it.
    if (this.hired.size >= this.active) this.piscina.options.minThreads = 0;
    const forget = (): void => void this.hired.delete(hired);
    ended.then(forget, forget);
    return hired;
  }

  async fence(worker: HiredWorker, limitMs: number): Promise<boolean> {
    const { thread, abort } = worker as Hired;
    if (thread === undefined) {
      abort.abort();
      return true;
    }
    const exit = exitOf(thread);
    void thread.terminate();
    return settlesWithin(systemClock, exit, limitMs);
  }

  giveUp(worker: HiredWorker): void {
    (worker as Hired).abort.abort();
  }

  async close(limitMs: number): Promise<boolean> {
    this.noteThreads();
    const exits = [...this.threads].map(exitOf);
    const destroyed = this.piscina.destroy();
    const gone = await settlesWithin(systemClock, Promise.all([destroyed, ...exits]), limitMs);
    // A thread that cannot be ended must not keep the process alive.
    if (!gone) for (const thread of this.threads) thread.unref();
    // An app may exit as soon as its job has ended. One whose reader is slow may also find the output late.
    await settlesWithin(systemClock, Promise.all(this.printing), limitMs);
    return gone;
  }
}
