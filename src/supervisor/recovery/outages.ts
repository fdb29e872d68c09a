// Outages of replicas: from the moment in which a crash was noticed to the first commit after it.
// Promises: an outage that ends before its restart has been told is told after it.

import type { Clock } from '../../platform/clock.ts';
import type { Occurrence } from '../job/events/job-event.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker } from '../workers/job-worker.ts';

type Recovered = Extract<Occurrence, { type: 'recovered' }>;

/** One outage of a replica: each decision to restart it begins another. */
export interface Outage {
  readonly noticedAtMs: number;
  /** What is to be told once its restart is: its first commit may be heard of before the end of the call that began it. */
  early: Recovered[] | undefined;
}

export class Outages {
  readonly #clock: Clock;
  readonly #announce: (occurrence: Occurrence) => void;
  /** The latest of each replica. */
  readonly #outages = new Map<Replica, Outage>();

  constructor(clock: Clock, announce: (occurrence: Occurrence) => void) {
    this.#clock = clock;
    this.#announce = announce;
  }

  /** A crash of a replica was noticed. */
  begin(replica: Replica, noticedAtMs: number): void {
    this.#outages.set(replica, { noticedAtMs, early: undefined });
  }

  /** A replica is being restarted: its end is told at `release`. Also of those that are stopped with the crashed ones. */
  hold(replica: Replica, noticedAtMs: number): Outage {
    const outage: Outage = { noticedAtMs, early: [] };
    this.#outages.set(replica, outage);
    return outage;
  }

  /** A replica begins that has not crashed. */
  forget(replica: Replica): void {
    this.#outages.delete(replica);
  }

  /** A replica that was resumed has made its first commit, at a time since the epoch. */
  committed(replica: Replica, worker: JobWorker, committedAtMs: number): void {
    const outage = this.#outages.get(replica);
    if (outage === undefined) return;
    const tookMs = committedAtMs - (this.#clock.epochMs() - this.#clock.now()) - outage.noticedAtMs;
    const event: Recovered = { type: 'recovered', ...replica.name, worker: worker.host, tookMs, committedAtMs };
    if (outage.early === undefined) this.#announce(event);
    else outage.early.push(event);
  }

  /**
   * What was held back of a replica whose restart is told now.
   * @param isResumed false if its worker died: what comes of it after this is not told
   */
  release(outage: Outage, isResumed: boolean): readonly Recovered[] {
    const { early = [] } = outage;
    outage.early = isResumed ? undefined : [];
    return early;
  }
}
