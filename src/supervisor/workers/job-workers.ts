// The workers of a job, and the warm spares that wait to take over: SEEP's pool of hosts.
// Promises: a spare is hired for each one that is taken or lost; one that fails while it loads is told, and hired again
// after a pause. Whoever waits for a spare gets one, or an error once several in a row could not be loaded.
// Relies on: a host's number is used again only after the thread that had it has exited (hiring.ts).

import { errors } from '../../errors.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { Hiring, type HiringOptions } from './hiring.ts';
import type { JobWorker } from './job-worker.ts';
import { FORESEEN_MS, SpareDemand } from './spare-demand.ts';
import { WaitingLine } from './waiting-line.ts';

/** Failures in a row after which nobody waits for a spare any longer. */
const SPARE_ATTEMPTS_MAX = 3;
const RETRY_MS_FIRST = 50;
/** A spare that was taken is replaced a little later: to start a thread would hold up the recovery that it was taken for. */
const REFILL_MS = 30;
/** Spares beyond the usual number are kept for a while: what has just been given back may be wanted again. */
const SURPLUS_MS = 10_000;
/** Time after which as many spares are hired as were needed at once: a surge comes first. */
const FORESEEN_REFILL_MS = 1000;
/** How long the thread of a spare that is dismissed may take to exit, before its number is used again. */
const FENCE_MS_MAX = 60_000;
/** Spares are hired when the job has started: its first tuples need the processor more. */
const FIRST_SPARE_MS = 1000;

export interface JobWorkersOptions extends Omit<HiringOptions, 'gone'> {
  readonly clock: Clock;
  readonly spares: number;
  /** Of the workers that host replicas. */
  readonly workersMax: number;
  /** An active worker's thread has died, or its task has ended. */
  lost(worker: JobWorker, cause: unknown): void;
  spareFailed(error: unknown, attempt: number): void;
  /** Prepares a spare that has loaded the flow. */
  warmUp(worker: JobWorker): Promise<void>;
}

export class JobWorkers {
  readonly #options: JobWorkersOptions;
  readonly #hiring: Hiring;
  readonly #demand: SpareDemand;
  readonly #line = new WaitingLine();
  readonly #timers = new Set<Cancel>();
  #attempts = 0;
  #lastError: unknown;
  #isRetrying = false;
  #isClosed = false;

  constructor(options: JobWorkersOptions) {
    this.#options = options;
    this.#hiring = new Hiring({ ...options, gone: (worker, cause) => this.#gone(worker, cause) });
    this.#demand = new SpareDemand(options.clock, options.spares, options.workersMax);
  }

  /** All of them, spares too. */
  get all(): readonly JobWorker[] {
    return [...this.#hiring.workers];
  }

  /** Hires the job's workers, and resolves when all have loaded the flow. */
  async start(count: number): Promise<readonly JobWorker[]> {
    const workers = Array.from({ length: count }, () => this.#hiring.hire('active'));
    await Promise.all(workers.map((worker) => this.#hiring.load(worker)));
    this.#later(FIRST_SPARE_MS, () => this.refill());
    return workers;
  }

  /** The workers that host replicas. */
  active(): JobWorker[] {
    return this.all.filter(({ state }) => state === 'active');
  }

  find(host: number): JobWorker | undefined {
    return this.all.find((worker) => worker.host === host);
  }

  /** A warm worker that is ready, active from now on; undefined if there is none. */
  takeReady(): JobWorker | undefined {
    const spare = this.all.find(({ state }) => state === 'spare');
    if (spare === undefined) return undefined;
    spare.state = 'active';
    this.#later(REFILL_MS, () => this.refill());
    return spare;
  }

  /**
   * A warm worker, active from now on.
   * @param isUrgent true to be served before all who are not
   * @returns undefined if all workers that there may be are in use. Rejects with NO_SPARE if none can be loaded
   */
  takeSpare(isUrgent: boolean): Promise<JobWorker | undefined> {
    const spare = this.takeReady();
    if (spare !== undefined) return Promise.resolve(spare);
    const taken = this.#line.join(isUrgent);
    // One more try, also after those that have failed before anyone waited.
    this.#attempts = Math.min(this.#attempts, SPARE_ATTEMPTS_MAX - 1);
    this.refill();
    return taken;
  }

  /** So many workers were taken at once: as many are kept ready for a while, and hired if there may be more workers. */
  foresee(spares: number): void {
    this.#demand.foresee(spares);
    this.#later(FORESEEN_MS, () => {
      if (this.#demand.forget()) void this.#dismissSurplus();
    });
    this.#later(FORESEEN_REFILL_MS, () => this.refill());
  }

  /** A worker that was taken and hosts nobody, or nobody any more. */
  giveBack(worker: JobWorker): void {
    if (worker.state !== 'active' || this.#line.serve(worker)) return;
    worker.state = 'spare';
    worker.hasServed = true;
    this.#later(SURPLUS_MS, () => void this.#dismissSurplus());
  }

  /** Takes a worker out whose thread is gone: somebody may have waited for its number. */
  remove(worker: JobWorker): void {
    if (this.#hiring.remove(worker) && this.#line.length > 0) this.refill();
  }

  /** Hires no more. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#line.rejectAll(errors.invariant('nobody takes over in a job that has ended'));
  }

  /** Hires the spares that are missing. */
  refill(): void {
    if (this.#isClosed || this.#isRetrying) return;
    const ready = this.all.filter(({ state }) => state === 'spare' || state === 'starting').length;
    const wanted = Math.max(this.#wantedSpares, this.#line.length);
    for (let missing = wanted - ready; missing > 0; missing--) {
      if (this.#attempts >= SPARE_ATTEMPTS_MAX) return;
      if (!this.#hiring.hasRoom) break;
      void this.#hireSpare();
    }
    // Nobody who is in use comes free by waiting.
    const areAllInUse = !this.#hiring.hasRoom && this.all.every(({ state }) => state === 'active');
    if (areAllInUse) this.#line.sendAway();
  }

  get #wantedSpares(): number {
    return this.#demand.wanted(this.active().length);
  }

  async #dismissSurplus(): Promise<void> {
    const surplus = this.all.filter(({ state }) => state === 'spare').slice(this.#wantedSpares);
    for (const worker of surplus) worker.state = 'lost';
    for (const worker of surplus) await this.#dismiss(worker);
  }

  async #dismiss(worker: JobWorker): Promise<void> {
    await this.#options.pool.fence(worker.hired, FENCE_MS_MAX);
    this.remove(worker);
  }

  /** A thread is gone, or going. Those that load are told of by their loading. */
  #gone(worker: JobWorker, cause: unknown): void {
    if (this.#isClosed || worker.state === 'lost') return;
    if (worker.state === 'active') this.#options.lost(worker, cause);
    else if (worker.state === 'spare' || worker.isLoaded) void this.#spareFailed(worker, cause);
  }

  async #hireSpare(): Promise<void> {
    let worker: JobWorker | undefined;
    try {
      worker = this.#hiring.hire('starting');
      await this.#hiring.load(worker);
    } catch (error) {
      // One that was ended on purpose says nothing about the code.
      if (!this.#isClosed && worker?.terminatedFor === undefined) await this.#spareFailed(worker, error);
      return;
    }
    if (this.#isClosed) return;
    this.#attempts = 0;
    // Who waits needs it now, as it is. What fails as it warms up fails again, and is told, when the worker takes over.
    if (this.#line.length === 0) await this.#options.warmUp(worker).catch(() => {});
    if (this.#isClosed || worker.state === 'lost') return;
    worker.state = 'active';
    if (!this.#line.serve(worker)) worker.state = 'spare';
    this.refill();
  }

  /** @param worker undefined if there was not even a thread */
  async #spareFailed(worker: JobWorker | undefined, error: unknown): Promise<void> {
    if (worker?.hasServed !== true) this.#attempts++;
    this.#lastError = error;
    this.#options.spareFailed(error, Math.max(1, this.#attempts));
    if (worker !== undefined) {
      worker.state = 'lost';
      // No replica was ever here, so nothing has to be certain of the thread's end but the number that it used.
      await this.#dismiss(worker);
    }
    if (this.#isClosed) return;
    if (this.#attempts >= SPARE_ATTEMPTS_MAX) {
      this.#line.rejectAll(errors.noSpare(this.#attempts, this.#lastError));
      return;
    }
    this.#isRetrying = true;
    this.#later(RETRY_MS_FIRST * 2 ** this.#attempts, () => {
      this.#isRetrying = false;
      this.refill();
    });
  }

  /** Not unreferenced: while all threads are gone, a timer may be all that keeps the process alive. */
  #later(ms: number, action: () => void): void {
    // A hand-over may give its worker back after the end: a timer would keep the process alive for nothing.
    if (this.#isClosed) return;
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      if (!this.#isClosed) action();
    });
    this.#timers.add(cancel);
  }
}

/** @throws MillraceError UNKNOWN_NAME */
export function workerNamed(host: number, workers: readonly JobWorker[]): JobWorker {
  const worker = workers.find((each) => each.host === host);
  if (worker !== undefined) return worker;
  const found = workers.map((each) => String(each.host));
  throw errors.unknownName('worker', String(host), found);
}
