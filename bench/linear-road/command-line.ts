// The options of Linear Road's command line: what they are, and what a run is told.
// Promises: throws BadCommandLine for what does not fit together.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BadCommandLine } from '../bad-command-line.ts';
import type { ExactOptions } from './exact-run.ts';
import type { RatedOrder } from './rated-mode.ts';

export const USAGE = `usage: npm run bench -- linear-road --input FILE[.gz] --out DIR [options], as fast as it can
  --history FILE    tolls of past days, for requests of type 3
  --expected DIR    compares the answers with those in DIR
  --workers N       threads (as many as the machine runs at once)
  --parallelism N   replicas of each keyed operator (1)
  --scale SEED      gives operators other numbers of replicas at random meanwhile, spreads keys anew, and moves actors
  --chaos SEED      does that and kills workers
  --runs N          one after the other (1)
  --no-baseline     leaves out the plain loop beside it
or: npm run bench -- linear-road --expressways L[,L…] [options], in real time at the peak's rate
  --seconds N       in real time (60)
  --fill N          seconds of traffic before that, as fast as possible (600)
  --parallelism N   replicas of each keyed operator (as many as workers)
  --chaos SEED      kills workers in real time
  --seed N          of the traffic (1)
  --json FILE       writes all that was measured
  --plots DIR       writes plots, as SVG and PNG; with --from FILE those of a file that --json has written
  --workers N, --no-baseline as above
or: npm run bench -- linear-road --search [options as above], the largest L that holds
  --expressways L   the first that is tried (128)
  --step N          how near to the largest the search comes (32)
or: npm run bench -- linear-road --ramp --expressways L [options as above], load that grows from L/100 to L
  --seconds N       in which it grows (120)
  --hold N          seconds at the peak after that (30)
  --fill N          seconds of traffic of L/100 before, as fast as possible (0)
  --parallelism N   replicas that the policy may give an operator (as many as workers)
  --utilisation N   share of its time that a replica may be busy, in per cent (50)`;

const FIRST_DEFAULT = 128;
const STEP_DEFAULT = 32;
const UTILISATION_DEFAULT = 50;

interface ExactOrder extends ExactOptions {
  readonly expected: string | undefined;
  readonly runs: number;
  readonly withBaseline: boolean;
}

export type CommandLine =
  | { readonly exact: ExactOrder }
  | { readonly rated: RatedOrder }
  | { readonly from: string; readonly plots: string };

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        input: { type: 'string' },
        history: { type: 'string' },
        out: { type: 'string' },
        expected: { type: 'string' },
        workers: { type: 'string' },
        parallelism: { type: 'string' },
        scale: { type: 'string' },
        chaos: { type: 'string' },
        runs: { type: 'string' },
        'no-baseline': { type: 'boolean', default: false },
        expressways: { type: 'string' },
        seconds: { type: 'string' },
        fill: { type: 'string' },
        search: { type: 'boolean', default: false },
        step: { type: 'string' },
        seed: { type: 'string' },
        ramp: { type: 'boolean', default: false },
        hold: { type: 'string' },
        utilisation: { type: 'string' },
        json: { type: 'string' },
        plots: { type: 'string' },
        from: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BadCommandLine((error as Error).message);
  }
}

type Values = ReturnType<typeof parse>;

function integer(name: string, text: string | undefined, from: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || text.trim() === '') {
    throw new BadCommandLine(`--${name} takes an integer from ${from} on, got '${text}'`);
  }
  return value;
}

export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  if (values.from !== undefined) {
    if (values.plots === undefined) throw new BadCommandLine('--from FILE needs --plots DIR');
    return { from: values.from, plots: values.plots };
  }
  const isRated = values.expressways !== undefined || values.search || values.ramp;
  return isRated ? { rated: ratedOrder(values) } : { exact: exactOrder(values) };
}

function exactOrder(values: Values): ExactOrder {
  const { input, history, out, expected } = values;
  if (input === undefined || out === undefined) throw new BadCommandLine('--input and --out are needed');
  const chaosSeed = integer('chaos', values.chaos, 0);
  const scaleSeed = integer('scale', values.scale, 0);
  return {
    input,
    history,
    output: out,
    expected,
    workers: integer('workers', values.workers, 1) ?? availableParallelism(),
    parallelism: integer('parallelism', values.parallelism, 1) ?? 1,
    chaosSeed: chaosSeed ?? scaleSeed,
    ...(chaosSeed === undefined && { killsMax: 0 }),
    runs: integer('runs', values.runs, 1) ?? 1,
    withBaseline: !values['no-baseline'],
  };
}

function ratedOrder(values: Values): RatedOrder {
  const { ramp, search } = values;
  if (ramp && search) throw new BadCommandLine('--ramp and --search do not go together');
  if (ramp && values.expressways === undefined) throw new BadCommandLine('--ramp needs --expressways L');
  const texts = values.expressways?.split(',') ?? [];
  const expressways = texts.map((text) => integer('expressways', text, 1) as number);
  const workers = integer('workers', values.workers, 1) ?? availableParallelism();
  const growSeconds = integer('seconds', values.seconds, 1) ?? (ramp ? 120 : 60);
  const utilisation = (integer('utilisation', values.utilisation, 5) ?? UTILISATION_DEFAULT) / 100;
  if (utilisation > 1) throw new BadCommandLine('--utilisation takes at most 100');
  return {
    expressways: expressways.length > 0 ? expressways : [FIRST_DEFAULT],
    seconds: growSeconds + (ramp ? (integer('hold', values.hold, 0) ?? 30) : 0),
    fillSeconds: integer('fill', values.fill, ramp ? 0 : 60) ?? (ramp ? 0 : 600),
    workers,
    parallelism: integer('parallelism', values.parallelism, 1) ?? workers,
    seed: integer('seed', values.seed, 0) ?? 1,
    ...(ramp && { ramp: { growSeconds, utilisation } }),
    chaosSeed: integer('chaos', values.chaos, 0),
    searchStep: search ? (integer('step', values.step, 1) ?? STEP_DEFAULT) : undefined,
    withBaseline: !values['no-baseline'],
    json: values.json,
    plots: values.plots,
  };
}
