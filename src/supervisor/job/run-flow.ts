// run(): builds, deploys and starts a flow.

import { randomUUID } from 'node:crypto';
import { errors } from '../../errors.ts';
import { buildGraph, type FlowDefinition } from '../../flow/dataflow.ts';
import { declaredName } from '../../flow/graph.ts';
import { planOf } from '../../flow/plan.ts';
import { readsContexts } from '../../flow/traces/trace-fields.ts';
import { Pages } from '../dashboard/pages.ts';
import { letInspect } from '../inspect/local-server.ts';
import { observe } from '../telemetry/open-telemetry.ts';
import { hasTraceProvider } from '../telemetry/tuple-spans.ts';
import { publishing } from './events/diagnostics.ts';
import { checkFiles } from './file-conflicts.ts';
import { foundInputs, hasToFind } from './found-inputs.ts';
import { Notices } from './notices/notices.ts';
import { type Platform, systemPlatform } from './platform.ts';
import { checkRunOptions, type RunOptions } from './run-options.ts';
import { RunningJob } from './running-job.ts';

export async function runFlow<Params>(
  flow: FlowDefinition<Params>,
  options: RunOptions<Params>,
  platform: Platform = systemPlatform,
): Promise<RunningJob> {
  const { ui, metrics, system, inspect, notices } = checkRunOptions(options);
  const run = randomUUID();
  const built = buildGraph(flow, options.params as Params);
  const graph = hasToFind(built) ? await foundInputs(built) : built;
  checkFiles(graph);
  const bridged = graph.operators.find(({ bridge }) => bridge !== undefined);
  if (bridged !== undefined && options.system === undefined) throw errors.noSystem(flow.name, declaredName(bridged));
  const { moduleUrl, name } = flow;
  const isTraced = platform === systemPlatform && readsContexts(graph.operators) && hasTraceProvider();
  const reference = { moduleUrl, name, params: options.params, fingerprint: graph.fingerprint, isTraced };
  const pages = ui === undefined && metrics === undefined ? undefined : await Pages.open({ ui, metrics, system });
  try {
    const job = new RunningJob(reference, planOf(graph), options, platform, pages?.urls);
    job.on('*', publishing(name, run));
    // A simulated platform waits for nothing that is outside of it.
    if (platform === systemPlatform) await observe(job, run, isTraced);
    if (platform === systemPlatform && (inspect ?? process.env.MILLRACE_INSPECT === '1'))
      await letInspect(job, run, (problem) => new Notices(name, notices).tell('inspect', problem));
    const serve = await pages?.watch(job, run);
    await job.start(options);
    serve?.();
    return job;
  } catch (error) {
    pages?.close();
    throw error;
  }
}
