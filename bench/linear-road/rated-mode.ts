// Rated mode on the command line: runs one after the other, the search for the most expressways that hold, and the ramp.
// Promises: starts nothing that the machine has no memory for; the JSON has what the plots are made from.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { writePlot } from '../plot/write-plot.ts';
import { availableBytes, gibibytes, RESERVE_BYTES } from './memory.ts';
import { roadCharts } from './rated-charts.ts';
import { type RatedPlainReport, ratePlainly } from './rated-plain.ts';
import { type NotTried, type RunReport, reportOf, runsTable, runText } from './rated-report.ts';
import { isExact, type RatedOptions, runRated, traceFor } from './rated-run.ts';
import { largestHolding } from './rated-search.ts';
import type { RatedTrace } from './rated-trace.ts';

/** State and its slack, of all operators together, for each vehicle that there has been. */
const BYTES_PER_VEHICLE = 340;
/** Code, rings, the trace and its answers. */
const BYTES_BEYOND_STATE = 700 * 2 ** 20;

export interface RatedOrder extends Omit<RatedOptions, 'expressways'> {
  /** One after the other; the search begins with the first. */
  readonly expressways: readonly number[];
  /** How near to the largest L that holds the search comes; undefined for no search. */
  readonly searchStep: number | undefined;
  readonly withBaseline: boolean;
  readonly json: string | undefined;
  readonly plots: string | undefined;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const bytesNeeded = ({ vehicles }: RatedTrace, expressways: number): number =>
  BYTES_BEYOND_STATE + expressways * vehicles * BYTES_PER_VEHICLE;

const largestInMemory = (trace: RatedTrace, bytes: number): number =>
  Math.floor((bytes - bytesNeeded(trace, 0)) / (bytesNeeded(trace, 1) - bytesNeeded(trace, 0)));

/** Buffers of a run that is over stay in memory till they are collected, and the next run needs it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Resolves to whether all runs held, or with a ramp were in time; of a search, whether anything held. */
export async function rate(order: RatedOrder): Promise<boolean> {
  const { expressways, searchStep, withBaseline, ramp } = order;
  say('making the trace and its answers');
  const trace = traceFor(order);
  const bytes = availableBytes() - RESERVE_BYTES;
  const limit = largestInMemory(trace, bytes);
  const runs: (RunReport | NotTried)[] = [];
  let plain: RatedPlainReport | undefined;
  if (withBaseline) {
    say('the plain loop');
    // Its rate at the peak: a ramp has no time of steady load that is long enough.
    const { seed, fillSeconds, seconds } = order;
    const own = ramp === undefined ? trace : traceFor({ seed, fillSeconds: 120, seconds: 5 });
    const times = ramp === undefined ? { fillSeconds, seconds } : { fillSeconds: 120, seconds: 5 };
    plain = await ratePlainly({ trace: own, expressways: expressways[0], ...times });
  }
  const runAt = async (count: number, stopsAtFault: boolean): Promise<boolean> => {
    if (count > limit) {
      const why = `not tried: needs about ${gibibytes(bytesNeeded(trace, count))}, ${gibibytes(bytes)} are free`;
      runs.push({ expressways: count, why });
      console.log(`L = ${count}: ${why}`);
      return false;
    }
    collectGarbage();
    say(`L = ${count}: ${order.fillSeconds} s of traffic as fast as possible, then ${order.seconds} s in real time`);
    const options: RatedOptions = { ...order, expressways: count, stopsAtFault };
    const result = await runRated(trace, options, (text) => say(`L = ${count}: ${text}`));
    const report = reportOf(options, result, plain);
    runs.push(report);
    console.log(runText(report));
    return ramp === undefined ? report.outcome === 'holds' : isExact(result);
  };
  let isGood = true;
  if (searchStep === undefined) for (const count of expressways) isGood = (await runAt(count, false)) && isGood;
  else {
    const largest = await largestHolding(expressways[0], searchStep, (count) => runAt(count, true), limit);
    isGood = largest > 0;
    console.log(
      `\nthe largest L that held: ${largest}${limit - largest < searchStep ? `; memory allows ${limit}` : ''}`,
    );
  }
  if (runs.length > 1) console.log(`\n${runsTable(runs)}`);
  const reports = runs.filter((run) => 'options' in run);
  if (order.json !== undefined) writeFileSync(order.json, `${JSON.stringify(reports, undefined, 1)}\n`);
  if (order.plots !== undefined) await plotRuns(order.plots, reports);
  return isGood;
}

/** Draws what a file of `--json` has. */
export async function plotFile(folder: string, file: string): Promise<void> {
  await plotRuns(folder, JSON.parse(readFileSync(file, 'utf8')) as RunReport[]);
}

async function plotRuns(folder: string, reports: readonly RunReport[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, chart] of Object.entries(roadCharts(reports))) {
    await writePlot(join(folder, name), chart);
    say(`wrote ${join(folder, name)}.svg and .png`);
  }
}
