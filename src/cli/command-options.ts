// The options of `millrace run`: those of run() that have flags, and the command's own.
// Promises: each flag is found by its name, with the place that its value has among the options of run().

import { toggle, value } from '../options/kinds.ts';
import type { Checked, OptionTable } from '../options/option.ts';
import { RUN_OPTIONS } from '../supervisor/job/run-options.ts';

const isName = (given: unknown): given is string => typeof given === 'string' && given !== '';

/** True of a flag that may stand without its value: what it is of is then there with its default. Such a value is a number. */
export const isBrief = ({ placeholder }: Pick<Flag, 'placeholder'>): boolean => placeholder?.startsWith('[') === true;

export const COMMAND_OPTIONS = {
  flow: value("a flow's name", isName, {
    help: 'the flow to run, if the module exports several',
    flag: 'flow NAME',
  }),
  output: value('the path of a file', isName, {
    help: 'writes tuples to FILE in place of standard output; with `--json` dead letters too, and the totals at the end still to standard output',
    flag: 'output FILE',
  }),
  json: toggle({
    help: 'prints tuples as {"output":…,"tuple":…} and dead letters as {"deadLetter":…}, one a line, and {"totals":…,"incidents":…,"hints":…} at the end; with check, the flow as one object',
    default: false,
    flag: 'json',
  }),
  progress: toggle({
    help: 'tells of progress on standard error, with an estimate of the rest where sources know their size; --progress=false tells of none',
    defaultText: 'the estimate on a terminal, and without --json',
    flag: 'progress',
  }),
  verbose: toggle({
    help: "prints each crash as a supervisor's report, and the stack with an error",
    default: false,
    flag: 'verbose',
  }),
  allowDeadLetters: toggle({
    help: 'exit code 0 also if tuples were left out',
    default: false,
    flag: 'allow-dead-letters',
  }),
  help: toggle({ help: 'prints this', default: false, flag: 'help' }),
  version: toggle({ help: 'prints the version', default: false, flag: 'version' }),
};

export type CheckedCommand = Checked<typeof COMMAND_OPTIONS>;

/** A flag of the command line. */
export interface Flag {
  /** Without its dashes. */
  readonly name: string;
  /** What stands for its value in `--help`, in brackets if it may be left out; undefined for one that takes none. */
  readonly placeholder: string | undefined;
  readonly help: string;
  readonly defaultText: string;
  /** Where its value goes: `['scaling', 'policy']` of run(). */
  readonly path: readonly string[];
}

function flagsIn(table: OptionTable, path: readonly string[] = []): Flag[] {
  return Object.entries(table).flatMap(([option, { flag, help, defaultText, within }]) => {
    const nested = within === undefined ? [] : flagsIn(within, [...path, option]);
    if (flag === undefined) return nested;
    const [name, placeholder] = flag.split(' ');
    return [{ name, placeholder, help, defaultText, path: [...path, option] }, ...nested];
  });
}

/** Flags whose values are options of run(). */
export const RUN_FLAGS: readonly Flag[] = flagsIn(RUN_OPTIONS);

/** Flags of the command itself. */
export const COMMAND_FLAGS: readonly Flag[] = flagsIn(COMMAND_OPTIONS);
