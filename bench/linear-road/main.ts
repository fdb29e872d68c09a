// The command line of Linear Road: `npm run bench -- linear-road --input FILE --out DIR …`.
// Promises: exits with 1 if an answer is wrong, lost or doubled.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BadCommandLine } from '../bad-command-line.ts';
import { openSolo } from '../baselines/solo.ts';
import { type ExactResult, runExact } from './exact-run.ts';
import type { PlainOrder } from './plain.ts';
import { rate, search } from './rated-report.ts';
import { type Difference, isRight, verify } from './verify.ts';

export const USAGE = `usage: npm run bench -- linear-road --input FILE[.gz] --out DIR [options]
  --history FILE    tolls of past days, for requests of type 3
  --expected DIR    compares the answers with those in DIR
  --workers N       threads (as many as the machine runs at once)
  --parallelism N   replicas of each keyed operator (1)
  --chaos SEED      kills workers at random meanwhile
  --runs N          one after the other (1)
  --no-baseline     leaves out the plain loop beside it
or: npm run bench -- linear-road --expressways L [options], in real time at the peak's rate
  --seconds N       in real time (60)
  --fill N          seconds of traffic before that, as fast as possible (600)
  --search          the largest L that holds, from --expressways on
  --step N          how near to it the search comes (8)
  --workers N, --parallelism N as above, --seed N of the traffic (1)`;

interface Baseline {
  readonly lines: number;
  readonly elapsedMs: number;
}

function integer(name: string, text: string | undefined, from: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < from) {
    throw new BadCommandLine(`--${name} takes an integer from ${from} on, got '${text}'`);
  }
  return value;
}

function readCommandLine(args: readonly string[]) {
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
        chaos: { type: 'string' },
        runs: { type: 'string' },
        'no-baseline': { type: 'boolean', default: false },
        expressways: { type: 'string' },
        seconds: { type: 'string' },
        fill: { type: 'string' },
        search: { type: 'boolean', default: false },
        step: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BadCommandLine((error as Error).message);
  }
}

const perSecond = (lines: number, elapsedMs: number): number => (lines * 1000) / elapsedMs;
const thousands = (rate: number): string => `${(rate / 1000).toFixed(0)} k tuples/s`;

async function runBaseline(order: PlainOrder): Promise<Baseline> {
  const thread = openSolo<PlainOrder, Baseline>('./single-thread-linear-road.js');
  try {
    return await thread.run(order);
  } finally {
    await thread.close();
  }
}

function report({ lines, elapsedMs, kills, recoveries, metrics }: ExactResult): void {
  const struck = kills > 0 ? `, ${kills} workers killed, ${recoveries} actors resumed` : '';
  console.log(
    `millrace: ${lines} lines in ${(elapsedMs / 1000).toFixed(2)} s, ${thousands(perSecond(lines, elapsedMs))}${struck}`,
  );
  for (const { name, fusedInto, tuplesIn, tuplesOut, busy, blocked } of metrics.operators) {
    const share =
      fusedInto === undefined ? `busy ${busy.toFixed(2)} blocked ${blocked.toFixed(2)}` : `in '${fusedInto}'`;
    console.log(
      `  ${name.padEnd(13)} in ${String(tuplesIn).padStart(9)} out ${String(tuplesOut).padStart(9)}  ${share}`,
    );
  }
}

function tellDifferences(name: string, differences: readonly Difference[]): boolean {
  for (const { file, lines, missing, unexpected, examples } of differences) {
    console.log(
      `${name} ${file.padEnd(16)} ${String(lines).padStart(8)} lines, ${missing} missing, ${unexpected} unexpected`,
    );
    for (const example of examples) console.log(`  ${example}`);
  }
  return differences.every(isRight);
}

/** Resolves to whether all answers that were checked are right. */
export async function main(args: readonly string[]): Promise<boolean> {
  const values = readCommandLine(args);
  if (values.help) {
    console.log(USAGE);
    return true;
  }
  const expressways = integer('expressways', values.expressways, 1);
  const workers = integer('workers', values.workers, 1) ?? availableParallelism();
  const parallelism = integer('parallelism', values.parallelism, 1);
  if (expressways !== undefined) {
    const options = {
      expressways,
      seconds: integer('seconds', values.seconds, 1) ?? 60,
      fillSeconds: integer('fill', values.fill, 60) ?? 600,
      workers,
      parallelism: parallelism ?? workers,
      seed: integer('seed', values.seed, 0) ?? 1,
    };
    if (!values.search) return rate(options);
    return (await search(options, integer('step', values.step, 1) ?? 8)) > 0;
  }
  const { input, history, out, expected } = values;
  if (input === undefined || out === undefined) throw new BadCommandLine('--input and --out are needed');
  const options = {
    input,
    history,
    output: out,
    workers,
    parallelism: parallelism ?? 1,
    chaosSeed: integer('chaos', values.chaos, 0),
  };
  let right = true;
  for (let run = integer('runs', values.runs, 1) ?? 1; run > 0; run--) {
    const result = await runExact(options);
    report(result);
    if (expected !== undefined) right = tellDifferences('millrace', verify(out, expected)) && right;
    if (values['no-baseline']) continue;
    const output = join(out, 'single-thread');
    const { lines, elapsedMs } = await runBaseline({ input, history, output });
    const ratio = perSecond(result.lines, result.elapsedMs) / perSecond(lines, elapsedMs);
    console.log(
      `single-thread: ${lines} lines in ${(elapsedMs / 1000).toFixed(2)} s, ${thousands(perSecond(lines, elapsedMs))}; ours is ${ratio.toFixed(2)} ×`,
    );
    if (expected !== undefined) right = tellDifferences('single-thread', verify(output, expected)) && right;
  }
  return right;
}
