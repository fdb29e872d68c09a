// What changes a running job: how many replicas an operator has, which key groups each owns, and which worker hosts a replica. The app
// asks for it, or the policy of the option `scaling` does.
// Promises: what is asked for wrongly is refused before anything is changed. No timer is left after stop().
// Relies on: hand-overs.ts carries changes out, one at a time; scaling/ measures and decides.

import { errors } from '../../errors.ts';
import { type Stage, stageName } from '../../flow/plan.ts';
import type { GroupSet } from '../../state/groups/group-set.ts';
import type { ScaleResult } from '../job/job-api.ts';
import type { JobContext } from '../job-context.ts';
import type { JobReader } from '../readings/job-reader.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { Replica } from '../replicas/replica.ts';
import { workerNamed } from '../workers/job-workers.ts';
import { GroupLoads } from './group-loads.ts';
import { HandOvers } from './hand-overs.ts';
import { Elasticity } from './scaling/elasticity.ts';

export class JobElasticity {
  readonly #job: JobContext;
  readonly #reader: JobReader;
  /** Of the key groups. */
  readonly #loads = new GroupLoads();
  readonly #handOvers: HandOvers;
  readonly #elasticity: Elasticity;

  /** @param retired told of each replica that has become dormant */
  constructor(job: JobContext, reader: JobReader, recovery: Recovery, retired: (replica: Replica) => void) {
    this.#job = job;
    this.#reader = reader;
    this.#handOvers = new HandOvers(job, recovery, retired);
    this.#elasticity = new Elasticity(job, this, reader, this.#loads);
  }

  /** Begins to measure, and to decide if a policy is to. */
  start(): void {
    const { plan, options } = this.#job;
    const isElastic = plan.stages.some((stage) => stage.replicas > 1);
    if (isElastic || options.scaling.policy !== 'manual') this.#elasticity.start();
  }

  stop(): void {
    this.#elasticity.stop();
  }

  /** @throws MillraceError UNKNOWN_NAME; BAD_OPTION beyond the operator's bounds */
  async scale(operator: string, replicas: number): Promise<ScaleResult> {
    const stage = this.#job.roster.stageNamed(operator);
    const { min, max } = stage.operators[0].replicas;
    if (!Number.isInteger(replicas) || replicas < min || replicas > max) {
      throw errors.badOption('replicas', replicas, `an integer from ${min} to ${max}, the range of '${operator}'`);
    }
    return this.#handOvers.scale(stage, replicas, this.#loadsOf(stage));
  }

  /**
   * @param loads of its key groups, in place of what was measured
   * @throws MillraceError UNKNOWN_NAME; BAD_OPTION if the operator has one replica only
   */
  async rebalance(operator: string, loads?: readonly number[]): Promise<ScaleResult> {
    const stage = this.#job.roster.stageNamed(operator);
    if (stage.replicas === 1) throw errors.badOption('operator', operator, 'one with several replicas');
    return this.#handOvers.rebalance(stage, loads ?? this.#loadsOf(stage));
  }

  /** @throws MillraceError UNKNOWN_NAME */
  async move(operator: string, replica: number, worker: number): Promise<void> {
    const { roster, workers } = this.#job;
    const enlisted = roster.enlisted(roster.stageNamed(operator));
    const found = enlisted.find((each) => each.replica === replica);
    if (found === undefined) {
      const numbers = enlisted.map((each) => String(each.replica));
      throw errors.unknownName(`replica of '${operator}'`, String(replica), numbers);
    }
    await this.#handOvers.move(found, workerNamed(worker, workers.active()));
  }

  /** The key groups of each replica, by their last commits, for each operator that may have several. */
  keyGroups(): Map<string, readonly Readonly<GroupSet>[]> {
    const { roster } = this.#job;
    const stages = roster.stages.filter(({ replicas }) => replicas > 1);
    return new Map(
      stages.map((stage) => [stageName(stage), roster.of(stage).map((replica) => replica.committed().progress.groups)]),
    );
  }

  /** How much work each key group of an operator has been lately; the same for all if that is not known yet. */
  #loadsOf(stage: Stage): number[] {
    this.#loads.take(this.#reader.read());
    const loads = this.#loads.of(stage);
    return this.#loads.isKnown(stage) ? loads : loads.map(() => 1);
  }
}
