// The command line of the benchmarks: `npm run bench -- [suite...] [--quick] [--json FILE]`.
// Progress goes to stderr, the tables to stdout. Exits with 1 on a bad command line, a lost tuple, or any other error.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Experiment, runExperiment } from './harness.ts';
import { type SuiteReport, suiteReport, toJson, toTable } from './report.ts';
import { keyedCount } from './suites/keyed-count.ts';
import { latency } from './suites/latency.ts';
import { mailbox } from './suites/mailbox.ts';
import { wordCount } from './suites/word-count.ts';

type Suite = (quick: boolean) => Experiment[];

const suites: Readonly<Record<string, Suite>> = {
  mailbox,
  'keyed-count': keyedCount,
  'word-count': wordCount,
  latency,
};

const USAGE = `usage: npm run bench -- [suite...] [--quick] [--json FILE]
suites: ${Object.keys(suites).join(', ')} (all of them if none is named)
  --quick      few and short runs: shows that everything works, not how fast it is
  --json FILE  also writes the results to FILE`;

class BadCommandLine extends Error {}

function readCommandLine(): { names: string[]; quick: boolean; json: string | undefined; help: boolean } {
  const parsed = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: { quick: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean' } },
      });
    } catch (error) {
      throw new BadCommandLine((error as Error).message);
    }
  })();
  const unknown = parsed.positionals.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0) throw new BadCommandLine(`unknown suite '${unknown.join("', '")}'`);
  const names = parsed.positionals.length > 0 ? [...new Set(parsed.positionals)] : Object.keys(suites);
  const { quick = false, json, help = false } = parsed.values;
  if (json === '') throw new BadCommandLine('--json needs the name of a file');
  return { names, quick, json, help };
}

async function runSuite(name: string, quick: boolean): Promise<SuiteReport> {
  const results = [];
  for (const experiment of suites[name](quick)) {
    results.push(...(await runExperiment(experiment, (line) => process.stderr.write(`${name}: ${line}\n`))));
  }
  return suiteReport(name, results);
}

async function main(): Promise<void> {
  const { names, quick, json, help } = readCommandLine();
  if (help) {
    console.log(USAGE);
    return;
  }
  const reports: SuiteReport[] = [];
  for (const name of names) reports.push(await runSuite(name, quick));
  // Written before the tables: a reader who closes stdout early still gets the file.
  if (json !== undefined) writeFileSync(json, toJson(reports));
  console.log(`\n${reports.map(toTable).join('\n\n')}`);
  if (quick) console.log('\n(--quick: the runs are too short for these figures to mean much)');
}

try {
  await main();
} catch (error) {
  const badCommandLine = error instanceof BadCommandLine;
  process.stderr.write(badCommandLine ? `${error.message}\n${USAGE}\n` : `${(error as Error)?.stack ?? error}\n`);
  // At once: threads of a run that failed half-way would keep the process alive.
  process.exit(1);
}
