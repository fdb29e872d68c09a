// Rated mode on the command line: one run, or the search for the most expressways that hold.

import { ANSWER_TYPES } from './rated-check.ts';
import { holds, type RatedOptions, type RatedResult, runRated, traceFor } from './rated-run.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function tell({ expressways, seconds, fillSeconds }: RatedOptions, result: RatedResult): void {
  const { linesPerSecond, fillLines, fillMs, fillCpuUs, processors, memoryBytesMax, metrics } = result;
  console.log(
    `L = ${expressways}: ${(linesPerSecond / 1000).toFixed(1)} k tuples/s for ${seconds} s, after ${fillSeconds} s of traffic ` +
      `(${(fillLines / 1e6).toFixed(1)} M tuples in ${(fillMs / 1000).toFixed(0)} s, ${(fillLines / fillMs).toFixed(0)} k/s, ${fillCpuUs.toFixed(2)} µs of processor each)`,
  );
  console.log(
    `  ${processors.toFixed(2)} processors, ${(memoryBytesMax / 2 ** 30).toFixed(2)} GiB; ${holds(result) ? 'holds' : 'does not hold'}`,
  );
  console.log(
    '  answers         number   in time    p50 ms    p95 ms    p99 ms    max ms     missed  wrong  lost  doubled',
  );
  for (const type of ANSWER_TYPES) {
    const each = result.types.get(type);
    if (each === undefined) continue;
    const latencies = [0.5, 0.95, 0.99, 1].map((share) => String(each.quantileMs(share)).padStart(10)).join('');
    const counts = [each.missed, each.wrong, each.lost, each.doubled];
    const faults = counts.map((count, i) => String(count).padStart([11, 7, 6, 9][i])).join('');
    console.log(
      `  ${type.padEnd(11)}${String(each.answers).padStart(11)}${String(each.timed).padStart(10)}${latencies}${faults}`,
    );
  }
  for (const { name, fusedInto, busy, blocked, replicas } of metrics.operators) {
    if (fusedInto !== undefined) continue;
    const shares = replicas.map((replica) => replica.busy.toFixed(2)).join(' ');
    console.log(`  ${name.padEnd(13)} busy ${busy.toFixed(2)} blocked ${blocked.toFixed(2)}; replicas busy ${shares}`);
  }
}

/** One run; resolves to whether it held. */
export async function rate(options: RatedOptions): Promise<boolean> {
  say('making the trace and its answers');
  const trace = traceFor(options);
  const result = await runRated(trace, options, say);
  tell(options, result);
  return holds(result);
}

/** Doubles L until it does not hold, and then halves the step. Resolves to the largest that held, 0 if none did. */
export async function largestHolding(
  first: number,
  step: number,
  tryAt: (expressways: number) => Promise<boolean>,
): Promise<number> {
  let low = 0;
  let high = first;
  while (await tryAt(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > step) {
    const middle = Math.floor((low + high) / 2);
    if (await tryAt(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The search, with a table of each run. */
export async function search(options: RatedOptions, step: number): Promise<number> {
  say('making the trace and its answers');
  const trace = traceFor(options);
  const largest = await largestHolding(options.expressways, step, async (expressways) => {
    const at = { ...options, expressways };
    const result = await runRated(trace, at, say);
    tell(at, result);
    return holds(result);
  });
  console.log(`the largest L that held: ${largest}`);
  return largest;
}
