// Which workers get the replicas that join: each one of its own, while there may be more workers, else one that has the least to do.
// Promises: choices that are made at the same time count for each other; a worker that is given is alive as far as anyone knows.

import type { Stage } from '../../flow/plan.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import type { Crew, CrewMember } from '../recovery/crew.ts';
import type { Recoverable } from '../recovery/recovery.ts';

/** What choices need of the job. */
export interface StaffedJob {
  readonly actors: readonly Recoverable[];
  readonly crew: Crew;
  readonly maxWorkers: number;
  isOver(): boolean;
}

export class WorkerChoice {
  private readonly job: StaffedJob;
  /** Workers that were chosen, and the replicas that are to begin there. */
  private readonly chosen: { readonly member: CrewMember; readonly stage: Stage }[] = [];
  /** Spares that were asked for and have not come yet. */
  private readonly awaited = new Set<Promise<CrewMember | undefined>>();
  /** Spares that were taken. */
  private spares = 0;

  constructor(job: StaffedJob) {
    this.job = job;
  }

  /** How many workers were taken from the pool for these choices. */
  get taken(): number {
    return this.spares;
  }

  /**
   * A worker for one more replica, on which `begin` begins it at once, so that the actor is one of those that it loses if it dies.
   * Does nothing if the job is over.
   * @throws MillraceError NO_SPARE
   */
  async place(stage: Stage, begin: (member: CrewMember) => Promise<void>): Promise<void> {
    while (!this.job.isOver()) {
      const member = await this.workerFor(stage);
      if (member === undefined) continue;
      // From here on the actor itself tells that the worker has it.
      const choice = this.chosen.findIndex((each) => each.member === member);
      this.chosen.splice(choice, 1);
      if (member.state === 'active') return begin(member);
    }
  }

  private workerFor(stage: Stage): CrewMember | Promise<CrewMember | undefined> {
    const { crew, maxWorkers } = this.job;
    const active = crew.active();
    const idle = active.find((member) => this.burdenOf(member, stage) === 0);
    if (idle !== undefined) return this.choose(idle, stage);
    // Whoever is being taken over gets a worker, too: with this one there might be more than there are numbers for.
    const isRecovering = this.job.actors.some(isBeingTakenOver);
    if (active.length === 0 || (active.length + this.awaited.size < maxWorkers && !isRecovering))
      return this.spareFor(stage);
    // Those who are to share a worker wait for all that there will be.
    if (this.awaited.size > 0) return Promise.allSettled(this.awaited).then(() => undefined);
    const best = active.reduce((a, b) => (this.burdenOf(b, stage) < this.burdenOf(a, stage) ? b : a));
    return this.choose(best, stage);
  }

  private spareFor(stage: Stage): CrewMember | Promise<CrewMember | undefined> {
    // At once: it is active, and must not look idle to the next choice.
    const ready = this.job.crew.takeReady();
    if (ready === undefined) return this.startedFor(stage);
    this.spares++;
    return this.choose(ready, stage);
  }

  private async startedFor(stage: Stage): Promise<CrewMember | undefined> {
    const spare = this.job.crew.takeSpare(false);
    this.awaited.add(spare);
    try {
      const member = await spare;
      // All that there may be are in use by now: one of them is shared.
      if (member === undefined) return undefined;
      this.spares++;
      return this.choose(member, stage);
    } catch (error) {
      // Who waits for a spare hears of the job's end by an error.
      if (this.job.isOver()) return undefined;
      throw error;
    } finally {
      this.awaited.delete(spare);
    }
  }

  private choose(member: CrewMember, stage: Stage): CrewMember {
    this.chosen.push({ member, stage });
    return member;
  }

  /** Replicas of one operator are busy together. */
  private burdenOf(member: CrewMember, stage: Stage): number {
    const stages = [
      ...this.job.actors
        .filter((actor) => actor.member === member && !actor.isEnded)
        .map(({ placement }) => placement.stage),
      ...this.chosen.filter((each) => each.member === member).map((each) => each.stage),
    ];
    return stages.length + KEY_GROUPS * stages.filter((each) => each === stage).length;
  }
}

const isBeingTakenOver = ({ isEnded, placement, member }: Recoverable): boolean =>
  !isEnded && !placement.isDormant && member?.state !== 'active';
