// The roster of a job: all its replicas that run on workers, dormant ones too.
// Promises: the only place where replicas are looked up; its order is that of the stream, and of numbers within an operator.

import { errors } from '../../errors.ts';
import { type Stage, stageName } from '../../flow/plan.ts';
import type { ActorName } from '../../workers/control.ts';
import type { Placement } from '../deployment.ts';
import type { JobWorker } from '../workers/job-worker.ts';
import { Replica } from './replica.ts';

export class Roster {
  readonly replicas: readonly Replica[];
  readonly #ofStage = new Map<number, Replica[]>();
  readonly #byNumber: ReadonlyMap<number, Replica>;

  constructor(placements: readonly Placement[]) {
    this.replicas = placements
      .filter(({ stage }) => stage.place === 'worker')
      .map((placement) => new Replica(placement));
    for (const replica of this.replicas) {
      const { index } = replica.stage;
      this.#ofStage.set(index, [...(this.#ofStage.get(index) ?? []), replica]);
    }
    this.#byNumber = new Map(this.replicas.map((replica) => [replica.descriptor.number, replica]));
  }

  at({ stage, replica }: ActorName): Replica {
    const found = this.#ofStage.get(stage)?.[replica];
    if (found === undefined) throw errors.invariant(`replica ${replica} of stage ${stage} runs on a worker`);
    return found;
  }

  /** The replicas of an operator, by number; none if it runs in the app's thread. */
  of(stage: Stage): readonly Replica[] {
    return this.#ofStage.get(stage.index) ?? [];
  }

  /** Those that have a part in the stream, or had till its end. */
  enlisted(stage: Stage): Replica[] {
    return this.of(stage).filter(({ isDormant }) => !isDormant);
  }

  /** Those that a worker hosts, or is to. */
  hostedBy(worker: JobWorker): Replica[] {
    return this.replicas.filter((replica) => replica.worker === worker);
  }

  /** By the number of its actor in the job, as workers' step words have it. */
  numbered(actor: number | undefined): Replica | undefined {
    return actor === undefined ? undefined : this.#byNumber.get(actor);
  }

  /** The operators that have replicas here. */
  get stages(): Stage[] {
    return [...new Set(this.replicas.map(({ stage }) => stage))];
  }

  /** @throws MillraceError UNKNOWN_NAME */
  stageNamed(operator: string): Stage {
    const stage = this.stages.find((each) => stageName(each) === operator);
    if (stage === undefined) throw errors.unknownName('operator', operator, this.stages.map(stageName));
    return stage;
  }
}
