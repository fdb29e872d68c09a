// Begins replicas on a worker, from their last commits.
// Promises: a replica that has come to another worker while this one prepared for it is left to that.
// Relies on: actors recover as they are made (actor.ts), and only the latest incarnation steps.

import type { Resumption } from '../../actors/actor-descriptor.ts';
import type { Order } from '../../workers/control.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker } from '../workers/job-worker.ts';
import type { PoisonSearch } from './poison-search.ts';
import type { Restores } from './restores.ts';

export class Resumptions {
  readonly #job: JobContext;
  readonly #searchOf: (replica: Replica) => PoisonSearch;
  readonly #restores: Restores;

  constructor(job: JobContext, searchOf: (replica: Replica) => PoisonSearch, restores: Restores) {
    this.#job = job;
    this.#searchOf = searchOf;
    this.#restores = restores;
  }

  /** Returns false if the worker died, or the job is over. */
  async resume(worker: JobWorker, replicas: readonly Replica[]): Promise<boolean> {
    const job = this.#job;
    const { control } = worker.hired;
    const restores = new Map<Replica, Resumption['restore']>();
    for (const replica of replicas)
      restores.set(replica, await this.#restores.of(replica, this.#searchOf(replica).isOn));
    // The worker, or one of the replicas, may be another's by now.
    const here = replicas.filter((replica) => replica.worker === worker);
    if (job.isOver() || here.length === 0) return false;
    const orders = here.map((replica): Order => {
      const incarnation = replica.resumed();
      const resumption = { incarnation, ...this.#searchOf(replica).begin(), restore: restores.get(replica) };
      return { descriptor: replica.descriptor, resumption };
    });
    const outcome = await outcomeOf(control.adopt(orders, job.settings));
    // The last replicas of a job may have done all their work by now: they were resumed all the same.
    if (outcome.kind === 'gone' || job.isOver()) return outcome.kind === 'done';
    if (outcome.kind === 'failed') {
      job.fail(outcome.error);
      return false;
    }
    if (job.isStopping()) void outcomeOf(control.stopSources());
    for (const replica of here) {
      // It may have come elsewhere, or retired, since.
      if (replica.worker !== worker) continue;
      if (restores.get(replica) !== undefined) this.#restores.done(replica);
      replica.runs();
    }
    return true;
  }
}
