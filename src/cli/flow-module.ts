// Finds the flow that a module exports.
// Promises: a flow that can be run from the command line, or a typed error that says what the module lacks; WrongUsage says that the
// command is to blame, and not the code that it names.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errors, MillraceError } from '../errors.ts';
import { buildGraph, isFlow } from '../flow/dataflow.ts';
import { type ParamDeclaration, paramFlag } from '../flow/declared-params.ts';
import type { Graph } from '../flow/graph.ts';
import { defaultExport, exportedValues } from '../flow/module-exports.ts';
import { nearest } from '../options/nearest.ts';
import type { Dataflow } from '../supervisor/job/flow.ts';
import { type FlowCommand, paramValue } from './arguments.ts';
import { COMMAND_FLAGS, RUN_FLAGS } from './command-options.ts';
import { WrongUsage } from './wrong-usage.ts';

/** @param path of a module as the command line gives it */
export const moduleUrlOf = (path: string): URL =>
  path.startsWith('file:') ? new URL(path) : pathToFileURL(resolve(path));

const TYPESCRIPT = /\.[cm]?ts$/;

/**
 * @param path of the module, relative to the working directory, or a file: URL
 * @param name of the flow; undefined for the default export, or the only flow
 * @throws MillraceError MODULE_IMPORT, TYPESCRIPT_MODULE; WrongUsage around MODULE_IMPORT if there is no such file, and NO_FLOW
 */
export async function loadFlow(path: string, name: string | undefined): Promise<Dataflow> {
  const url = moduleUrlOf(path);
  if (!existsSync(url)) throw new WrongUsage(errors.missingModule(path));
  const module = await importModule(path, url);
  const flows = exportedValues(module).filter(isFlow) as Dataflow[];
  const names = flows.map((flow) => flow.name);
  if (name === undefined) {
    const byDefault = defaultExport(module, isFlow);
    if (byDefault !== undefined) return byDefault as Dataflow;
    if (flows.length > 1) throw new WrongUsage(errors.severalFlows(path, names));
  }
  const found = name === undefined ? flows[0] : flows.find((flow) => flow.name === name);
  if (found === undefined) throw new WrongUsage(errors.noFlow(path, name, names));
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

/** The source that takes its tuples from an app, if there is one. */
export const pushedInto = ({ operators }: Graph): string | undefined =>
  operators.find(({ source }) => source?.kind === 'push')?.name;

/**
 * The flow's graph with the params of a command.
 * @throws MillraceError of the flow's declaration; WrongUsage if the flow refuses the params, or around USAGE if a param is a
 * misspelt option, or a misspelt one of those that the flow looks for
 */
export function graphFor(flow: Dataflow, params: object, { lookalikes }: Pick<FlowCommand, 'lookalikes'>): Graph {
  const read = new Set<PropertyKey>();
  let graph: Graph;
  try {
    graph = build(flow, noting(params, read));
  } finally {
    // Also in place of what the flow says of the value that is missing.
    if (flow.params === undefined) requireNoSlip(flow.name, params, read);
  }
  for (const { param, typed, option } of flow.params === undefined ? lookalikes : []) {
    // What a build function does not look at can only be meant for the command.
    if (!read.has(param)) throw new WrongUsage(errors.misspeltOption(typed, option, flow.name));
  }
  return graph;
}

/** A param that nobody looks at, and one that is looked for in vain under nearly that name, are one. */
function requireNoSlip(flow: string, params: object, read: ReadonlySet<PropertyKey>): void {
  const missing = [...read].filter((name) => typeof name === 'string' && !Object.hasOwn(params, name)) as string[];
  for (const name of Object.keys(params)) {
    const meant = read.has(name) ? undefined : nearest(paramFlag(name), missing.map(paramFlag));
    if (meant !== undefined) throw new WrongUsage(errors.noSuchFlag(flow, paramFlag(name), [], meant));
  }
}

/** @throws WrongUsage around BAD_FLOW if a flow takes tuples from an app */
export function requireNoApp(graph: Graph): void {
  const pushed = pushedInto(graph);
  if (pushed === undefined) return;
  const problem = `source '${pushed}' takes its tuples from an app through job.input('${pushed}'), so it runs only from an app`;
  throw new WrongUsage(errors.badFlow(graph.name, problem));
}

/**
 * The params of a command: as the flow declares them, or by their looks.
 * @throws WrongUsage around USAGE for a parameter that the flow does not declare
 */
export function paramsFor(
  { name: flow, params: table }: Pick<Dataflow, 'name' | 'params'>,
  { params, texts }: Pick<FlowCommand, 'params' | 'texts'>,
): object {
  if (table === undefined) return params;
  const flags = Object.keys(table).map(paramFlag);
  const typed = Object.entries(texts).map(([name, text]) => {
    if (!Object.hasOwn(table, name)) {
      const flag = paramFlag(name);
      const meant = nearest(flag, [
        ...flags,
        ...COMMAND_FLAGS.map((each) => each.name),
        ...RUN_FLAGS.map((each) => each.name),
      ]);
      throw new WrongUsage(errors.noSuchFlag(flow, flag, flags, meant));
    }
    return [name, typedValue(table[name], text)] as const;
  });
  return Object.fromEntries(typed);
}

/** What a text means as a value of a parameter. One that means none stays as it is, and is refused as such. */
function typedValue({ type }: ParamDeclaration, text: string | true): unknown {
  if (text === true || typeof type !== 'string' || type === 'string') return text;
  const value = paramValue(text);
  return typeof value === (type === 'boolean' ? 'boolean' : 'number') ? value : text;
}

/** What a build function throws of its own, or as a bad option of a source or sink, is about its params; the rest is about its code. */
function build(flow: Dataflow, params: unknown): Graph {
  try {
    return buildGraph(flow, params);
  } catch (error) {
    const isOfCode = error instanceof MillraceError && error.code !== 'BAD_OPTION';
    throw isOfCode ? error : new WrongUsage(error);
  }
}

/** The same params; which of them are looked at is noted. */
function noting(params: object, read: Set<PropertyKey>): unknown {
  const note = (name: PropertyKey): void => void read.add(name);
  return new Proxy(params, {
    get: (target, name, receiver) => {
      note(name);
      return Reflect.get(target, name, receiver);
    },
    has: (target, name) => {
      note(name);
      return Reflect.has(target, name);
    },
    ownKeys: (target) => {
      for (const name of Reflect.ownKeys(target)) note(name);
      return Reflect.ownKeys(target);
    },
  });
}
