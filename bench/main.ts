// The entry of the benchmarks: `npm run bench -- [suite...] [--quick | --full] [--json FILE] [--plots DIR]`, and
// `--slow-wake US`.
// Progress goes to stderr; to stdout the suites' tables, then one page: the machine's own figures, and all results by what a
// user asks. Exits with 1 on a bad command line, a lost tuple, or any other error.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadCommandLine } from './bad-command-line.ts';
import { readCommandLine, USAGE } from './command-line.ts';
import type { Effort } from './effort.ts';
import { type Result, runExperiment } from './harness.ts';
import { USAGE as LINEAR_ROAD_USAGE } from './linear-road/command-line.ts';
import { main as linearRoad } from './linear-road/main.ts';
import { type Machine, machineLines, measureMachine } from './machine/machine.ts';
import { isNexmark, USAGE as NEXMARK_USAGE } from './nexmark/command-line.ts';
import { main as nexmark } from './nexmark/main.ts';
import { page } from './page/page.ts';
import { writePlot } from './plot/write-plot.ts';
import { type SuiteReport, suiteReport, toJson, toTable } from './report.ts';
import { slowWakesEverywhere } from './slow-wake.ts';
import { charts, suites, USUAL_SECONDS } from './suites.ts';

async function runSuite(name: string, machine: Machine, effort: Effort): Promise<SuiteReport> {
  const results: Result[] = [];
  const startMs = performance.now();
  const progress = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
  const endMs = effort === 'usual' ? startMs + USUAL_SECONDS[name] * 1000 : Number.POSITIVE_INFINITY;
  const parts = suites[name](effort);
  for (const [i, part] of parts.entries()) {
    const nowMs = performance.now();
    // What is left is shared by those that are left.
    const untilMs = nowMs + (endMs - nowMs) / (parts.length - i);
    results.push(...(await ('measure' in part ? part.measure(progress) : runExperiment(part, progress, untilMs))));
  }
  progress(`took ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  return suiteReport(name, machine, results);
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
interface Own {
  readonly usage: string;
  /** Resolves to false if an answer is wrong. */
  readonly main: (args: readonly string[]) => Promise<boolean>;
}

function ownOf(args: readonly string[]): Own | undefined {
  if (args[0] === 'linear-road') return { usage: LINEAR_ROAD_USAGE, main: linearRoad };
  return isNexmark(args) ? { usage: NEXMARK_USAGE, main: nexmark } : undefined;
}

const own = ownOf(process.argv.slice(2));

async function main(): Promise<void> {
  if (own !== undefined) {
    if (!(await own.main(process.argv.slice(3)))) process.exitCode = 1;
    return;
  }
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === 'help') {
    console.log(USAGE);
    return;
  }
  const { names, effort, json, plots, slowWakeUs } = commandLine;
  const startMs = performance.now();
  const machine = await measureMachine(effort);
  for (const line of machineLines(machine)) process.stderr.write(`machine: ${line}\n`);
  // After the machine's own figures, which are what they are.
  if (slowWakeUs > 0) slowWakesEverywhere(slowWakeUs);
  const reports: SuiteReport[] = [];
  for (const name of names) reports.push(await runSuite(name, machine, effort));
  // Written before the tables: a reader who closes stdout early still gets the file.
  if (json !== undefined) writeFileSync(json, toJson(reports));
  if (plots !== undefined) await writePlots(plots, reports);
  if (slowWakeUs > 0) console.log(`\neach wake-up was made ${slowWakeUs} µs slower`);
  console.log(`\n${reports.map(toTable).join('\n\n')}\n`);
  console.log(page({ machine, effort, tookMs: performance.now() - startMs, reports }));
}

try {
  await main();
} catch (error) {
  const badCommandLine = error instanceof BadCommandLine;
  const usage = own?.usage ?? USAGE;
  process.stderr.write(badCommandLine ? `${error.message}\n${usage}\n` : `${(error as Error)?.stack ?? error}\n`);
  // At once: threads of a run that failed half-way would keep the process alive.
  process.exit(1);
}
