// Suite `startup`: what it costs to begin: the import of the library over a bare Node.js, a job of one tuple from run() to its end, and the
// command line with such a job, from nothing to its exit. Each is a process of its own, and processes take turns.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { By, Effort } from '../effort.ts';
import { oneTuple, oneTupleModule } from '../flows/one-tuple.ts';
import { type Measurement, type Result, spread } from '../harness.ts';

const ROUNDS: By<number> = { quick: 1, usual: 7, full: 15 };

const TARGETS_MS = { import: 80, run: 150, cli: 300 } as const;

/** Runs Node.js with arguments; returns what it printed, and how long it took. */
function node(...args: string[]): { readonly printed: string; readonly tookMs: number } {
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const tookMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`startup: node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return { printed: stdout, tookMs };
}

const resolved = (path: string): string => new URL(path, import.meta.url).href;
const bare = (code: string): string[] => ['--input-type=module', '--eval', code];

/** One round, in milliseconds. */
function round(): Record<keyof typeof TARGETS_MS, number> {
  const flow = fileURLToPath(oneTupleModule);
  const empty = node(...bare('')).tookMs;
  const imported = node(...bare(`await import(${JSON.stringify(resolved('../../src/index.js'))})`)).tookMs;
  const run = Number(node(flow).printed);
  const main = fileURLToPath(resolved('../../src/cli/main.js'));
  const cli = node(main, 'run', flow, '--flow', oneTuple.name, '--workers', '1').tookMs;
  return { import: imported - empty, run, cli };
}

export function startup(effort: Effort): Measurement[] {
  return [
    {
      async measure(progress) {
        round();
        const rounds = Array.from({ length: ROUNDS[effort] }, (_, i) => {
          const times = round();
          const texts = Object.entries(times).map(([what, ms]) => `${what} ${ms.toFixed(0)} ms`);
          progress(`round ${i + 1} of ${ROUNDS[effort]}: ${texts.join(', ')}`);
          return times;
        });
        return (Object.keys(TARGETS_MS) as (keyof typeof TARGETS_MS)[]).map(
          (name): Result => ({
            name,
            unit: 'ms',
            ...spread(rounds.map((times) => times[name])),
            runs: rounds.length,
            target: `≤ ${TARGETS_MS[name]}`,
            vs: {},
          }),
        );
      },
    },
  ];
}
