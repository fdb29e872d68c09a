// The options of the benchmarks' command line: what they are, and what a run is told. Linear Road has its own.
// Promises: throws BadCommandLine for what does not fit together.

import { parseArgs } from 'node:util';
import { BadCommandLine } from './bad-command-line.ts';
import type { Effort } from './effort.ts';
import { charted, slowed, suiteNames } from './suites.ts';

const SLOW_WAKE_US_MAX = 100_000;

export const USAGE = `usage: npm run bench -- [suite...] [--quick | --full] [--json FILE] [--plots DIR]
  [--slow-wake US]
suites: ${suiteNames.join(', ')} (all of them if none is named)
  without      within ten minutes for all suites on a machine of two cores
  --quick      few and short runs: shows that everything works, not how fast it is
  --full       more and longer runs, for figures and plots that are published: twice the time
  --json FILE  also writes the machine's own figures and the results to FILE
  --slow-wake US  makes each wake-up slower by so many microseconds, in the suites ${slowed.join(', ')}
  --plots DIR  also writes plots to DIR, as SVG and PNG (of: ${charted.join(', ')})
or: npm run bench -- linear-road --help, or nexmark --help`;

export interface CommandLine {
  readonly names: readonly string[];
  readonly effort: Effort;
  readonly json: string | undefined;
  readonly plots: string | undefined;
  /** Microseconds that wake-ups take longer. */
  readonly slowWakeUs: number;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        json: { type: 'string' },
        plots: { type: 'string' },
        'slow-wake': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new BadCommandLine((error as Error).message);
  }
}

function slowWakeOf({ 'slow-wake': given }: ReturnType<typeof parse>['values'], names: readonly string[]): number {
  if (given === undefined) return 0;
  const us = Number(given);
  if (!(Number.isInteger(us) && us >= 1 && us <= SLOW_WAKE_US_MAX))
    throw new BadCommandLine(`--slow-wake takes an integer from 1 to ${SLOW_WAKE_US_MAX}, got '${given}'`);
  const others = names.filter((name) => !slowed.includes(name));
  if (others.length > 0)
    throw new BadCommandLine(`--slow-wake does nothing in '${others.join("', '")}': name ${slowed.join(' or ')}`);
  return us;
}

export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  const { positionals, values } = parse(args);
  const { quick, full, json, plots, help } = values;
  if (help) return 'help';
  const unknown = positionals.filter((name) => !suiteNames.includes(name));
  if (unknown.length > 0) throw new BadCommandLine(`unknown suite '${unknown.join("', '")}'`);
  if (quick && full) throw new BadCommandLine('--quick and --full do not go together');
  if (json === '') throw new BadCommandLine('--json needs the name of a file');
  if (plots === '') throw new BadCommandLine('--plots needs the name of a folder');
  const names = positionals.length > 0 ? [...new Set(positionals)] : suiteNames;
  return {
    names,
    effort: quick ? 'quick' : full ? 'full' : 'usual',
    json,
    plots,
    slowWakeUs: slowWakeOf(values, names),
  };
}
