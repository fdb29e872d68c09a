// Enlists dormant replicas, side by side, on workers with room; and retires replicas that own no key groups any more.
// Promises: a thread that has to start for one replica holds up no other; a replica retires only when it has done so by itself.
// Relies on: recovery begins replicas, and takes those over whose worker dies meanwhile.

import { Ring } from '../../mailbox/ring.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker } from '../workers/job-worker.ts';
import { WorkerChoice } from './worker-choice.ts';

/** Replicas that come up to join. */
export interface Joining {
  readonly replicas: Replica[];
  /** Resolves when one has begun on its worker, rejects if none can be had. */
  readonly up: Map<Replica, Promise<void>>;
  /** Resolves when all of these have settled. */
  readonly allUp: Promise<void>;
}

export class Enlistment {
  readonly #job: JobContext;
  readonly #recovery: Recovery;
  readonly #retired: (replica: Replica) => void;

  /** @param retired told of each replica that has become dormant: its operator, or the job, may have come to its end */
  constructor(job: JobContext, recovery: Recovery, retired: (replica: Replica) => void) {
    this.#job = job;
    this.#recovery = recovery;
    this.#retired = retired;
  }

  enlist(replicas: readonly Replica[]): Joining {
    const choice = new WorkerChoice(this.#job);
    const up = new Map(
      replicas.map((replica) => [replica, choice.place(replica.stage, (worker) => this.#beginOn(worker, replica))]),
    );
    const allUp = Promise.allSettled(up.values()).then(() => {
      if (choice.taken > 0) this.#job.workers.foresee(choice.taken);
    });
    return { replicas: [...replicas], up, allUp };
  }

  #beginOn(worker: JobWorker, replica: Replica): Promise<void> {
    this.#job.supervision.enlist(replica);
    for (const { memory } of replica.descriptor.outputs) new Ring(memory.ring).setDormant(false);
    return this.#recovery.begin(worker, replica);
  }

  /** Takes a replica down that owns no key groups: its ring has had its end as far as anyone can know. */
  async retire(replica: Replica): Promise<void> {
    const job = this.#job;
    // It retires by itself, once its outbox is empty.
    await job.supervisorHost.waitFor({
      announce: () => {},
      check: () => job.isOver() || replica.committed().cursors.isDormant,
    });
    if (job.isOver()) return;
    // Only now: it may have come to another worker since.
    const { worker } = replica;
    job.supervision.retire(replica);
    const { outputs, inputs } = replica.descriptor;
    if (worker !== undefined) await outcomeOf(worker.hired.control.release([replica.actor]));
    // If it died as it retired nobody resumes it, and nobody else tells its upstream.
    for (const { memory } of inputs) job.wakeWords.wakeUnconditionally(new Ring(memory.ring).writerHost());
    // What it had backed up says nothing of its next life: its inputs are no longer held back for that.
    await job.backups?.forget(replica.actor);
    for (const { memory } of outputs) {
      const ring = new Ring(memory.ring);
      ring.setDormant(true);
      for (let slot = 0; slot < ring.readers; slot++) {
        if (ring.isActive(slot)) job.wakeWords.wakeUnconditionally(ring.readerHost(slot));
      }
    }
    const { workers, options } = job;
    const isSurplus = workers.active().length > options.workers;
    if (worker !== undefined && isSurplus && job.roster.hostedBy(worker).every(({ isEnded }) => isEnded))
      workers.giveBack(worker);
    this.#retired(replica);
  }
}
