// Changes of a running job, one after the other: an operator gets more or fewer replicas, its key groups are spread anew, a replica
// moves to another worker. Scaling and rebalancing are hand-overs of key groups; a move is a restart elsewhere.
// Promises: one change at a time in a job: adjacent operators do not change together, and nobody plans with owners that are changing.

import type { Stage } from '../../flow/plan.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { ScaleResult } from '../job/job-api.ts';
import type { JobContext } from '../job-context.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker, WorkerState } from '../workers/job-worker.ts';
import { Enlistment } from './enlistment.ts';
import { HandOverRequests } from './hand-over-requests.ts';
import { Spreading } from './spreading.ts';

export class HandOvers {
  readonly #job: JobContext;
  readonly #recovery: Recovery;
  readonly #spreading: Spreading;
  /** Resolves when the last change that was asked for is over. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param retired told of each replica that has become dormant */
  constructor(job: JobContext, recovery: Recovery, retired: (replica: Replica) => void) {
    this.#job = job;
    this.#recovery = recovery;
    this.#spreading = new Spreading(job, new Enlistment(job, recovery, retired), new HandOverRequests(job));
  }

  /**
   * Gives an operator so many replicas, one hand-over after the other.
   * @param loads of its key groups, to spread them by
   */
  scale(stage: Stage, replicas: number, loads: readonly number[]): Promise<ScaleResult> {
    return this.#inTurn(() => {
      const { roster } = this.#job;
      const kept = roster.enlisted(stage).slice(0, replicas);
      const dormant = roster.of(stage).filter(({ isDormant }) => isDormant);
      return this.#spreading.spread(stage, [...kept, ...dormant.slice(0, replicas - kept.length)], loads);
    });
  }

  /** Spreads the key groups of an operator over the replicas that it has. */
  rebalance(stage: Stage, loads: readonly number[]): Promise<ScaleResult> {
    return this.#inTurn(() => this.#spreading.spread(stage, this.#job.roster.enlisted(stage), loads));
  }

  /** Restarts a replica on another worker; on its own one, if the other dies before. */
  move(replica: Replica, to: JobWorker): Promise<void> {
    return this.#inTurn(async () => {
      const from = replica.worker;
      if (from === to || from === undefined || this.#isGone(replica) || to.state !== 'active') return;
      // It is that worker's until it has let it go: nobody else may touch what it has open, and recovery takes it if it dies.
      const { turn, incarnation } = replica;
      const outcome = await outcomeOf(from.hired.control.release([replica.actor]));
      if (outcome.kind !== 'done') await this.#recovery.lost(from, new Error('it died while an actor moved away'));
      // A restart that had been decided before may have begun it there once more.
      const isAsItWas = replica.turn === turn && replica.incarnation === incarnation;
      const isRecovering = replica.worker !== from || from.state !== 'active' || !isAsItWas;
      if (isRecovering || this.#isGone(replica)) return;
      // Back to where it was, if the other one has died meanwhile: that needs nobody who might not come.
      const target = (to.state as WorkerState) === 'active' ? to : from;
      await this.#recovery.begin(target, replica);
      if (target === from) return;
      this.#job.announce({ type: 'moved', ...replica.name, from: from.host, to: target.host });
    });
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {});
    return result;
  }

  #isGone(replica: Replica): boolean {
    return this.#job.isOver() || !replica.isAtWork;
  }
}
