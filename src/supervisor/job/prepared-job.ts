// A job that may begin: its flow is built, what can be refused is refused, and its threads start.

import { randomUUID } from 'node:crypto';
import { errors } from '../../errors.ts';
import { buildGraph, type FlowDefinition } from '../../flow/dataflow.ts';
import { declaredName } from '../../flow/graph.ts';
import { type Plan, planOf } from '../../flow/plan.ts';
import { readsContexts } from '../../flow/traces/trace-fields.ts';
import type { FlowReference } from '../../workers/control.ts';
import { hasTraceProvider } from '../telemetry/registered.ts';
import { checkFiles } from './file-conflicts.ts';
import { foundInputs, hasToFind } from './found-inputs.ts';
import { type JobGround, layGround } from './job-ground.ts';
import { type Platform, systemPlatform } from './platform.ts';
import { type CheckedOptions, checkRunOptions, type RunOptions } from './run-options.ts';

export interface PreparedJob {
  readonly flow: FlowReference;
  readonly plan: Plan;
  readonly options: CheckedOptions;
  readonly platform: Platform;
  readonly ground: JobGround;
  /** Tells this run from all others. */
  readonly run: string;
}

/** Whoever does not begin it closes its ground's pool. */
export async function prepareJob<Params>(
  flow: FlowDefinition<Params>,
  given: RunOptions<Params>,
  platform: Platform,
): Promise<PreparedJob> {
  const options = checkRunOptions(given);
  const built = buildGraph(flow, given.params as Params);
  const graph = hasToFind(built) ? await foundInputs(built) : built;
  checkFiles(graph);
  const bridged = graph.operators.find(({ bridge }) => bridge !== undefined);
  if (bridged !== undefined && options.system === undefined) throw errors.noSystem(flow.name, declaredName(bridged));
  const { moduleUrl, name } = flow;
  // A simulated platform tells nobody outside of it.
  const isTraced = platform === systemPlatform && readsContexts(graph.operators) && hasTraceProvider();
  const reference = { moduleUrl, name, params: given.params, fingerprint: graph.fingerprint, isTraced };
  const plan = planOf(graph);
  const ground = layGround(plan, options, platform);
  return { flow: reference, plan, options, platform, ground, run: randomUUID() };
}
