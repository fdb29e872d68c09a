// dataflow(): the value that a flow's module exports, and that an app runs.
// Relies on: who runs a job is loaded when the first one is run, and by the app's thread only. Workers import this module with
// each flow, and a spare is ready the sooner the less it loads.

import { errors } from '../../errors.ts';
import { type Build, FLOW, type FlowDefinition } from '../../flow/dataflow.ts';
import type { InputsOf, OutputsOf } from '../../flow/handles.ts';
import { refuseSurplus } from '../../surplus.ts';
import { isWorkerThread } from '../../workers/worker-thread.ts';
import type { Job } from './job-api.ts';
import type { RunOptions } from './run-options.ts';

/** A flow: export it from the module whose URL it was declared with. */
export interface Dataflow<Params = unknown, Built = unknown> extends FlowDefinition<Params, Built> {
  /**
   * Runs the flow on worker threads; resolves when all of them have started. Each call is a job of its own.
   * @throws MillraceError BAD_OPTION, BAD_FLOW, MODULE_IMPORT, NO_FLOW, INPUT_FILE, RUN_IN_WORKER and others that a start can meet
   */
  run(options?: RunOptions<Params>): Promise<Job<OutputsOf<Built>, InputsOf<Built>>>;
}

/**
 * Declares a flow.
 * @param moduleUrl `import.meta.url` of the module that exports the flow: every worker imports it
 * @param name unique within the module
 * @param build declares the operators; it runs on every thread, and must depend on its params only
 */
export function dataflow<Params = Record<string, never>, Built = unknown>(
  moduleUrl: string,
  name: string,
  build: Build<Params, Built>,
  ...surplus: readonly never[]
): Dataflow<Params, Built> {
  refuseSurplus('dataflow(moduleUrl, name, build)', 3, surplus);
  if (typeof moduleUrl !== 'string' || !URL.canParse(moduleUrl)) {
    throw errors.badOption('moduleUrl', moduleUrl, 'import.meta.url of the module that exports the flow');
  }
  if (typeof name !== 'string' || name === '') throw errors.badOption('name', name, 'a string that is not empty');
  if (typeof build !== 'function') throw errors.badOption('build', build, 'a function (flow, params) => …');
  const flow: Dataflow<Params, Built> = {
    [FLOW]: true,
    moduleUrl,
    name,
    build,
    run: (options = {}, ...surplus: readonly never[]) => {
      refuseSurplus('run(options)', 1, surplus);
      // Thrown at once: a rejection that a module does not await would end the worker instead of failing its import.
      if (isWorkerThread()) throw errors.runInWorker(name);
      return loadRunner().then(({ runFlow }) => runFlow(flow, options)) as unknown as Promise<
        Job<OutputsOf<Built>, InputsOf<Built>>
      >;
    },
  };
  return flow;
}

/** What runs a job. Its files may be out of reach, as those of a worker may be: there is no descriptor left, or no permission. */
const loadRunner = () =>
  import('./run-flow.ts').catch((cause) => {
    throw errors.workerStart(cause);
  });
