// dataflow(): the value that a flow's module exports, and that an app runs.
// Relies on: who runs a job is loaded when the first one is run, and by the app's thread only. Workers import this module with
// each flow, and a spare is ready the sooner the less it loads.

import { errors } from '../../errors.ts';
import { type Build, FLOW, type FlowDefinition } from '../../flow/dataflow.ts';
import {
  checkParamTable,
  type GivenParams,
  type ParamsOf,
  type ParamTable,
  readParams,
} from '../../flow/declared-params.ts';
import type { InputsOf, OutputsOf } from '../../flow/handles.ts';
import { moduleUrlOf } from '../../flow/module-exports.ts';
import { nearest } from '../../options/nearest.ts';
import { refuseSurplus } from '../../surplus.ts';
import { requireWorkerEntry } from '../../workers/worker-entry-url.ts';
import { isWorkerThread } from '../../workers/worker-thread.ts';
import type { Job } from './job-api.ts';
import { refuseStart } from './refuse-start.ts';
import type { RunOptions } from './run-options.ts';

/** A flow: export it from the module whose URL it was declared with. */
export interface Dataflow<Params = unknown, Built = unknown> extends FlowDefinition<Params, Built> {
  /**
   * Runs the flow on worker threads; resolves when all of them have started. Each call is a job of its own.
   * @throws MillraceError BAD_OPTION, BAD_FLOW, MODULE_IMPORT, NO_FLOW, INPUT_FILE, RUN_IN_WORKER, BUNDLED and others that a start can meet
   */
  run(options?: RunOptions<Params>): Promise<Job<OutputsOf<Built>, InputsOf<Built>>>;
}

/** What a flow is made of besides its operators. */
export interface FlowParts<Table extends ParamTable> {
  /**
   * The parameters that it takes, by name: `millrace run flow.js --help` lists them, and any other is refused.
   */
  readonly params: Table;
}

/**
 * Declares a flow and its parameters: they are checked, and their types are those of `build` and of `run({ params })`.
 * @param moduleUrl `import.meta.url` of the module that exports the flow, in CommonJS `__filename`: every worker imports it
 * @param name unique within the module
 * @param parts `{ params: { file: { type: 'string', help: 'the file to read' } } }`
 * @param build declares the operators; it runs on every thread, and must depend on its params only
 * @throws MillraceError BAD_OPTION
 */
export function dataflow<const Table extends ParamTable, Built = unknown>(
  moduleUrl: string,
  name: string,
  parts: FlowParts<Table>,
  build: Build<ParamsOf<Table>, Built>,
  ...surplus: readonly never[]
): Dataflow<GivenParams<Table>, Built>;
/**
 * Declares a flow.
 * @param moduleUrl `import.meta.url` of the module that exports the flow, in CommonJS `__filename`: every worker imports it
 * @param name unique within the module
 * @param build declares the operators; it runs on every thread, and must depend on its params only
 * @throws MillraceError BAD_OPTION
 */
export function dataflow<Params = Record<string, never>, Built = unknown>(
  moduleUrl: string,
  name: string,
  build: Build<Params, Built>,
  ...surplus: readonly never[]
): Dataflow<Params, Built>;
export function dataflow(
  moduleUrl: string,
  name: string,
  ...rest: readonly unknown[]
): Dataflow<Record<string, unknown>> {
  const hasParts = typeof rest[0] !== 'function' && rest.length > 1;
  const [build, ...surplus] = hasParts ? rest.slice(1) : rest;
  const form = hasParts ? 'dataflow(moduleUrl, name, { params }, build)' : 'dataflow(moduleUrl, name, build)';
  refuseSurplus(form, hasParts ? 4 : 3, surplus);
  const url = moduleUrlOf(moduleUrl);
  if (url === undefined) throw errors.badModuleUrl('flow', moduleUrl);
  if (typeof name !== 'string' || name === '') throw errors.badOption('name', name, 'a string that is not empty');
  const table = hasParts ? tableOf(name, rest[0]) : undefined;
  if (typeof build !== 'function') throw errors.badOption('build', build, 'a function (flow, params) => …');
  const flow: Dataflow<Record<string, unknown>> = {
    [FLOW]: true,
    moduleUrl: url,
    name,
    ...(table !== undefined && { params: table }),
    build:
      table === undefined ? (build as AnyBuild) : (builder, given) => build(builder, readParams(name, table, given)),
    run: (options = {}, ...surplus: readonly never[]) => {
      refuseSurplus('run(options)', 1, surplus);
      // Thrown at once: a rejection that a module does not await would end the worker instead of failing its import.
      if (isWorkerThread()) throw errors.runInWorker(name);
      requireWorkerEntry();
      return loadRunner().then(({ runFlow }) => runFlow(flow, options)) as unknown as Promise<Job<never, never>>;
    },
  };
  return flow;
}

type AnyBuild = Build<Record<string, unknown>, unknown>;

function tableOf(name: string, parts: unknown): ParamTable {
  const known = { params: undefined };
  if (typeof parts !== 'object' || parts === null || !('params' in parts))
    throw errors.badOption('parts', parts, 'an object with `params`', `flow '${name}'`);
  const unknown = Object.keys(parts).find((each) => !Object.hasOwn(known, each));
  if (unknown !== undefined)
    throw errors.unknownOption(`flow '${name}'`, unknown, Object.keys(known), nearest(unknown, Object.keys(known)));
  checkParamTable(name, parts.params);
  return parts.params;
}

const loadRunner = () => import('./run-flow.ts').catch(refuseStart);
