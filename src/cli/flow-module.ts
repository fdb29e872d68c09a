// Finds the flow that a module exports.
// Promises: a flow that can be run from the command line, or a typed error that says what the module lacks.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildGraph, isFlow } from '../actors/dataflow.ts';
import type { Graph } from '../actors/graph.ts';
import { errors } from '../errors.ts';
import type { Dataflow } from '../supervisor/flow.ts';

const TYPESCRIPT = /\.[cm]?ts$/;

/**
 * @param path of the module, relative to the working directory, or a file: URL
 * @param name of the flow; undefined for the default export, or the only flow
 * @throws MillraceError MODULE_IMPORT, TYPESCRIPT_MODULE, NO_FLOW
 */
export async function loadFlow(path: string, name: string | undefined): Promise<Dataflow> {
  const url = path.startsWith('file:') ? new URL(path) : pathToFileURL(resolve(path));
  if (!existsSync(url)) throw errors.missingModule(path);
  const module = await importModule(path, url);
  const flows = [...new Set(Object.values(module).filter(isFlow))] as Dataflow[];
  const names = flows.map((flow) => flow.name);
  if (name === undefined) {
    if (isFlow(module.default)) return module.default as Dataflow;
    if (flows.length > 1) throw errors.severalFlows(path, names);
  }
  const found = name === undefined ? flows[0] : flows.find((flow) => flow.name === name);
  if (found === undefined) throw errors.noFlow(path, name, names);
  return found;
}

async function importModule(path: string, url: URL): Promise<Record<string, unknown>> {
  try {
    return (await import(url.href)) as Record<string, unknown>;
  } catch (cause) {
    // Asked of Node itself and not of its version, so that a loader which the user has installed may do it.
    const unknown = (cause as NodeJS.ErrnoException | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
    if (unknown && TYPESCRIPT.test(url.pathname)) throw errors.typescriptModule(path, process.version);
    throw errors.flowModule(path, cause);
  }
}

/**
 * The flow's graph with these params.
 * @throws MillraceError of the flow's declaration, or BAD_FLOW if it takes tuples from an app
 */
export function graphOf(flow: Dataflow, params: unknown): Graph {
  const graph = buildGraph(flow, params);
  const pushed = graph.operators.find(({ source }) => source?.kind === 'push');
  if (pushed !== undefined) {
    throw errors.badFlow(
      flow.name,
      `source '${pushed.name}' takes its tuples from an app through job.input('${pushed.name}'), so it runs only from an app`,
    );
  }
  return graph;
}
