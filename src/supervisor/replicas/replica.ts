// A replica of an operator that runs on workers: its life, its shared memory, and what it is called.
// Promises: one object for one replica as long as the job lives, whichever worker hosts it.

import type { ActorDescriptor } from '../../actors/actor-descriptor.ts';
import { Vitals, WorkCell } from '../../actors/vitals/vitals.ts';
import { type Stage, stageName } from '../../flow/plan.ts';
import { CommitLog } from '../../state/transaction/commit-log.ts';
import type { CommitRecord } from '../../state/transaction/commit-record.ts';
import type { ActorName } from '../../workers/control.ts';
import type { Placement } from '../deployment.ts';
import type { ReplicaName } from '../job/job-api.ts';
import { ReplicaLife } from './replica-life.ts';

export class Replica extends ReplicaLife {
  readonly stage: Stage;
  readonly descriptor: ActorDescriptor;
  readonly log: CommitLog;
  /** See {@link WorkCell}. */
  readonly work: Int32Array;
  /** The host that the deployment has placed it on. */
  readonly firstHost: number;

  constructor({ stage, descriptor, host, isDormant }: Placement) {
    super(isDormant);
    this.stage = stage;
    this.descriptor = descriptor;
    this.firstHost = host;
    this.log = new CommitLog(descriptor.commit);
    this.work = new Vitals(descriptor.vitals).work;
  }

  /** Its number among the replicas of its operator. */
  get replica(): number {
    return this.descriptor.replica;
  }

  /** What workers call it. */
  get actor(): ActorName {
    return { stage: this.stage.index, replica: this.replica };
  }

  /** What the app calls it. */
  get name(): ReplicaName {
    return { operator: stageName(this.stage), replica: this.replica };
  }

  /** What people call it. */
  get text(): string {
    return this.stage.replicas > 1 ? `${stageName(this.stage)}/${this.replica}` : stageName(this.stage);
  }

  /** True if it begins with a source of its own. */
  get opensSource(): boolean {
    return this.stage.operators[0].source?.kind === 'reader';
  }

  /** The operator of its chain that runs, or ran last. */
  get operatorInWork(): Stage['operators'][number] {
    const { operators } = this.stage;
    return operators[Atomics.load(this.work, WorkCell.operator)] ?? operators[0];
  }

  /** What it has committed last. */
  committed(): CommitRecord {
    return this.log.lastCommit();
  }

  /** Its worker is ordered to resume it: no earlier incarnation may step from now on. */
  override resumed(): number {
    const incarnation = super.resumed();
    Atomics.store(this.work, WorkCell.incarnation, incarnation);
    return incarnation;
  }
}
