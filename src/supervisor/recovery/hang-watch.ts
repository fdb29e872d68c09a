// What follows from a look of the hang detector: a worker that hangs is terminated, and one that is about to is told of in time.
// Promises: people are told once an operator: the next tuple may be as slow.

import { errors } from '../../errors.ts';
import type { Occurrence } from '../job/events/job-event.ts';
import type { JobContext } from '../job-context.ts';
import { positionOf } from '../replicas/tuple-in-work.ts';
import { HangDetector } from './hang-detector.ts';
import type { Recovery } from './recovery.ts';

export type SlowEvent = Extract<Occurrence, { type: 'slow' }>;

export class HangWatch {
  readonly #job: JobContext;
  readonly #recovery: Recovery;
  readonly #detector: HangDetector;
  readonly #tellPeople: (event: SlowEvent) => void;
  /** Operators of which it was told that a tuple takes long. */
  readonly #told = new Set<string | undefined>();

  constructor(job: JobContext, recovery: Recovery, tellPeople: (event: SlowEvent) => void) {
    this.#job = job;
    this.#recovery = recovery;
    this.#tellPeople = tellPeople;
    const workOf = (actor: number): Int32Array => {
      const replica = job.roster.numbered(actor);
      if (replica === undefined) throw errors.invariant(`the actor that a worker steps, ${actor}, is in the roster`);
      return replica.work;
    };
    this.#detector = new HangDetector(job.clock, job.stepWords, job.wakeWords, workOf);
  }

  start(): void {
    this.#detector.start(
      this.#job.options.hangTimeoutMs,
      () => this.#job.workers.active().map(({ host }) => host),
      (host) => this.#hung(host),
      (host, forMs) => this.#slow(host, forMs),
    );
  }

  stop(): void {
    this.#detector.stop();
  }

  #hung(host: number): void {
    const { workers, roster, stepWords, options } = this.#job;
    const worker = workers.find(host);
    if (worker === undefined) return;
    const replica = roster.numbered(stepWords.stepping(host));
    const reason = errors.workerHung(host, replica?.operatorInWork.name, options.hangTimeoutMs);
    void this.#recovery.terminate(worker, reason);
  }

  #slow(worker: number, forMs: number): void {
    const { roster, stepWords, options, plan } = this.#job;
    const replica = roster.numbered(stepWords.stepping(worker));
    const operator = replica?.operatorInWork.name;
    const position = replica && positionOf(replica, plan);
    const event: SlowEvent = { type: 'slow', operator, worker, position, forMs, limitMs: options.hangTimeoutMs };
    this.#job.announce(event);
    if (this.#told.has(operator)) return;
    this.#told.add(operator);
    this.#tellPeople(event);
  }
}
