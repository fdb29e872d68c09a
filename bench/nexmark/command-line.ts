// The options of Nexmark's command line: what they are, and what a run is told.
// Promises: throws BadCommandLine for what does not fit together.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BadCommandLine } from '../bad-command-line.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import { ALLOWED_MS, BOUND_MS } from './rules.ts';
import { TABLE_NAMES } from './tables.ts';

export const USAGE = `usage: npm run bench -- nexmark --input DIR --out DIR [options]
  --query TABLE     one table, or several with commas between them (all): ${TABLE_NAMES.join(', ')}
  --loop            runs the plain loops instead of the flows
  --expected DIR    compares the tables with those in DIR
  --layout NAME     how files are cut into partitions: ${LAYOUTS.join(', ')} (types)
  --repeat K        reads K copies of the trace, one after the other (1)
  --workers N       threads (as many as the machine runs at once)
  --parallelism N   replicas of each keyed operator, and of sources with partitions (1)
  --bound-ms MS     how much older than the newest line one may be and still be on time (${BOUND_MS})
  --allowed-ms MS   what q12_allowed lets be later than that (${ALLOWED_MS})
  --chaos SEED      kills workers at random moments
or: npm run bench -- nexmark [--quick | --full] for Millrace beside the loops, as a suite`;

export interface NexmarkOrder {
  readonly tables: readonly string[];
  readonly isLoop: boolean;
  readonly input: string;
  readonly output: string;
  readonly expected: string | undefined;
  readonly layout: Layout;
  readonly copies: number;
  readonly workers: number;
  readonly parallelism: number;
  readonly boundMs: number;
  readonly allowedMs: number;
  readonly chaosSeed: number | undefined;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        query: { type: 'string' },
        loop: { type: 'boolean', default: false },
        input: { type: 'string' },
        out: { type: 'string' },
        expected: { type: 'string' },
        layout: { type: 'string', default: 'types' },
        repeat: { type: 'string' },
        workers: { type: 'string' },
        parallelism: { type: 'string' },
        'bound-ms': { type: 'string' },
        'allowed-ms': { type: 'string' },
        chaos: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BadCommandLine((error as Error).message);
  }
}

function integer(name: string, text: string | undefined, from: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || text.trim() === '') {
    throw new BadCommandLine(`--${name} takes an integer from ${from} on, got '${text}'`);
  }
  return value;
}

/** The tables that are asked for; all if none is named. */
function tablesOf(query: string | undefined): readonly string[] {
  if (query === undefined) return TABLE_NAMES;
  const names = query.split(',');
  const unknown = names.filter((name) => !TABLE_NAMES.includes(name));
  if (unknown.length > 0) throw new BadCommandLine(`unknown table '${unknown.join("', '")}'`);
  return names;
}

/** True if these are arguments of this command line, and not of the suite of the same name. */
export const isNexmark = (args: readonly string[]): boolean => {
  const own = ['--input', '--out', '--query', '--loop', '--help'];
  return args[0] === 'nexmark' && args.some((argument) => own.includes(argument.split('=')[0]));
};

/** @param args behind `nexmark` */
export function readCommandLine(args: readonly string[]): NexmarkOrder | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const { input, out, expected, loop, layout } = values;
  if (input === undefined || out === undefined) throw new BadCommandLine('--input and --out are needed');
  if (!LAYOUTS.includes(layout as Layout)) throw new BadCommandLine(`unknown layout '${layout}'`);
  const copies = integer('repeat', values.repeat, 1) ?? 1;
  if (expected !== undefined && copies > 1) throw new BadCommandLine('--expected and --repeat do not go together');
  const chaosSeed = integer('chaos', values.chaos, 0);
  if (loop && chaosSeed !== undefined) throw new BadCommandLine('--loop and --chaos do not go together');
  return {
    tables: tablesOf(values.query),
    isLoop: loop,
    input,
    output: out,
    expected,
    layout: layout as Layout,
    copies,
    workers: integer('workers', values.workers, 1) ?? availableParallelism(),
    parallelism: integer('parallelism', values.parallelism, 1) ?? 1,
    boundMs: integer('bound-ms', values['bound-ms'], 0) ?? BOUND_MS,
    allowedMs: integer('allowed-ms', values['allowed-ms'], 0) ?? ALLOWED_MS,
    chaosSeed,
  };
}
