// The command line of the benchmarks: `npm run bench -- [suite...] [--quick] [--json FILE] [--plots DIR]`.
// Progress goes to stderr, the tables to stdout. Exits with 1 on a bad command line, a lost tuple, or any other error.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BadCommandLine } from './bad-command-line.ts';
import { type Experiment, type Measurement, runExperiment } from './harness.ts';
import { USAGE as LINEAR_ROAD_USAGE } from './linear-road/command-line.ts';
import { main as linearRoad } from './linear-road/main.ts';
import type { Chart } from './plot/chart.ts';
import { writePlot } from './plot/write-plot.ts';
import { type SuiteReport, suiteReport, toJson, toTable } from './report.ts';
import { csv } from './suites/csv.ts';
import { elasticity } from './suites/elasticity.ts';
import { elasticityCharts } from './suites/elasticity-charts.ts';
import { keyedCount } from './suites/keyed-count.ts';
import { latency } from './suites/latency.ts';
import { mailbox } from './suites/mailbox.ts';
import { recovery } from './suites/recovery.ts';
import { recoveryCharts } from './suites/recovery-charts.ts';
import { wordCount } from './suites/word-count.ts';

type Suite = (quick: boolean) => (Experiment | Measurement)[];

const suites: Readonly<Record<string, Suite>> = {
  mailbox,
  'keyed-count': keyedCount,
  'word-count': wordCount,
  latency,
  recovery,
  csv,
  elasticity,
};

/** What is plotted of a suite, by the names of the files. */
const charts: Readonly<Record<string, (report: SuiteReport) => Record<string, Chart>>> = {
  recovery: recoveryCharts,
  elasticity: elasticityCharts,
};

const USAGE = `usage: npm run bench -- [suite...] [--quick] [--json FILE] [--plots DIR]
suites: ${Object.keys(suites).join(', ')} (all of them if none is named)
  --quick      few and short runs: shows that everything works, not how fast it is
  --json FILE  also writes the results to FILE
  --plots DIR  also writes plots to DIR, as SVG and PNG (of: ${Object.keys(charts).join(', ')})
or: npm run bench -- linear-road --help`;

interface CommandLine {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly plots: string | undefined;
  readonly help: boolean;
}

function readCommandLine(): CommandLine {
  const parsed = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: {
          quick: { type: 'boolean' },
          json: { type: 'string' },
          plots: { type: 'string' },
          help: { type: 'boolean' },
        },
      });
    } catch (error) {
      throw new BadCommandLine((error as Error).message);
    }
  })();
  const unknown = parsed.positionals.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0) throw new BadCommandLine(`unknown suite '${unknown.join("', '")}'`);
  const names = parsed.positionals.length > 0 ? [...new Set(parsed.positionals)] : Object.keys(suites);
  const { quick = false, json, plots, help = false } = parsed.values;
  if (json === '') throw new BadCommandLine('--json needs the name of a file');
  if (plots === '') throw new BadCommandLine('--plots needs the name of a folder');
  return { names, quick, json, plots, help };
}

async function runSuite(name: string, quick: boolean): Promise<SuiteReport> {
  const results = [];
  const progress = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
  for (const each of suites[name](quick)) {
    results.push(...(await ('measure' in each ? each.measure(progress) : runExperiment(each, progress))));
  }
  return suiteReport(name, results);
}

async function writePlots(folder: string, reports: readonly SuiteReport[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const report of reports) {
    for (const [name, chart] of Object.entries(charts[report.suite]?.(report) ?? {})) {
      await writePlot(join(folder, name), chart);
      process.stderr.write(`${report.suite}: wrote ${join(folder, name)}.svg and .png\n`);
    }
  }
}

/** A benchmark with a command line of its own. */
const isLinearRoad = process.argv[2] === 'linear-road';

async function main(): Promise<void> {
  if (isLinearRoad) {
    if (!(await linearRoad(process.argv.slice(3)))) process.exitCode = 1;
    return;
  }
  const { names, quick, json, plots, help } = readCommandLine();
  if (help) {
    console.log(USAGE);
    return;
  }
  const reports: SuiteReport[] = [];
  for (const name of names) reports.push(await runSuite(name, quick));
  // Written before the tables: a reader who closes stdout early still gets the file.
  if (json !== undefined) writeFileSync(json, toJson(reports));
  if (plots !== undefined) await writePlots(plots, reports);
  console.log(`\n${reports.map(toTable).join('\n\n')}`);
  if (quick) console.log('\n(--quick: the runs are too short for these figures to mean much)');
}

try {
  await main();
} catch (error) {
  const badCommandLine = error instanceof BadCommandLine;
  const usage = isLinearRoad ? LINEAR_ROAD_USAGE : USAGE;
  process.stderr.write(badCommandLine ? `${error.message}\n${usage}\n` : `${(error as Error)?.stack ?? error}\n`);
  // At once: threads of a run that failed half-way would keep the process alive.
  process.exit(1);
}
