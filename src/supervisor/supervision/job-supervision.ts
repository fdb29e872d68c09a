// The supervisors of one job: job → operator → replica. Which replicas are their children changes as replicas are enlisted and retire.
// Promises: a replica is a child of its operator from enlistment to retirement, and has an end of its own: it is transient.
// Relies on: replicas are told when they run and when they have ended; every crash is told here, and what a decision says is done.

import type { SupervisionOptions } from '../../flow/failure-policy.ts';
import type { Exits, RestartOrFail } from './child.ts';
import { ROOT, superviseJob } from './root.ts';
import { Supervisor } from './supervisor.ts';
import { jobTree, type SupervisedReplica, type SupervisionNode } from './tree.ts';

/** A replica that may be enlisted and retire. `stage` is the index of its operator's supervisor. */
export interface EnlistedReplica extends SupervisedReplica {
  readonly stage: { readonly index: number };
  enlist(): void;
  retire(): void;
}

/** An operator as its supervisor sees it. One that runs in the app's own thread has no replicas to supervise. */
export interface SupervisedOperator<Child> {
  readonly name: string;
  /** In their order. Those that are dormant are enlisted later. */
  readonly replicas: readonly Child[];
  readonly supervision: Required<SupervisionOptions>;
}

export interface JobSupervisionOptions {
  readonly supervision: Required<SupervisionOptions>;
  /** How long each replica may take to stop at the end. */
  readonly shutdownMs: number;
}

export class JobSupervision<Child extends EnlistedReplica> {
  readonly #job: Supervisor<Child>;
  readonly #operators: readonly Supervisor<Child>[];
  readonly #shutdownMs: number;
  #leaveRoot: () => void = () => {};

  constructor(
    job: string,
    operators: readonly SupervisedOperator<Child>[],
    { supervision, shutdownMs }: JobSupervisionOptions,
  ) {
    this.#shutdownMs = shutdownMs;
    this.#job = new Supervisor({ name: job, path: job, above: ROOT }, supervision);
    this.#operators = operators.map(({ name, replicas, supervision: ofOperator }) => {
      const operator = new Supervisor<Child>({ name, path: `${job}/${name}`, above: job }, ofOperator);
      this.#job.startChild({ child: operator, restart: 'permanent', shutdownMs });
      for (const child of replicas)
        if (child.state !== 'dormant') operator.startChild({ child, restart: 'transient', shutdownMs });
      return operator;
    });
  }

  /** From now on the job is a child of the root, until `leaveRoot()`. */
  joinRoot(): void {
    this.#leaveRoot = superviseJob(this.#job, this.#shutdownMs);
  }

  leaveRoot(): void {
    this.#leaveRoot();
  }

  /** A dormant replica is being started: a crash from here on is one of a child. */
  enlist(child: Child): void {
    if (child.state !== 'dormant') return;
    child.enlist();
    this.#operators[child.stage.index].startChild({ child, restart: 'transient', shutdownMs: this.#shutdownMs });
  }

  /** A replica has given all its key groups away: it is no child of its operator until it is enlisted again. */
  retire(child: Child): void {
    child.retire();
    if (child.state === 'dormant') this.#operators[child.stage.index].deleteChild(child);
  }

  /** What to do about replicas that have exited. */
  exited(exits: Exits<Child>): RestartOrFail<Child> {
    return this.#job.exited(exits);
  }

  /** The job is over before its replicas are, for a reason of its own: nothing is restarted any more. */
  failed(): void {
    this.#job.fail();
  }

  /** Path of the lowest supervisor that is above all of these replicas: who reports that they crashed together. */
  supervisorOf(replicas: readonly Child[]): string {
    return this.#job.lowestAbove(replicas).path;
  }

  /** The replicas that have not ended, right to left, and how long each may take to stop. */
  shutdownOrder(): ReturnType<Supervisor<Child>['shutdownOrder']> {
    return this.#job.shutdownOrder();
  }

  /** A copy of the job's part of the tree as it stands. */
  tree(): SupervisionNode {
    return jobTree(this.#job);
  }
}
