// Texts of errors about how Millrace is called: options, arguments, names, the command line.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { show } from './show.ts';
import { messageOf } from './system-cause.ts';

export const usageErrors = {
  usage(problem: string): MillraceError {
    return new MillraceError('USAGE', `${problem} (millrace --help tells more)`);
  },
  attachFailed(target: string, problem: string): MillraceError {
    return new MillraceError(
      'ATTACH_FAILED',
      `no job answers at ${target}: ${problem}. A process can be attached to by its own user while a job runs there with \`inspect: true\`, MILLRACE_INSPECT=1 or millrace run; a page by its address`,
      { target },
    );
  },
  noSuchJob(target: string, job: string, known: readonly string[]): MillraceError {
    const names = known.map((name) => `'${name}'`).join(', ');
    return new MillraceError(
      'ATTACH_FAILED',
      `there is no job '${job}' at ${target}, which has ${names}: use one of these`,
      {
        target,
        job,
        known,
      },
    );
  },
  misspeltOption(typed: string, option: string, flow: string): MillraceError {
    return new MillraceError(
      'USAGE',
      `flow '${flow}' takes no parameter --${typed}: did you mean the option --${option}? After a lone -- it is a parameter for certain`,
      { typed, option, flow },
    );
  },
  badOption(option: string, value: unknown, rule: string, where?: string): MillraceError {
    const whose = where === undefined ? '' : ` of ${where}`;
    return new MillraceError('BAD_OPTION', `option '${option}'${whose} must be ${rule}, got ${show(value)}`, {
      option,
      value,
      ...(where !== undefined && { where }),
    });
  },
  /** @param before the same file, as it is written the first time */
  fileTwice(where: string, path: string, before: string): MillraceError {
    const as = path === before ? '' : `, the first time as ${show(before)}`;
    return new MillraceError(
      'BAD_OPTION',
      `the list of files of ${where} has ${show(path)} twice${as}: a file is read once, so leave one of them out`,
      { option: 'path', value: path, where },
    );
  },
  unkeyedStream(option: string, where: string, operator: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `option '${option}' of ${where} must be a stream with a key, and that of operator '${operator}' has none: call keyBy(field) on it`,
      { option, where, operator },
    );
  },
  notFollowed(path: string, format: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `option 'follow' must be left out of files that are compressed, or not UTF-8: ${show(path)} begins as ${format} does. Read it without follow, have it written in UTF-8, or pass { compression: 'none', encoding: 'utf-8' } if it is`,
      { option: 'follow', value: true, path, format },
    );
  },
  badModuleUrl(what: string, given: unknown): MillraceError {
    return usageErrors.badOption(
      'moduleUrl',
      given,
      `import.meta.url of the module that exports the ${what}, or __filename in CommonJS`,
    );
  },
  badExecArgv(cause: unknown): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `option 'execArgv' has what Node.js takes for a process only, and not for a worker thread: ${messageOf(cause)}. Leave it out there, and give it to the process`,
      { option: 'execArgv' },
      cause,
    );
  },
  unknownOption(where: string, option: string, known: readonly string[], nearest: string | undefined): MillraceError {
    const remedy =
      nearest === undefined
        ? `use one of ${known.map((name) => `'${name}'`).join(', ')}`
        : `did you mean '${nearest}'?`;
    return new MillraceError('BAD_OPTION', `${where} has no option '${option}': ${remedy}`, { option, known, nearest });
  },
  misplacedOption(operator: string, option: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `option '${option}' of operator '${operator}' stands among its schemas: process(name, schemas, closure, options) takes its options last`,
      { option, operator },
    );
  },
  unknownParam(flow: string, param: string, known: readonly string[], nearest: string | undefined): MillraceError {
    const names = known.map((name) => `'${name}'`).join(', ');
    const remedy = nearest === undefined ? `it takes ${names || 'none'}` : `did you mean '${nearest}'?`;
    return new MillraceError('BAD_OPTION', `flow '${flow}' has no parameter '${param}': ${remedy}`, {
      flow,
      param,
      known,
      nearest,
    });
  },
  missingParam(flow: string, param: string, rule: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `flow '${flow}' needs parameter '${param}', ${rule}: give it as run({ params: { ${param}: … } }), or on the command line`,
      { flow, param },
    );
  },
  badParam(flow: string, param: string, rule: string, value: unknown): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `parameter '${param}' of flow '${flow}' must be ${rule}, got ${show(value)}`,
      {
        flow,
        param,
        value,
      },
    );
  },
  noSuchFlag(flow: string, typed: string, known: readonly string[], nearest: string | undefined): MillraceError {
    const flags = known.map((name) => `--${name}`).join(', ');
    const remedy = nearest === undefined ? `it takes ${flags || 'none'}` : `did you mean --${nearest}?`;
    return new MillraceError('USAGE', `flow '${flow}' takes no parameter --${typed}: ${remedy}`, {
      flow,
      typed,
      known,
      nearest,
    });
  },
  badFiles(operator: string, files: unknown): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `'files' of operator '${operator}' must be an array of paths, got ${show(files)}: list the files that it reads or writes, or leave it out`,
      { operator, files },
    );
  },
  tooFewPartitions(source: string, replicas: number, partitions: number): MillraceError {
    const has = partitions === 1 ? 'has one partition' : `has ${partitions} partitions`;
    return new MillraceError(
      'BAD_OPTION',
      `option 'parallelism' of source '${source}' must be at most ${partitions}, got ${replicas}: it ${has}, each of which is read by one replica. Use a source with more partitions, such as readLines(file, { ranges: 'auto' }), readLines([…]) of several files or generate(…, { partitions }), or set parallelism on the operators behind it`,
      { option: 'parallelism', operator: source, value: replicas, partitions },
    );
  },
  severalInputs(operator: string, method: string, inputs: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_NAME',
      `${method}() takes an operator with one input, and '${operator}' has several: use input(name).${method}(), with one of ${inputs.map((name) => `'${name}'`).join(', ')}`,
      { operator, known: inputs },
    );
  },
  surplusArguments(what: string, most: number, got: number): MillraceError {
    return new MillraceError(
      'SURPLUS_ARGUMENTS',
      `${what} takes at most ${most} argument${most === 1 ? '' : 's'}, got ${got}: what comes after them would be ignored`,
      { what, most, got },
    );
  },
  unknownName(kind: string, name: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_NAME',
      `there is no ${kind} '${name}': use one of ${known.map((each) => `'${each}'`).join(', ') || '(none)'}`,
      { kind, name, known },
    );
  },
  notAnActor(operator: string, what: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `operator '${operator}' is ${what}, which runs in the app's own thread and has no actor to test: test one of ${known.map((name) => `'${name}'`).join(', ') || '(none)'}`,
      { operator, known },
    );
  },
  testedSource(operator: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `operator '${operator}' is a source, which makes its tuples itself: call read() instead of feed() and end()`,
      { operator },
    );
  },
  testedNoSource(operator: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `operator '${operator}' is no source: hand it tuples by feed() instead of calling read()`,
      { operator },
    );
  },
};
