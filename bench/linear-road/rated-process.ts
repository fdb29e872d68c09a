// One rated run in a process of its own: what it takes of memory is then its own, and gone with it.
// Promises: the same report as in this process; if the process dies, why.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type RunReport, reportOf } from './rated-report.ts';
import { type RatedOptions, runRated, traceFor } from './rated-run.ts';
import type { RatedTrace } from './rated-trace.ts';

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs it here. */
export async function runHere(trace: RatedTrace, options: RatedOptions): Promise<RunReport> {
  const { expressways, fillSeconds, seconds } = options;
  say(`L = ${expressways}: ${fillSeconds} s of traffic as fast as possible, then ${seconds} s in real time`);
  return reportOf(options, await runRated(trace, options, (text) => say(`L = ${expressways}: ${text}`)));
}

/** Runs it in a process of its own; rejects if that ends without a report. */
export function runApart(options: RatedOptions): Promise<RunReport> {
  const child = fork(fileURLToPath(import.meta.url));
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as RunReport));
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`its process ended: ${signal ?? `exit code ${code}`}`)));
    child.send(options);
  });
}

/** Only a process that {@link runApart} has begun has somebody to answer. */
if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  // Whoever asked is gone, or has been answered: nobody else would end what may be 14 GiB and two processors.
  process.once('disconnect', () => process.exit());
  process.once('message', async (options: RatedOptions) => {
    const report = await runHere(traceFor(options), options);
    process.send?.(report, () => process.disconnect());
  });
}
