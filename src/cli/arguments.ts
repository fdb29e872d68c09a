// The command line as data: what the user asked for, before anything is imported or run.
// Promises: a command is complete and its options are in range, or a typed error has been thrown.
// Whatever is not an option of the command line is a parameter of the flow, so a flow needs no argument parser of its own.

import { errors } from '../errors.ts';
import type { ScalingOptions } from '../supervisor/elasticity/scaling/scaling-options.ts';
import type { RunOptions } from '../supervisor/job/job-api.ts';
import { checkRunOptions } from '../supervisor/job/run-options.ts';

export type ParamValue = string | number | boolean;

export interface RunCommand {
  readonly kind: 'run';
  readonly module: string;
  /** Name of the flow, for a module that exports several. */
  readonly flow: string | undefined;
  readonly options: RunOptions;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** Parameters whose names are nearly those of options: what is to be thought of them depends on the flow. */
  readonly lookalikes: readonly Lookalike[];
  readonly json: boolean;
  /** Crashes are reported in full. */
  readonly verbose: boolean;
  /** Dead letters do not change the exit code. */
  readonly allowDeadLetters: boolean;
}

interface Lookalike {
  readonly param: string;
  /** As it was typed, and the option that may have been meant. */
  readonly typed: string;
  readonly option: string;
}

export type Command = RunCommand | { readonly kind: 'help' } | { readonly kind: 'version' };

const RUN_OPTIONS: Readonly<Record<string, keyof RunOptions>> = {
  workers: 'workers',
  'max-workers': 'maxWorkers',
  'ring-bytes': 'ringBytes',
  'linger-ms': 'lingerMs',
  spares: 'spares',
  'hang-timeout-ms': 'hangTimeoutMs',
  'stall-timeout-ms': 'stallTimeoutMs',
  'fence-timeout-ms': 'fenceTimeoutMs',
  'shutdown-timeout-ms': 'shutdownTimeoutMs',
};
/** Options of `scaling`, which each ask for a policy. */
const SCALING_OPTIONS: Readonly<Record<string, keyof ScalingOptions>> = { scaling: 'policy', 'scaling-mode': 'mode' };
const SWITCHES = ['json', 'verbose', 'allow-dead-letters'];
/** All options, by name. */
const OPTIONS = [...Object.keys({ ...RUN_OPTIONS, ...SCALING_OPTIONS }), ...SWITCHES, 'flow', 'help', 'version'];
/** Edits that make a slip of the fingers, and the length of a name that they may be made in. */
const SLIPS_MAX = 2;
const SLIPS_LENGTH_MIN = 4;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const DIGITS = /^-?\d+$/;

/** `--max-words` is `params.maxWords`: a name that a build function can destructure. */
const paramName = (option: string): string => option.replace(/-+(.)/g, (_, letter: string) => letter.toUpperCase());

/** Numbers as JSON writes them, true and false; the rest stays text, as do digits that a number cannot hold exactly. */
export function paramValue(text: string): ParamValue {
  if (text === 'true' || text === 'false') return text === 'true';
  if (!NUMBER.test(text)) return text;
  const value = Number(text);
  const exact = DIGITS.test(text) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return exact ? value : text;
}

/** True if a name is an option's but for a slip or two: letters that are missing, wrong or too many; dashes and case do not count. */
export function isNearly(name: string, option: string): boolean {
  const [typed, meant] = [name, option].map((text) => text.replaceAll('-', '').toLowerCase());
  if (typed.length < SLIPS_LENGTH_MIN || Math.abs(typed.length - meant.length) > SLIPS_MAX) return false;
  // Levenshtein's distance, row by row.
  let row = Array.from({ length: meant.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const next = [i];
    for (let j = 1; j <= meant.length; j++) {
      const replaced = row[j - 1] + (typed[i - 1] === meant[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[meant.length] <= (meant.length < 6 ? 1 : SLIPS_MAX);
}

/** Whether the stack is to be shown with an error; asked also where parsing fails. */
export const isVerbose = (args: readonly string[]): boolean => args.includes('--verbose');

/**
 * @param args of the process, without node and the script
 * @throws MillraceError USAGE, BAD_OPTION
 */
export function parseArguments(args: readonly string[]): Command {
  const [command, ...rest] = args;
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (command === '--help' || command === '-h' || own.includes('--help') || own.includes('-h')) return { kind: 'help' };
  if (command === '--version') return { kind: 'version' };
  if (command === undefined) throw errors.usage('no command given: use millrace run <module>');
  if (command !== 'run') throw errors.usage(`there is no command '${command}': use millrace run <module>`);
  return parseRun(rest);
}

function parseRun(args: readonly string[]): RunCommand {
  const { positional, options, params, lookalikes } = readOptions(args);
  const [module, extra] = positional;
  if (module === undefined) throw errors.usage('millrace run needs the path of a module');
  if (extra !== undefined)
    throw errors.usage(`millrace run takes one module, and '${extra}' is a second: write parameters as --name value`);
  for (const name of SWITCHES) {
    const value = options.get(name);
    if (value !== undefined && value !== 'true' && value !== 'false')
      throw errors.usage(`--${name} takes no value, got '${value}'`);
  }
  const runOptions: Record<string, ParamValue | ScalingOptions> = {};
  for (const [option, name] of Object.entries(RUN_OPTIONS)) {
    const value = options.get(option);
    if (value !== undefined) runOptions[name] = paramValue(value);
  }
  const scaling = Object.entries(SCALING_OPTIONS).flatMap(([option, name]) => {
    const value = options.get(option);
    return value === undefined ? [] : [[name, value]];
  });
  if (scaling.length > 0) runOptions.scaling = Object.fromEntries(scaling);
  checkRunOptions(runOptions as RunOptions);
  return {
    kind: 'run',
    module,
    flow: options.get('flow'),
    options: runOptions as RunOptions,
    params: Object.fromEntries(params),
    lookalikes,
    json: options.get('json') === 'true',
    verbose: options.get('verbose') === 'true',
    allowDeadLetters: options.get('allow-dead-letters') === 'true',
  };
}

interface Options {
  readonly positional: string[];
  readonly options: Map<string, string>;
  readonly params: Map<string, ParamValue>;
  readonly lookalikes: Lookalike[];
}

/** Sorts arguments into the module's path, options of the command line, and parameters of the flow. */
function readOptions(args: readonly string[]): Options {
  const positional: string[] = [];
  const options = new Map<string, string>();
  const params = new Map<string, ParamValue>();
  const lookalikes: Lookalike[] = [];
  let onlyParams = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === '--') {
      onlyParams = true;
      continue;
    }
    if (!arg.startsWith('--')) {
      if (arg.startsWith('-') && arg.length > 1)
        throw errors.usage(`there is no option '${arg}': options begin with --`);
      positional.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
    if (name === '') throw errors.usage(`'${arg}' names no option`);
    const isSwitch = !onlyParams && SWITCHES.includes(name);
    const isOwn =
      isSwitch ||
      (!onlyParams && (name === 'flow' || [RUN_OPTIONS, SCALING_OPTIONS].some((own) => Object.hasOwn(own, name))));
    let value = equals < 0 ? undefined : arg.slice(equals + 1);
    if (value === undefined && !isSwitch && isValue(args[at + 1])) value = args[++at];
    if (isOwn) {
      if (value === undefined && !isSwitch) throw errors.usage(`option --${name} needs a value`);
      if (options.has(name)) throw errors.usage(`option --${name} is given twice`);
      options.set(name, value ?? 'true');
    } else {
      const param = paramName(name);
      if (params.has(param)) throw errors.usage(`parameter --${name} is given twice`);
      const option = onlyParams ? undefined : OPTIONS.find((each) => isNearly(name, each));
      if (option !== undefined) lookalikes.push({ param, typed: name, option });
      params.set(param, value === undefined ? true : paramValue(value));
    }
  }
  return { positional, options, params, lookalikes };
}

/** A negative number is a value; anything else that begins with a dash is an option. */
const isValue = (arg: string | undefined): boolean =>
  arg !== undefined && (!arg.startsWith('-') || arg === '-' || NUMBER.test(arg));
