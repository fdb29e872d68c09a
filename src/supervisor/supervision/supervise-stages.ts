// The supervisors of a job, made from its plan. Stages in the app's own thread have no replicas in the tree: there is nothing to restart.

import { type Plan, stageName } from '../../flow/plan.ts';
import type { CheckedOptions } from '../job/run-options.ts';
import { replicaShutdownMs } from '../job/shutdown.ts';
import type { Replica } from '../replicas/replica.ts';
import type { Roster } from '../replicas/roster.ts';
import { JobSupervision } from './job-supervision.ts';

export function superviseStages(
  job: string,
  plan: Plan,
  roster: Roster,
  { supervision, shutdownTimeoutMs }: CheckedOptions,
): JobSupervision<Replica> {
  const operators = plan.stages.map((stage) => ({
    name: stageName(stage),
    replicas: roster.of(stage),
    supervision: stage.operators[0].supervision,
  }));
  return new JobSupervision(job, operators, { supervision, shutdownMs: replicaShutdownMs(shutdownTimeoutMs) });
}
