// The supervision tree: root → job → operator → replica, in OTP's terms. It decides which replicas a crash restarts, in which
// order, after what delay, and when the job fails.
// Promises: no thread, no timer and no clock of its own; the same calls give the same decisions; an ended replica is never restarted.
// Relies on: the caller tells every start, crash and end, with the time, and does what a decision says.

import { errors } from '../errors.ts';
import type { Strategy, SupervisionOptions } from '../flow/failure-policy.ts';
import { backoffMs, RestartIntensity } from './recovery/restart-intensity.ts';

/**
 * `starting` until it runs for the first time, `restarting` from a crash or stop until it runs again. A `dormant` replica has
 * no part in the stream now, and does not show in the tree.
 */
export type NodeState = 'starting' | 'running' | 'restarting' | 'ended' | 'failed' | 'dormant';

/** A node of the tree at one moment. */
export interface SupervisionNode {
  readonly name: string;
  readonly kind: 'root' | 'job' | 'operator' | 'replica';
  /** Of supervisors; the root has no intensity, since it restarts nothing. */
  readonly strategy?: Strategy;
  readonly intensity?: number;
  readonly periodMs?: number;
  /** How often it was restarted, whether it crashed itself or not; of a supervisor: the sum of those below it. */
  readonly restarts: number;
  /** Of a supervisor: failed, restarting, starting or running, the first of these that a replica below it is in; else ended. */
  readonly state: NodeState;
  /** The worker that hosts a replica; undefined while none does. */
  readonly worker?: number;
  readonly children: readonly SupervisionNode[];
}

/** An operator as its supervisor sees it. One that runs in the app's own thread has no replicas to supervise. */
export interface SupervisedOperator {
  readonly name: string;
  readonly replicas: number;
  /** Replicas from this number on begin dormant; by default none does. */
  readonly dormantFrom?: number;
  readonly supervision: Required<SupervisionOptions>;
}

/** Names a replica: the operator's index in the order of declaration, and the replica's number. */
export interface ReplicaIndex {
  readonly operator: number;
  readonly replica: number;
}

/** Replicas that crashed at one moment: one, or all that a dead worker hosted. */
export interface Crash {
  readonly replicas: readonly (ReplicaIndex & {
    /** It has committed since its previous crash, or had no input pending. */
    readonly progressed: boolean;
  })[];
  /** False for a death that belongs to the isolation of a poison tuple: isolation has a bound of its own. */
  readonly counted: boolean;
  readonly nowMs: number;
  /** How long a hang lasted until it was found; 0, the default, for other crashes. */
  readonly stalledMs?: number;
}

/** A supervisor gave up: it had more than `intensity` crashes without progress within `periodMs`. */
export interface Escalation {
  /** Path of the supervisor that gave up, and of its parent, which now decides. */
  readonly from: string;
  readonly to: string;
  readonly intensity: number;
  readonly periodMs: number;
}

/** First stop `stops`, in their order, and wait until they have stopped; then, after `delayMs`, start `starts`, in their order. */
export interface RestartDecision {
  readonly kind: 'restart';
  /** Backoff; of several crashed replicas the longest. */
  readonly delayMs: number;
  /** Replicas that run and are to be restarted with the crashed ones, right to left. */
  readonly stops: readonly (ReplicaIndex & { readonly worker: number })[];
  /** The crashed and the stopped ones, left to right, each with the path of the supervisor that restarts it. */
  readonly starts: readonly (ReplicaIndex & { readonly supervisor: string })[];
  readonly escalations: readonly Escalation[];
}

/** The job's supervisor gave up, or the job had failed before. */
export interface FailDecision {
  readonly kind: 'fail';
  /** From the operator up to the root; empty if the job failed for another reason. */
  readonly escalations: readonly Escalation[];
}

export type Decision = RestartDecision | FailDecision;

const ROOT = 'millrace';

interface Replica extends ReplicaIndex {
  state: NodeState;
  worker: number | undefined;
  restarts: number;
  /** Counted crashes since it last progressed: what its backoff grows with. */
  crashes: number;
}

interface Operator {
  readonly name: string;
  readonly path: string;
  readonly strategy: Strategy;
  readonly window: RestartIntensity;
  readonly replicas: readonly Replica[];
}

/** The children that a strategy restarts if those in `crashed` have crashed, left to right. */
function affected<Child>(strategy: Strategy, children: readonly Child[], crashed: ReadonlySet<Child>): Child[] {
  const first = children.findIndex((child) => crashed.has(child));
  if (first < 0) return [];
  if (strategy === 'one_for_all') return [...children];
  if (strategy === 'rest_for_one') return children.slice(first);
  return children.filter((child) => crashed.has(child));
}

/** The state of a supervisor: the most pressing one among the replicas below it. */
function stateOf(replicas: readonly Replica[], ofNone: NodeState): NodeState {
  const states: NodeState[] = ['failed', 'restarting', 'starting', 'running', 'ended'];
  return states.find((state) => replicas.some((replica) => replica.state === state)) ?? ofNone;
}

const isChild = ({ state }: Replica): boolean => state !== 'dormant';
/** True of a replica that no worker hosts, and none should. */
const isAway = ({ state }: Replica): boolean => state === 'ended' || state === 'dormant';

const sumOfRestarts = (nodes: readonly { restarts: number }[]): number =>
  nodes.reduce((sum, { restarts }) => sum + restarts, 0);

const escalationOf = (from: string, to: string, { intensity, periodMs }: RestartIntensity): Escalation => ({
  from,
  to,
  intensity,
  periodMs,
});

/**
 * The supervisors of one job. A crash goes to the supervisor of the replica's operator, which restarts by its strategy. If it
 * has had too many crashes it gives up, and the job's supervisor takes the whole operator for crashed, with its own strategy
 * and count; if that gives up too, the job fails. The root does not restart jobs. What differs from OTP:
 *
 * - A restart loses no state: the replica goes on from its last commit. So only a crash *without progress* counts against the
 *   intensity; a stream that crashes now and then, but moves on, is healthy.
 * - Replicas that crash together are one event for each supervisor above them.
 * - A replica that is not restarted for its own crash is touched only if it runs: one that is just being started begins afresh
 *   anyway. So a replica is in `starts` again only if it has crashed again, and then its earlier start is void.
 * - There is a backoff, and neither it nor the time to find a hang counts as time in which a loop of crashes went well.
 * - A supervisor that is restarted by its parent forgets its crashes, as in OTP; the backoff of its replicas is kept.
 */
export class JobSupervision {
  readonly name: string;
  private readonly strategy: Strategy;
  private readonly window: RestartIntensity;
  private readonly operators: readonly Operator[];
  private readonly replicas: readonly Replica[];
  private failure: FailDecision | undefined;

  constructor(job: string, operators: readonly SupervisedOperator[], ofJob: Required<SupervisionOptions>) {
    this.name = job;
    this.strategy = ofJob.strategy;
    this.window = new RestartIntensity(ofJob.intensity, ofJob.periodMs);
    this.operators = operators.map(({ name, replicas, dormantFrom = replicas, supervision }, operator) => ({
      name,
      path: `${job}/${name}`,
      strategy: supervision.strategy,
      window: new RestartIntensity(supervision.intensity, supervision.periodMs),
      replicas: Array.from({ length: replicas }, (_, replica): Replica => {
        const state = replica < dormantFrom ? 'starting' : 'dormant';
        return { operator, replica, state, worker: undefined, restarts: 0, crashes: 0 };
      }),
    }));
    this.replicas = this.operators.flatMap(({ replicas }) => replicas);
  }

  /** A replica runs on a worker, for the first time or again. Ignored if it has ended: its end may be heard of first. */
  started(operator: number, replica: number, worker: number): void {
    const node = this.find(operator, replica);
    if (node.state === 'ended' || node.state === 'failed') return;
    node.state = 'running';
    node.worker = worker;
  }

  /** A replica has done all its work. */
  ended(operator: number, replica: number): void {
    const node = this.find(operator, replica);
    node.state = 'ended';
    node.worker = undefined;
  }

  /** A dormant replica is being started: a crash from here on is one of a child. */
  starting(operator: number, replica: number): void {
    const node = this.find(operator, replica);
    if (node.state === 'dormant') node.state = 'starting';
  }

  /** A replica has given all its key groups away: it is no child of its operator until it is started again. */
  retired(operator: number, replica: number): void {
    const node = this.find(operator, replica);
    if (node.state === 'ended' || node.state === 'failed') return;
    node.state = 'dormant';
    node.worker = undefined;
  }

  /** The job is over before its replicas are, for a reason of its own: nothing is restarted any more. */
  failed(): void {
    this.fail([]);
  }

  /** What to do about a crash. Ended replicas in it are passed over; after the job's failure the answer stays the same. */
  crashed({ replicas, counted, nowMs, stalledMs = 0 }: Crash): Decision {
    if (this.failure !== undefined) return this.failure;
    const dead = new Set<Replica>();
    const stuck = new Set<Replica>();
    for (const { operator, replica, progressed } of replicas) {
      const node = this.find(operator, replica);
      if (isAway(node)) continue;
      dead.add(node);
      if (progressed) node.crashes = 0;
      else if (counted) stuck.add(node);
    }
    const counting = this.operators.filter((operator) => operator.replicas.some((replica) => stuck.has(replica)));
    const windows = counting.length === 0 ? [] : [this.window, ...counting.map(({ window }) => window)];
    // What is no evidence of health for the operator is none for the job, whose own count is of escalations.
    for (const window of windows) window.pause(nowMs - stalledMs, nowMs);
    const exceeded = counting.filter(({ window }) => window.count(nowMs));
    const escalations = exceeded.map(({ path, window }) => escalationOf(path, this.name, window));
    if (exceeded.length > 0 && this.window.count(nowMs)) {
      return this.fail([...escalations, escalationOf(this.name, ROOT, this.window)]);
    }
    const delayMs = counted ? Math.max(0, ...[...dead].map((replica) => backoffMs(replica.crashes++))) : 0;
    for (const window of windows) window.pause(nowMs, nowMs + delayMs);
    return { kind: 'restart', delayMs, ...this.restart(dead, new Set(exceeded)), escalations };
  }

  /** Restarts what the strategies ask for, and with `exceeded` the operators whose supervisors gave up. */
  private restart(
    dead: ReadonlySet<Replica>,
    exceeded: ReadonlySet<Operator>,
  ): Pick<RestartDecision, 'stops' | 'starts'> {
    const whole = new Set(affected(this.strategy, this.operators, exceeded));
    const stops: (ReplicaIndex & { worker: number })[] = [];
    const starts: (ReplicaIndex & { supervisor: string })[] = [];
    for (const operator of this.operators) {
      const isWhole = whole.has(operator);
      if (isWhole) operator.window.reset();
      const supervisor = isWhole ? this.name : operator.path;
      for (const node of isWhole ? operator.replicas : affected(operator.strategy, operator.replicas, dead)) {
        const index = { operator: node.operator, replica: node.replica };
        if (!dead.has(node)) {
          if (node.state !== 'running') continue;
          stops.unshift({ ...index, worker: node.worker as number });
        }
        starts.push({ ...index, supervisor });
        node.state = 'restarting';
        node.worker = undefined;
        node.restarts++;
      }
    }
    return { stops, starts };
  }

  private fail(escalations: readonly Escalation[]): FailDecision {
    this.failure ??= { kind: 'fail', escalations };
    for (const replica of this.replicas) {
      if (!isAway(replica)) replica.state = 'failed';
    }
    return this.failure;
  }

  /** Path of the lowest supervisor that is above all of these replicas: who reports that they crashed together. */
  supervisorOf(replicas: readonly ReplicaIndex[]): string {
    const [first, ...others] = new Set(replicas.map(({ operator }) => operator));
    return first === undefined || others.length > 0 ? this.name : this.operators[first].path;
  }

  /** The replicas that have not ended, in the order in which a shutdown stops them: right to left. */
  stopOrder(): ReplicaIndex[] {
    return this.replicas
      .filter((replica) => !isAway(replica))
      .map(({ operator, replica }) => ({ operator, replica }))
      .reverse();
  }

  /** A copy of the tree as it stands. */
  tree(): SupervisionNode {
    const state = this.failure === undefined ? stateOf(this.replicas, 'running') : 'failed';
    return {
      name: this.name,
      kind: 'job',
      strategy: this.strategy,
      intensity: this.window.intensity,
      periodMs: this.window.periodMs,
      restarts: sumOfRestarts(this.replicas),
      state,
      children: this.operators.map(({ name, strategy, window: { intensity, periodMs }, replicas }) => ({
        name,
        kind: 'operator',
        strategy,
        intensity,
        periodMs,
        restarts: sumOfRestarts(replicas),
        state: stateOf(replicas, state),
        children: replicas.filter(isChild).map(({ replica, restarts, state, worker }) => ({
          name: String(replica),
          kind: 'replica',
          restarts,
          state,
          worker,
          children: [],
        })),
      })),
    };
  }

  private find(operator: number, replica: number): Replica {
    const node = this.operators[operator]?.replicas[replica];
    if (node === undefined) throw errors.invariant(`job '${this.name}' has a replica ${operator}/${replica}`);
    return node;
  }
}

const jobs = new Set<JobSupervision>();

/**
 * The root of the tree, one in a process. Its children are temporary, in OTP's terms: a job that fails is not restarted, and
 * takes neither another job nor the process down. A job that has ended must be removed, or it stays in memory.
 */
export const rootSupervisor = {
  add(job: JobSupervision): void {
    jobs.add(job);
  },
  remove(job: JobSupervision): void {
    jobs.delete(job);
  },
  /** A copy of the whole tree as it stands. */
  tree(): SupervisionNode {
    const children = [...jobs].map((job) => job.tree());
    return {
      name: ROOT,
      kind: 'root',
      strategy: 'one_for_one',
      restarts: sumOfRestarts(children),
      state: 'running',
      children,
    };
  },
};

/** The supervision tree of this process: the root, and all jobs that have not ended. */
export const supervisionTree = (): SupervisionNode => rootSupervisor.tree();
