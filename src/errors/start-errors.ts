// Texts of errors about what keeps a job from starting: modules, code generation, threads, time.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { isNotFound, messageOf, type SystemCause } from './system-cause.ts';
import { usageErrors } from './usage-errors.ts';

/** What is said of a module that is ES syntax, where its package.json says CommonJS. */
const IN_COMMONJS = /outside a module|Unexpected token 'export'/;

const remedyOf = (cause: unknown): string =>
  cause instanceof SyntaxError && IN_COMMONJS.test(cause.message)
    ? '. Its package.json makes it CommonJS: run npm pkg set type=module, or name the file .mjs'
    : '';

export const startErrors = {
  listenFailed(option: string, host: string, port: number, cause: unknown): MillraceError {
    return new MillraceError(
      'LISTEN_FAILED',
      `option '${option}' cannot listen on port ${port} of ${host}: ${messageOf(cause)}. Give another '${option}.port', or 0 for one that is free`,
      { option, host, port },
      cause,
    );
  },
  codeGeneration(cause: unknown): MillraceError {
    return new MillraceError(
      'CODE_GENERATION',
      'Millrace generates a step function per operator, and this Node.js forbids code generation from strings: start node without --disallow-code-generation-from-strings',
      {},
      cause,
    );
  },
  moduleImport(module: string, cause: unknown): MillraceError {
    return new MillraceError(
      'MODULE_IMPORT',
      `worker cannot import the flow's module ${module}: ${messageOf(cause)}. A flow's module is imported on every worker: ${isNotFound(cause) ? 'what it imports has to be there on each' : 'pass import.meta.url of a file that can be imported to dataflow()'}`,
      { module },
      cause,
    );
  },
  flowModule(module: string, cause: unknown): MillraceError {
    return new MillraceError(
      'MODULE_IMPORT',
      `cannot import the module ${module}: ${messageOf(cause)}${remedyOf(cause)}`,
      { module },
      cause,
    );
  },
  missingModule(module: string): MillraceError {
    return new MillraceError(
      'MODULE_IMPORT',
      `there is no module ${module}: give the path of a file that exports a flow, relative to the working directory`,
      { module },
    );
  },
  noFlow(module: string, flow: string | undefined, found: readonly string[]): MillraceError {
    const wanted = flow === undefined ? 'a flow' : `the flow '${flow}'`;
    const have = found.length === 0 ? 'none' : found.map((name) => `'${name}'`).join(', ');
    return new MillraceError(
      'NO_FLOW',
      `module ${module} does not export ${wanted} (flows it exports: ${have}): export the value of dataflow(import.meta.url, …)`,
      { module, flow, found },
    );
  },
  severalFlows(module: string, found: readonly string[]): MillraceError {
    return new MillraceError(
      'NO_FLOW',
      `module ${module} exports several flows (${found.map((name) => `'${name}'`).join(', ')}) and none as default: choose one with --flow NAME`,
      { module, found },
    );
  },
  flowDiffers(flow: string): MillraceError {
    return new MillraceError(
      'FLOW_DIFFERS',
      `flow '${flow}' was built differently on a worker than in the app: its build function must depend on its params only`,
      { flow },
    );
  },
  importTimeout(module: string, worker: number, limitMs: number): MillraceError {
    return new MillraceError(
      'START_TIMEOUT',
      `worker ${worker} has not imported the flow's module ${module} within ${limitMs} ms. A flow's module is imported on every worker: make sure that what it awaits at its top level comes there too, or raise 'startTimeoutMs'`,
      { phase: 'import', module, worker, limitMs },
    );
  },
  openTimeout(kind: 'source' | 'sink', operators: readonly string[], worker: number, limitMs: number): MillraceError {
    const names = operators.map((name) => `'${name}'`).join(' or ');
    return new MillraceError(
      'START_TIMEOUT',
      `open() of ${kind} ${names} has not ended on worker ${worker} within ${limitMs} ms: make sure that what it waits for answers, or raise 'startTimeoutMs'`,
      { phase: 'open', operator: operators[0], operators, worker, limitMs },
    );
  },
  /** @param flow undefined for a system of actors */
  runInWorker(flow: string | undefined, cause?: unknown): MillraceError {
    const [call, short, whose] =
      flow === undefined ? ['actorSystem()', 'it', "actors'"] : [`run() of flow '${flow}'`, 'run()', "flow's"];
    return new MillraceError(
      'RUN_IN_WORKER',
      `${call} was called while a Millrace worker imports its module: call ${short} in another module than the ${whose}, or only if isMainThread of node:worker_threads is true`,
      { flow },
      cause,
    );
  },
  typescriptModule(module: string, version: string): MillraceError {
    return new MillraceError(
      'TYPESCRIPT_MODULE',
      `Node.js ${version} cannot import the TypeScript module ${module}: use Node.js 22.18 or newer; or npm install --save-dev tsx, and set NODE_OPTIONS='--import tsx'; or compile it with tsc and run the .js file`,
      { module, version },
    );
  },
  bundled(entry: string): MillraceError {
    return new MillraceError(
      'BUNDLED',
      `Millrace is inside of a bundle, and its worker threads do not find ${entry}: keep 'millrace' and what begins with 'millrace/' out of the bundle (esbuild: --packages=external, rollup and webpack: external, vite: build.ssr), and install it where the bundle runs`,
      { entry },
    );
  },
  workerStart(cause: unknown): MillraceError {
    const code = (cause as SystemCause | undefined)?.code;
    if (code === 'ERR_WORKER_INVALID_EXEC_ARGV') return usageErrors.badExecArgv(cause);
    const isDenied = code === 'ERR_ACCESS_DENIED';
    const remedy = isNotFound(cause)
      ? 'Each worker loads what the process has been started with, and what `execArgv` has'
      : isDenied
        ? "Node.js's permission model lets a process start threads only with that flag"
        : "Lower 'workers', 'maxWorkers' or 'spares', or raise the limits of threads (ulimit -u), open files (ulimit -n) and address space (ulimit -v)";
    return new MillraceError('WORKER_START', `cannot start a worker thread: ${messageOf(cause)}. ${remedy}`, {}, cause);
  },
};
