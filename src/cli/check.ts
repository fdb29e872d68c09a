// `millrace check`: builds the flow that `millrace run` would run with the same arguments, and draws it.
// Promises: no thread is started, and no source or sink is opened. What would keep the job from starting is refused with the exit code
// that `millrace run` would have.

import { availableParallelism } from 'node:os';
import { planOf } from '../flow/plan.ts';
import { checkFiles } from '../supervisor/job/file-conflicts.ts';
import { hintsOf } from '../supervisor/readings/hints.ts';
import type { CheckCommand } from './arguments.ts';
import { describeFlow } from './flow-description.ts';
import { graphFor, loadFlow, paramsFor, pushedInto } from './flow-module.ts';
import { flowLines } from './flow-text.ts';

/**
 * Checks a flow; gives what is to be printed.
 * @throws MillraceError of the flow or its module; WrongUsage as `millrace run` does
 */
export async function check(command: CheckCommand): Promise<string> {
  const flow = await loadFlow(command.module, command.flow);
  const graph = graphFor(flow, paramsFor(flow, command), command);
  checkFiles(graph);
  const plan = planOf(graph);
  const { workers = availableParallelism(), maxWorkers = workers } = command.options;
  const described = describeFlow(plan, hintsOf(plan, maxWorkers));
  if (command.json) return `${JSON.stringify(described)}\n`;
  const pushed = pushedInto(graph);
  const system = graph.operators.find(({ bridge }) => bridge !== undefined);
  const needs = [
    ...(pushed === undefined ? [] : [`an app, which feeds '${pushed}'`]),
    ...(system === undefined ? [] : [`a system of actors, for '${system.name}'`]),
  ];
  const verdict = needs.length === 0 ? 'it can be run' : `it can be run with ${needs.join(' and ')}`;
  return `${[...flowLines(described), '', `ok: ${verdict}`].join('\n')}\n`;
}
