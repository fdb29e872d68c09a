// The root of the supervision tree, one in a process.
// Promises: its children are temporary, in OTP's terms: a job that fails is not restarted, and takes neither another job nor the
// process down. Relies on: a job that has ended is deleted, or it stays in memory.

import { Supervisor } from './supervisor.ts';
import { rootTree, type SupervisedReplica, type SupervisionNode } from './tree.ts';

export const ROOT = 'millrace';

const root = new Supervisor<SupervisedReplica>(
  { name: ROOT, path: ROOT, above: ROOT },
  { strategy: 'one_for_one', intensity: 0, periodMs: 1 },
);

/** Puts a job under the root until what this returns is called. */
export function superviseJob(job: Supervisor<SupervisedReplica>, shutdownMs: number): () => void {
  root.startChild({ child: job, restart: 'temporary', shutdownMs });
  return () => root.deleteChild(job);
}

/** The supervision tree of this process: the root, and all jobs that have not ended. */
export const supervisionTree = (): SupervisionNode => rootTree(root);
