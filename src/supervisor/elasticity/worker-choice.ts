// Which workers get the replicas that join: each one of its own, while there may be more workers, else one that has the least to do.
// Promises: choices that are made at the same time count for each other; a worker that is given is alive as far as anyone knows.

import type { Stage } from '../../flow/plan.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker } from '../workers/job-worker.ts';

export class WorkerChoice {
  private readonly job: JobContext;
  /** Workers that were chosen, and the replicas that are to begin there. */
  private readonly chosen: { readonly worker: JobWorker; readonly stage: Stage }[] = [];
  /** Spares that were asked for and have not come yet. */
  private readonly awaited = new Set<Promise<JobWorker | undefined>>();
  /** Spares that were taken. */
  private spares = 0;

  constructor(job: JobContext) {
    this.job = job;
  }

  /** How many workers were taken from the pool for these choices. */
  get taken(): number {
    return this.spares;
  }

  /**
   * A worker for one more replica, on which `begin` begins it at once, so that the replica is one of those that it loses if it dies.
   * Does nothing if the job is over.
   * @throws MillraceError NO_SPARE
   */
  async place(stage: Stage, begin: (worker: JobWorker) => Promise<void>): Promise<void> {
    while (!this.job.isOver()) {
      const worker = await this.workerFor(stage);
      if (worker === undefined) continue;
      // From here on the replica itself tells that the worker has it.
      const choice = this.chosen.findIndex((each) => each.worker === worker);
      this.chosen.splice(choice, 1);
      if (worker.state === 'active') return begin(worker);
    }
  }

  private workerFor(stage: Stage): JobWorker | Promise<JobWorker | undefined> {
    const { workers, roster, options } = this.job;
    const active = workers.active();
    const idle = active.find((worker) => this.burdenOf(worker, stage) === 0);
    if (idle !== undefined) return this.choose(idle, stage);
    // Whoever is being taken over gets a worker, too: with this one there might be more than there are numbers for.
    const isRecovering = roster.replicas.some(isBeingTakenOver);
    if (active.length === 0 || (active.length + this.awaited.size < options.maxWorkers && !isRecovering))
      return this.spareFor(stage);
    // Those who are to share a worker wait for all that there will be.
    if (this.awaited.size > 0) return Promise.allSettled(this.awaited).then(() => undefined);
    const best = active.reduce((a, b) => (this.burdenOf(b, stage) < this.burdenOf(a, stage) ? b : a));
    return this.choose(best, stage);
  }

  private spareFor(stage: Stage): JobWorker | Promise<JobWorker | undefined> {
    // At once: it is active, and must not look idle to the next choice.
    const ready = this.job.workers.takeReady();
    if (ready === undefined) return this.startedFor(stage);
    this.spares++;
    return this.choose(ready, stage);
  }

  private async startedFor(stage: Stage): Promise<JobWorker | undefined> {
    const spare = this.job.workers.takeSpare(false);
    this.awaited.add(spare);
    try {
      const worker = await spare;
      // All that there may be are in use by now: one of them is shared.
      if (worker === undefined) return undefined;
      this.spares++;
      return this.choose(worker, stage);
    } catch (error) {
      // Who waits for a spare hears of the job's end by an error.
      if (this.job.isOver()) return undefined;
      throw error;
    } finally {
      this.awaited.delete(spare);
    }
  }

  private choose(worker: JobWorker, stage: Stage): JobWorker {
    this.chosen.push({ worker, stage });
    return worker;
  }

  /** Replicas of one operator are busy together. */
  private burdenOf(worker: JobWorker, stage: Stage): number {
    const stages = [
      ...this.job.roster
        .hostedBy(worker)
        .filter(({ isEnded }) => !isEnded)
        .map((replica) => replica.stage),
      ...this.chosen.filter((each) => each.worker === worker).map((each) => each.stage),
    ];
    return stages.length + KEY_GROUPS * stages.filter((each) => each === stage).length;
  }
}

const isBeingTakenOver = ({ isAtWork, worker }: Replica): boolean => isAtWork && worker?.state !== 'active';
