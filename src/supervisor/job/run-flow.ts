// run(): builds, deploys and starts a flow.

import { errors } from '../../errors.ts';
import { buildGraph, type FlowDefinition } from '../../flow/dataflow.ts';
import { declaredName } from '../../flow/graph.ts';
import { planOf } from '../../flow/plan.ts';
import { checkFiles } from './file-conflicts.ts';
import { type Platform, systemPlatform } from './platform.ts';
import { checkRunOptions, type RunOptions } from './run-options.ts';
import { RunningJob } from './running-job.ts';

export async function runFlow<Params>(
  flow: FlowDefinition<Params>,
  options: RunOptions<Params>,
  platform: Platform = systemPlatform,
): Promise<RunningJob> {
  checkRunOptions(options);
  const graph = buildGraph(flow, options.params as Params);
  checkFiles(graph);
  const bridged = graph.operators.find(({ bridge }) => bridge !== undefined);
  if (bridged !== undefined && options.system === undefined) throw errors.noSystem(flow.name, declaredName(bridged));
  const { moduleUrl, name } = flow;
  const reference = { moduleUrl, name, params: options.params, fingerprint: graph.fingerprint };
  const job = new RunningJob(reference, planOf(graph), options, platform);
  await job.start(options);
  return job;
}
