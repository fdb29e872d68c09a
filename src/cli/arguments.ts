// The command line as data: what the user asked for, before anything is imported or run.
// Promises: a command is complete and its options are in range, or a typed error has been thrown.
// Whatever is not an option of the command line is a parameter of the flow, so a flow needs no argument parser of its own.

import { parseArgs } from 'node:util';
import { errors } from '../errors.ts';
import { checkOptions } from '../options/check.ts';
import { nearest } from '../options/nearest.ts';
import { checkRunOptions, type RunOptions } from '../supervisor/job/run-options.ts';
import { type InspectCommand, parseAttach, type TopCommand } from './attach-arguments.ts';
import {
  type CheckedCommand,
  COMMAND_FLAGS,
  COMMAND_OPTIONS,
  type Flag,
  isBrief,
  RUN_FLAGS,
} from './command-options.ts';

export type ParamValue = string | number | boolean;

/** What `millrace run` and `millrace check` are told: the same, so that a command line of the one is one of the other. */
export interface FlowCommand {
  readonly module: string;
  /** Name of the flow, for a module that exports several. */
  readonly flow: string | undefined;
  readonly options: RunOptions;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** The same as they were typed, for a flow that declares their types; true for one without a value. */
  readonly texts: Readonly<Record<string, string | true>>;
  /** Parameters whose names are nearly those of options: what is to be thought of them depends on the flow. */
  readonly lookalikes: readonly Lookalike[];
  readonly json: boolean;
  /** True for how far the sources have come wherever it is shown, false for no progress at all. */
  readonly progress: boolean | undefined;
  /** Crashes are reported in full. */
  readonly verbose: boolean;
  /** Dead letters do not change the exit code. */
  readonly allowDeadLetters: boolean;
  /** The file that tuples go to; undefined for standard output. */
  readonly output: string | undefined;
}

export interface RunCommand extends FlowCommand {
  readonly kind: 'run';
}

export interface CheckCommand extends FlowCommand {
  readonly kind: 'check';
}

interface InitCommand {
  readonly kind: 'init';
  readonly folder: string;
}

interface SchemaCommand {
  readonly kind: 'schema';
  readonly file: string;
}

interface Lookalike {
  readonly param: string;
  /** As it was typed, and the option that may have been meant. */
  readonly typed: string;
  readonly option: string;
}

export interface HelpCommand {
  readonly kind: 'help';
  /** Whose parameters are asked for; undefined for the command itself. */
  readonly module?: string;
  readonly flow?: string;
}

export type Command =
  | RunCommand
  | CheckCommand
  | InitCommand
  | SchemaCommand
  | TopCommand
  | InspectCommand
  | HelpCommand
  | { readonly kind: 'completion'; readonly shell: Shell }
  | { readonly kind: 'completionWords'; readonly words: readonly string[] }
  | { readonly kind: 'version' };

/** Those that can be made to complete a command line. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What can stand first. */
export const COMMANDS = ['run', 'check', 'init', 'schema', 'top', 'inspect', 'completion'] as const;

const FLAGS: ReadonlyMap<string, Flag> = new Map([...RUN_FLAGS, ...COMMAND_FLAGS].map((flag) => [flag.name, flag]));
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

/** Whether the stack is to be shown with an error; asked also where parsing fails. */
export const isVerbose = (args: readonly string[]): boolean => args.includes('--verbose');

/**
 * @param args of the process, without node and the script
 * @throws MillraceError USAGE, BAD_OPTION
 */
export function parseArguments(args: readonly string[]): Command {
  const [command, ...rest] = args;
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (command === '--help' || command === '-h' || own.includes('--help') || own.includes('-h'))
    return command === 'run' || command === 'check' ? helpOf(own.filter((arg) => arg !== '-h')) : { kind: 'help' };
  if (command === '--version' || own.includes('--version')) return { kind: 'version' };
  if (command === undefined) throw errors.usage('no command given: use millrace run <module>');
  switch (command) {
    case 'run':
    case 'check':
      return { kind: command, ...parseFlow(command, rest) };
    case 'init':
      return { kind: 'init', folder: onlyArgument('init', 'folder', rest) ?? '.' };
    case 'schema':
      return parseSchema(rest);
    case 'top':
    case 'inspect':
      return parseAttach(command, rest);
    case 'completion':
      return parseCompletion(rest);
    default:
      throw errors.usage(unknownCommand(command));
  }
}

function unknownCommand(command: string): string {
  const meant = nearest(command, COMMANDS);
  const remedy = meant === undefined ? 'use millrace run <module>' : `did you mean millrace ${meant}?`;
  return `there is no command '${command}': ${remedy}`;
}

/** The argument of a command that takes one, and no options; `-` is no option, but standard input. */
function onlyArgument(command: string, what: string, args: readonly string[]): string | undefined {
  const option = args.find((arg) => /^-./.test(arg));
  if (option !== undefined) throw errors.usage(`millrace ${command} takes no option, got '${option}'`);
  const [argument, extra] = args;
  if (extra !== undefined) throw errors.usage(`millrace ${command} takes one ${what}, and '${extra}' is a second`);
  return argument;
}

function parseSchema(args: readonly string[]): SchemaCommand {
  const file = onlyArgument('schema', 'file', args);
  if (file === undefined)
    throw errors.usage('millrace schema needs the path of a file of CSV, or of a JSON object a line');
  return { kind: 'schema', file };
}

function parseCompletion([given, ...more]: readonly string[]): Command {
  // What the shells themselves call.
  if (given === 'words' && more[0] === '--') return { kind: 'completionWords', words: more.slice(1) };
  const shell = SHELLS.find((each) => each === given);
  if (shell === undefined || more.length > 0)
    throw errors.usage(`millrace completion takes the name of a shell: ${SHELLS.join(', ')}`);
  return { kind: 'completion', shell };
}

/** Whatever else is wrong with a command, its help is there. */
function helpOf(args: readonly string[]): HelpCommand {
  const tokens = tokensOf(args, FLAGS);
  const module = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))[0];
  const flow = tokens.flatMap((token) => (token.kind === 'option' && token.name === 'flow' ? [token.value] : []))[0];
  return { kind: 'help', ...(module !== undefined && { module }), ...(flow !== undefined && { flow }) };
}

function parseFlow(command: 'run' | 'check', args: readonly string[]): FlowCommand {
  const { positional, given, params, texts, lookalikes } = sort(args);
  const [module, extra] = positional;
  if (module === undefined) throw errors.usage(`millrace ${command} needs the path of a module`);
  if (extra !== undefined)
    throw errors.usage(
      `millrace ${command} takes one module, and '${extra}' is a second: write parameters as --name value`,
    );
  const options: RunOptions = valuesOf(RUN_FLAGS, given, paramValue);
  checkRunOptions(options, `millrace ${command}`);
  const own: CheckedCommand = checkOptions(
    `millrace ${command}`,
    COMMAND_OPTIONS,
    valuesOf(COMMAND_FLAGS, given, String),
  );
  const { flow, json, progress, verbose, allowDeadLetters, output } = own;
  return {
    module,
    flow,
    options,
    params: Object.fromEntries(params),
    texts: Object.fromEntries(texts),
    lookalikes,
    json,
    progress,
    verbose,
    allowDeadLetters,
    output,
  };
}

interface Sorted {
  readonly positional: string[];
  /** Values of flags, by their names; true for one that takes none. */
  readonly given: Map<string, string | true>;
  readonly params: Map<string, ParamValue>;
  readonly texts: Map<string, string | true>;
  readonly lookalikes: Lookalike[];
}

/** Sorts arguments into the module's path, flags of the command, and parameters of the flow: all options behind a lone `--`. */
function sort(args: readonly string[]): Sorted {
  const sorted: Sorted = { positional: [], given: new Map(), params: new Map(), texts: new Map(), lookalikes: [] };
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  for (const token of tokensOf(own, FLAGS)) take(token, FLAGS, sorted);
  if (end < 0) return sorted;
  const none = new Map<string, Flag>();
  for (const token of tokensOf(args.slice(end + 1), none)) take(token, none, sorted);
  return sorted;
}

type Token = ReturnType<typeof tokensOf>[number];

/** What is no flag is a parameter: one that a value follows takes it. */
function tokensOf(args: readonly string[], flags: ReadonlyMap<string, Flag>) {
  const taking = args.flatMap((arg, at) => {
    const name = /^--([^=]+)$/.exec(arg)?.[1];
    if (name === undefined) return [];
    const takesValue = takes(flags.get(name), args[at + 1]);
    return [[name, { type: takesValue ? 'string' : 'boolean' }] as const];
  });
  const options = Object.fromEntries(taking);
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** Whether an option takes the argument behind it as its value. */
function takes(flag: Flag | undefined, next: string | undefined): boolean {
  if (flag === undefined) return isValue(next);
  return isBrief(flag) ? next !== undefined && DIGITS.test(next) : flag.placeholder !== undefined;
}

function take(token: Token, flags: ReadonlyMap<string, Flag>, sorted: Sorted): void {
  const { positional, given, params, texts, lookalikes } = sorted;
  if (token.kind === 'option-terminator') return;
  if (token.kind === 'positional') {
    positional.push(token.value);
    return;
  }
  const { name, rawName, inlineValue } = token;
  if (!rawName.startsWith('--'))
    throw errors.usage(
      `there is no option '${rawName}': options begin with --, and a value that begins with a dash stands behind its name and an equals sign, as in --name=${rawName}`,
    );
  if (name.startsWith('=')) throw errors.usage(`'${rawName}' names no option`);
  const value = inlineValue || isValue(token.value) ? token.value : undefined;
  const flag = flags.get(name);
  if (flag !== undefined) {
    if (flag.placeholder !== undefined && value === undefined && !isBrief(flag))
      throw errors.usage(`option --${name} needs a value`);
    if (flag.placeholder === undefined && !(value === undefined || value === 'true' || value === 'false'))
      throw errors.usage(`--${name} takes no value, got '${value}'`);
    if (given.has(name)) throw errors.usage(`option --${name} is given twice`);
    given.set(name, value ?? true);
    return;
  }
  const param = paramName(name);
  if (params.has(param)) throw errors.usage(`parameter --${name} is given twice`);
  const option = nearest(name, [...flags.keys()]);
  if (option !== undefined) lookalikes.push({ param, typed: name, option });
  params.set(param, value === undefined ? true : paramValue(value));
  texts.set(param, value ?? true);
}

/** A negative number is a value; anything else that begins with a dash is an option. */
const isValue = (arg: string | undefined): arg is string =>
  arg !== undefined && (!arg.startsWith('-') || arg === '-' || NUMBER.test(arg));

/** The values of flags as an object of options. */
function valuesOf(
  flags: readonly Flag[],
  given: ReadonlyMap<string, string | true>,
  read: (text: string) => ParamValue,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const flag of flags) {
    const { name, placeholder, path } = flag;
    const value = given.get(name);
    if (value === undefined) continue;
    let owner = values;
    for (const outer of path.slice(0, -1)) {
      owner[outer] ??= {};
      owner = owner[outer] as Record<string, unknown>;
    }
    if (isBrief(flag) && value === true) continue;
    owner[path[path.length - 1]] = placeholder === undefined ? value === true || value === 'true' : read(String(value));
  }
  return values;
}
