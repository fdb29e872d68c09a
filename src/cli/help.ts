// What `millrace --help` prints: the options from their tables, and what is to be known besides.

import { isRequired, type ParamTable, paramFlag } from '../flow/declared-params.ts';
import type { Dataflow } from '../supervisor/job/flow.ts';
import { COMMAND_FLAGS, type Flag, RUN_FLAGS } from './command-options.ts';

const WIDTH_CHARACTERS = 110;

const typed = ({ name, placeholder }: Flag): string => `--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;

/** What is said of a flag. Command-line help has no use for Markdown. */
function said({ help, defaultText, placeholder }: Flag): string {
  const fallback = placeholder === undefined || defaultText === '' ? '' : ` (default: ${defaultText})`;
  return `${help}${fallback}`.replaceAll('`', '');
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function list(flags: readonly Flag[]): string {
  const column = Math.max(...flags.map((flag) => typed(flag).length)) + 4;
  const rows = flags.map((flag) => {
    const [first, ...more] = wrapped(said(flag), WIDTH_CHARACTERS - column);
    return [`  ${typed(flag)}`.padEnd(column) + first, ...more.map((line) => ' '.repeat(column) + line)].join('\n');
  });
  return rows.join('\n');
}

function paramFlags(table: ParamTable): Flag[] {
  return Object.entries(table).map(([name, declaration]) => {
    const { type, help = '', default: fallback } = declaration;
    const hasDefault = fallback !== undefined && type !== 'boolean';
    return {
      name: paramFlag(name),
      placeholder: PLACEHOLDERS.get(type) ?? (typeof type === 'string' ? undefined : type.join('|')),
      help: isRequired(declaration) ? `${help} (must be given)`.trimStart() : help,
      defaultText: hasDefault ? String(fallback) : '',
      path: [name],
    };
  });
}

const PLACEHOLDERS: ReadonlyMap<unknown, string> = new Map([
  ['string', 'TEXT'],
  ['number', 'NUMBER'],
  ['integer', 'N'],
]);

/** What `millrace run <module> --help` prints: the parameters of a flow, and the options of the command. */
export function helpOf(module: string, { name, params }: Pick<Dataflow, 'name' | 'params'>): string {
  const flags = params === undefined ? [] : paramFlags(params);
  const required = Object.entries(params ?? {}).filter(([, declaration]) => isRequired(declaration));
  const usage = flags
    .filter(({ path }) => required.some(([each]) => each === path[0]))
    .map((flag) => ` ${typed(flag)}`)
    .join('');
  const undeclared = `  The flow does not say which it takes: dataflow(import.meta.url, '${name}', { params: { … } }, build) does.`;
  const parameters = flags.length > 0 ? list(flags) : params === undefined ? undeclared : '  The flow takes none.';
  return `millrace run ${module}${usage} [options]

Runs flow '${name}' on worker threads.

Parameters
${parameters}

Options
${list(FLAGS)}

What is printed, and exit codes: millrace --help
`;
}

const FLAGS: readonly Flag[] = [...COMMAND_FLAGS, ...RUN_FLAGS];

export const HELP = `millrace run <module> [options] [--param value …]
millrace check <module> [options] [--param value …]
millrace init [folder]
millrace schema <file>
millrace completion bash|zsh|fish
millrace top <pid|url> [--json] [--every-ms N] [--count N] [--job NAME]
millrace inspect <pid|url> [--json] [--job NAME]

run         runs a flow on worker threads: the default export of the module, or the one flow that it exports
check       builds that flow and draws it: operators, keys, fields, partitions, and what shares an actor; starts nothing
init        writes a flow, a file for it and a test into a folder, and scripts into its package.json
schema      guesses the fields of a file of CSV or JSON lines, and prints a source for it, to be pasted
top         shows a job that runs in another process, once a second
inspect     prints once what a job in another process is made of, with its counts and latest events
completion  prints what makes a shell complete commands, options, parameters and paths: eval "$(npx millrace completion bash)"

Options
${list(FLAGS)}

Parameters
  Every other --name value (or --name=value) is a parameter that the flow's build function gets: --file a.txt is
  params.file, --max-words 5 is params.maxWords. A bare --name is true. Values that are JSON numbers, true or false
  are converted; everything else is a string. After a lone -- all options are parameters, whatever their names. Before it,
  a parameter that is spelt like an option but for a slip, or like one that the flow looks for in vain, and that the flow
  does not read as it is built, is refused.
  A flow may declare its parameters: millrace run <module> --help lists them, values are read as their types, and any other
  parameter is refused.

Output
  On a terminal that has a width: a live table of the operators, and the last tuples of each collect(). Otherwise every tuple goes to
  standard output, a line each with its fields separated by tabs, and progress goes to standard error. With several
  outputs a line begins with the output's name. --output FILE writes those lines to a file.

  Decisions about replicas, and what comes of them, are told as they come, with --verbose each hand-over too.

  Crashes, restarts and escalations are told as they happen, above the table or on standard error. Results are as if there had
  been no crash: nothing is lost, and nothing counts twice.

  --ui serves a page that shows the job, on loopback. Its buttons are on if the environment has MILLRACE_UI_TOKEN, and ask for it.

  Ctrl-C stops the sources and processes what they have emitted; a second one cancels the job.

Attach to a running process
  top shows a running job as a table, once a second, until it has ended; inspect prints once what it is made of and its events.
  Both take the number of a process, of the same user, in which a job runs with inspect: true, MILLRACE_INSPECT=1 or
  millrace run; or the address of a page or of metrics, with MILLRACE_UI_TOKEN if that wants a token. --json is for scripts: a
  line for each look, or the whole report. With several jobs --job chooses by name; otherwise it is the latest.

Dead letters
  A tuple at which an operator fails is left out as a dead letter, and the job goes on behind it, unless the operator says
  failure: 'stop' or 'escalate'. The first five are told as they happen, all are counted at the end, and --json prints them all.

Exit code
  0 done, 1 failed, 2 wrong usage, 3 done but for dead letters, 130 cancelled.
  Wrong usage is an option, a module, a flow or a parameter that another command line would put right.

Below an error stands where the docs of this version tell of its code.

TypeScript modules run on Node.js 22.18 and newer, and with NODE_OPTIONS='--import tsx' on all.
`;
