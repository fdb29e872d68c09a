// The command line of Linear Road: `npm run bench -- linear-road --input FILE --out DIR …`, or with --expressways in real time.
// Promises: resolves to false if an answer is wrong, lost or doubled, and in real time if one is late.

import { join } from 'node:path';
import { openSolo } from '../baselines/solo.ts';
import { type CommandLine, readCommandLine, USAGE } from './command-line.ts';
import { type ExactResult, runExact } from './exact-run.ts';
import type { PlainOrder } from './plain.ts';
import { plotFile, rate } from './rated-mode.ts';
import { type Difference, isRight, verify } from './verify.ts';

interface Baseline {
  readonly lines: number;
  readonly elapsedMs: number;
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

function report({ lines, elapsedMs, chaos, totals }: ExactResult): void {
  const { kills, recoveries, handOvers, moves } = chaos;
  const killed = kills > 0 ? `, ${kills} workers killed, ${recoveries} actors resumed` : '';
  const changed = handOvers + moves > 0 ? `, ${handOvers} hand-overs, ${moves} actors moved` : '';
  console.log(
    `millrace: ${lines} lines in ${(elapsedMs / 1000).toFixed(2)} s, ${thousands(perSecond(lines, elapsedMs))}${killed}${changed}`,
  );
  for (const { name, fusedInto, tuplesIn, tuplesOut, busy, blocked } of totals.operators) {
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
  const commandLine = readCommandLine(args);
  if (commandLine === 'help') {
    console.log(USAGE);
    return true;
  }
  if ('from' in commandLine) {
    await plotFile(commandLine.plots, commandLine.from);
    return true;
  }
  return 'rated' in commandLine ? rate(commandLine.rated) : answerFile(commandLine.exact);
}

async function answerFile(order: Extract<CommandLine, { exact: unknown }>['exact']): Promise<boolean> {
  const { input, history, output, expected, runs, withBaseline } = order;
  let right = true;
  for (let run = runs; run > 0; run--) {
    const result = await runExact(order);
    report(result);
    if (expected !== undefined) right = tellDifferences('millrace', verify(output, expected)) && right;
    if (!withBaseline) continue;
    const own = join(output, 'single-thread');
    const { lines, elapsedMs } = await runBaseline({ input, history, output: own });
    const ratio = perSecond(result.lines, result.elapsedMs) / perSecond(lines, elapsedMs);
    console.log(
      `single-thread: ${lines} lines in ${(elapsedMs / 1000).toFixed(2)} s, ${thousands(perSecond(lines, elapsedMs))}; ours is ${ratio.toFixed(2)} ×`,
    );
    if (expected !== undefined) right = tellDifferences('single-thread', verify(own, expected)) && right;
  }
  return right;
}
