// The supervision tree as the app sees it: a copy of supervisors and their children at one moment.
// Promises: plain data, which no later change touches.

import type { Strategy } from '../../flow/failure-policy.ts';
import type { NodeState, Supervised } from './child.ts';
import { Supervisor } from './supervisor.ts';

/** A node of the tree at one moment. */
export interface SupervisionNode {
  /** Name of the flow or the operator; number of the replica. */
  readonly name: string;
  /** What it is: the root of the process, or at which level of a job. */
  readonly kind: 'root' | 'job' | 'operator' | 'replica';
  /** Of supervisors; the root has no intensity, since it restarts nothing. */
  readonly strategy?: Strategy;
  /** Most crashes without progress within `periodMs`. */
  readonly intensity?: number;
  /** In milliseconds. */
  readonly periodMs?: number;
  /** How often it was restarted, whether it crashed itself or not; of a supervisor: the sum of those below it. */
  readonly restarts: number;
  /** Of a supervisor: failed, restarting, starting or running, the first of these that a replica below it is in; else ended. */
  readonly state: NodeState;
  /** The worker that hosts a replica; undefined while it does not run. */
  readonly worker?: number;
  /** Those that it supervises, in the order of their start; none of a replica. */
  readonly children: readonly SupervisionNode[];
}

/** The state of a supervisor is that of the replica below it that comes first here. */
const MOST_PRESSING: readonly NodeState[] = ['failed', 'restarting', 'starting', 'running', 'ended'];

const restartsOf = (nodes: readonly SupervisionNode[]): number =>
  nodes.reduce((sum, { restarts }) => sum + restarts, 0);

/** What a replica shows of itself. */
export interface SupervisedReplica extends Supervised {
  readonly replica: number;
  readonly worker: { readonly host: number } | undefined;
}

function replicaNode({ replica, restarts, state, worker }: SupervisedReplica): SupervisionNode {
  const host = state === 'running' ? worker?.host : undefined;
  return { name: String(replica), kind: 'replica', restarts, state, worker: host, children: [] };
}

function stateOf(nodes: readonly SupervisionNode[], ofNone: NodeState): NodeState {
  return MOST_PRESSING.find((state) => nodes.some((node) => node.state === state)) ?? ofNone;
}

function supervisorNode(
  supervisor: Supervisor<SupervisedReplica>,
  kind: 'job' | 'operator',
  state: NodeState,
  children: readonly SupervisionNode[],
): SupervisionNode {
  const { name, strategy, intensity, periodMs } = supervisor;
  return { name, kind, strategy, intensity, periodMs, restarts: restartsOf(children), state, children };
}

/** A job's part of the tree: its operators, and their replicas. An operator without replicas is in the state of the job. */
export function jobTree(job: Supervisor<SupervisedReplica>): SupervisionNode {
  const operators = job.children.filter((child) => child instanceof Supervisor);
  const replicas = operators.map(({ children }) =>
    children.flatMap((child) => (child instanceof Supervisor ? [] : [replicaNode(child)])),
  );
  const state = job.hasFailed ? 'failed' : stateOf(replicas.flat(), 'running');
  const children = operators.map((operator, i) =>
    supervisorNode(operator, 'operator', stateOf(replicas[i], state), replicas[i]),
  );
  return supervisorNode(job, 'job', state, children);
}

/** The whole tree of a process: its root, and the jobs below it. */
export function rootTree({ name, strategy, children }: Supervisor<SupervisedReplica>): SupervisionNode {
  const jobs = children.flatMap((child) => (child instanceof Supervisor ? [jobTree(child)] : []));
  return { name, kind: 'root', strategy, restarts: restartsOf(jobs), state: 'running', children: jobs };
}
