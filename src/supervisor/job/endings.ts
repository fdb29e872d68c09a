// The ends of replicas, of their operators, and of the job as it follows from them.
// Promises: an operator's end is told once, and the job's end found once all replicas have ended or retired and nobody pushes.

import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';

/** True of a replica that does nothing more, unless key groups are handed over to it. */
const hasEnded = ({ isAtWork }: Replica): boolean => !isAtWork;

export class Endings {
  readonly #job: JobContext;
  readonly #allEnded: () => void;
  /** Operators whose end has been told: a replica may be enlisted for a moment as its operator ends. */
  readonly #told = new Set<number>();

  /** @param allEnded called when nothing is left to do; perhaps more than once */
  constructor(job: JobContext, allEnded: () => void) {
    this.#job = job;
    this.#allEnded = allEnded;
  }

  /** A replica has ended: a fact of its last commit, so it holds whichever incarnation told it. */
  ended(replica: Replica): void {
    if (replica.isEnded) return;
    replica.ended();
    // A hand-over may wait for it.
    this.#job.wakeWords.wakeUnconditionally(this.#job.supervisorHost.id);
    this.check(replica);
  }

  /** Looks whether a replica's operator has come to its end, and the job. */
  check(replica: Replica): void {
    this.#tellIfEnded(replica);
    this.checkJob();
  }

  checkJob(): void {
    // An input may lead straight to an output: then no replica's end tells the end of the job.
    const { roster, ends } = this.#job;
    if (roster.replicas.every(hasEnded) && !ends.isAtWork && !this.#job.isOver()) this.#allEnded();
  }

  /** Tells that an operator has ended when its last replica has: one that retires then has ended nothing itself. */
  #tellIfEnded({ stage }: Replica): void {
    const same = this.#job.roster.of(stage);
    if (this.#told.has(stage.index) || !same.every(hasEnded) || !same.some(({ isEnded }) => isEnded)) return;
    this.#told.add(stage.index);
    for (const { name } of stage.operators) this.#job.announce({ type: 'operatorEnded', operator: name });
  }
}
