// What changes a running job: how many replicas an operator has, which key groups each owns, and which worker hosts an actor. The app asks
// for it, or the policy of the option `scaling` does.
// Promises: what is asked for wrongly is refused before anything is changed. No timer is left after stop().
// Relies on: hand-overs.ts carries changes out, one at a time; scaling/ measures and decides.

import type { StepWords } from '../../actors/vitals/step-words.ts';
import { errors } from '../../errors.ts';
import { type Plan, type Stage, stageName } from '../../flow/plan.ts';
import type { Clock } from '../../platform/clock.ts';
import type { GroupSet } from '../../state/groups/group-set.ts';
import type { Placement } from '../deployment.ts';
import type { ScaleResult } from '../job/job-api.ts';
import type { CrewMember } from '../recovery/crew.ts';
import { committedOf } from '../recovery/recovery.ts';
import { GroupLoads } from './group-loads.ts';
import { type HandOverJob, HandOvers } from './hand-overs.ts';
import { Elasticity } from './scaling/elasticity.ts';
import { GraphMeter } from './scaling/graph-meter.ts';
import type { CheckedScaling } from './scaling/scaling-options.ts';

/** What changes need of the job. */
export interface ChangingJob extends HandOverJob {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly placements: readonly Placement[];
  readonly stepWords: StepWords;
  readonly scaling: CheckedScaling;
  /** Tuples and blocked time of the app's own ends of streams. */
  appCount(stage: Stage): number;
  appBlockedMs(stage: Stage): number;
}

export class JobElasticity {
  /** Of the key groups. */
  readonly loads: GroupLoads;
  private readonly job: ChangingJob;
  private readonly handOvers: HandOvers;
  private readonly elasticity: Elasticity;

  constructor(job: ChangingJob) {
    const { clock, placements, scaling } = job;
    this.job = job;
    this.loads = new GroupLoads(clock, placements);
    this.handOvers = new HandOvers(job);
    const ownersOf = (stage: Stage): number[] => this.handOvers.ownersOf(stage);
    const meter = new GraphMeter({ ...job, loads: this.loads, ownersOf });
    const changed = {
      clock,
      scale: (operator: string, replicas: number) => this.scale(operator, replicas),
      rebalance: (operator: string) => this.rebalance(operator),
      move: (operator: string, replica: number, worker: number) => this.move(operator, replica, worker),
      isOver: () => job.isOver(),
      announce: job.announce,
    };
    this.elasticity = new Elasticity(changed, meter, this.loads, scaling);
  }

  /** Begins to measure, and to decide if a policy is to. */
  start(): void {
    const { plan, scaling } = this.job;
    if (plan.stages.some((stage) => stage.replicas > 1) || scaling.policy !== 'manual') this.elasticity.start();
  }

  stop(): void {
    this.elasticity.stop();
  }

  /** @throws MillraceError UNKNOWN_NAME; BAD_OPTION beyond the operator's bounds */
  async scale(operator: string, replicas: number): Promise<ScaleResult> {
    const stage = this.stageNamed(operator);
    const { min, max } = stage.operators[0].replicas;
    if (!Number.isInteger(replicas) || replicas < min || replicas > max) {
      throw errors.badOption('replicas', replicas, `an integer from ${min} to ${max}, the range of '${operator}'`);
    }
    return this.handOvers.scale(stage, replicas, this.loadsOf(stage));
  }

  /**
   * @param loads of its key groups, in place of what was measured
   * @throws MillraceError UNKNOWN_NAME; BAD_OPTION if the operator has one replica only
   */
  async rebalance(operator: string, loads?: readonly number[]): Promise<ScaleResult> {
    const stage = this.stageNamed(operator);
    if (stage.replicas === 1) throw errors.badOption('operator', operator, 'one with several replicas');
    return this.handOvers.rebalance(stage, loads ?? this.loadsOf(stage));
  }

  /** @throws MillraceError UNKNOWN_NAME */
  async move(operator: string, replica: number, worker: number): Promise<void> {
    const stage = this.stageNamed(operator);
    const actors = this.job.actors.filter(({ placement }) => placement.stage === stage && !placement.isDormant);
    const actor = actors.find(({ placement }) => placement.descriptor.replica === replica);
    if (actor === undefined) {
      const found = actors.map(({ placement }) => String(placement.descriptor.replica));
      throw errors.unknownName(`replica of '${operator}'`, String(replica), found);
    }
    await this.handOvers.move(actor, memberNamed(worker, this.job.crew.active()));
  }

  /** The key groups of each replica, by their last commits, for each operator that may have several. */
  keyGroups(): Map<string, readonly Readonly<GroupSet>[]> {
    const stages = this.job.plan.stages.filter(({ place, replicas }) => place === 'worker' && replicas > 1);
    return new Map(
      stages.map((stage) => {
        const actors = this.job.actors.filter(({ placement }) => placement.stage === stage);
        return [stageName(stage), actors.map((actor) => committedOf(actor).progress.groups)];
      }),
    );
  }

  private stageNamed(operator: string): Stage {
    const stages = this.job.plan.stages.filter(({ place }) => place === 'worker');
    const stage = stages.find((each) => stageName(each) === operator);
    if (stage === undefined) throw errors.unknownName('operator', operator, stages.map(stageName));
    return stage;
  }

  /** How much work each key group of an operator has been lately; the same for all if that is not known yet. */
  private loadsOf(stage: Stage): number[] {
    this.loads.read();
    const loads = this.loads.of(stage);
    return this.loads.isKnown(stage) ? loads : loads.map(() => 1);
  }
}

/** @throws MillraceError UNKNOWN_NAME */
export function memberNamed(worker: number, members: readonly CrewMember[]): CrewMember {
  const member = members.find(({ host }) => host === worker);
  if (member !== undefined) return member;
  const found = members.map(({ host }) => String(host));
  throw errors.unknownName('worker', String(worker), found);
}
