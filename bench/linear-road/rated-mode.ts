// Rated mode on the command line: runs one after the other, the search for the most expressways that hold, and the ramp.
// Promises: starts nothing that the machine has no memory for; the JSON has what the plots are made from.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePlot } from '../plot/write-plot.ts';
import { availableBytes, gibibytes, RESERVE_BYTES } from './memory.ts';
import { roadCharts } from './rated-charts.ts';
import { type RatedPlainReport, ratePlainly } from './rated-plain.ts';
import { runApart, runHere, say } from './rated-process.ts';
import { IN_TIME, type NotTried, plainText, type RunReport, runsTable, runText } from './rated-report.ts';
import { type RatedOptions, traceFor } from './rated-run.ts';
import { largestHolding } from './rated-search.ts';
import type { RatedTrace } from './rated-trace.ts';

/** State and its slack, of all operators together, for each vehicle that there has been. */
const BYTES_PER_VEHICLE = 340;
/** Code, rings, the trace and its answers. */
const BYTES_BEYOND_STATE = 700 * 2 ** 20;
/** The state after a ramp of two minutes is about that of so much traffic. */
const RAMP_BASELINE_FILL_SECONDS = 120;

export interface RatedOrder extends Omit<RatedOptions, 'expressways'> {
  /** One after the other; the search begins with the first. */
  readonly expressways: readonly number[];
  /** How near to the largest L that holds the search comes; undefined for no search. */
  readonly searchStep: number | undefined;
  readonly withBaseline: boolean;
  readonly json: string | undefined;
  readonly plots: string | undefined;
}

const bytesNeeded = ({ vehicles }: RatedTrace, expressways: number): number =>
  BYTES_BEYOND_STATE + expressways * vehicles * BYTES_PER_VEHICLE;

/** Runs of one order: those that were made, and those that were not. */
class Runs {
  readonly all: (RunReport | NotTried)[] = [];
  readonly #order: RatedOrder;
  readonly #trace: RatedTrace;
  readonly #freeBytes = availableBytes() - RESERVE_BYTES;

  constructor(order: RatedOrder, trace: RatedTrace) {
    this.#order = order;
    this.#trace = trace;
  }

  get reports(): RunReport[] {
    return this.all.filter((run) => 'options' in run);
  }

  /** The largest L that memory allows. */
  get memoryLimit(): number {
    const perExpressway = bytesNeeded(this.#trace, 1) - bytesNeeded(this.#trace, 0);
    return Math.floor((this.#freeBytes - BYTES_BEYOND_STATE) / perExpressway);
  }

  /** The largest L that the processors allow, if a tuple costs at least what it has cost at the largest L so far. */
  get processorLimit(): number {
    const limits = this.reports
      .filter(({ outcome }) => outcome === 'holds')
      .map(({ options, cores, processors }) => Math.floor((options.expressways * cores) / processors));
    return Math.min(Number.POSITIVE_INFINITY, ...limits.slice(-1));
  }

  /** Resolves to whether it held, or with a ramp was in time. */
  async run(expressways: number): Promise<boolean> {
    const order = this.#order;
    if (expressways > this.memoryLimit) {
      const needed = gibibytes(bytesNeeded(this.#trace, expressways));
      return this.#skip(expressways, `not tried: needs about ${needed}, and ${gibibytes(this.#freeBytes)} are free`);
    }
    const { ramp, searchStep } = order;
    const { seconds, fillSeconds, workers, parallelism, seed, chaosSeed } = order;
    const stopsAtFault = searchStep !== undefined;
    const own = { expressways, seconds, fillSeconds, workers, parallelism, seed, chaosSeed, ramp, stopsAtFault };
    let report: RunReport;
    try {
      const isOnly = order.expressways.length === 1 && searchStep === undefined;
      report = await (isOnly ? runHere(this.#trace, own) : runApart(own));
    } catch (error) {
      if (searchStep === undefined) throw error;
      return this.#skip(expressways, (error as Error).message);
    }
    this.all.push(report);
    console.log(runText(report));
    return report.outcome === 'holds' || (ramp !== undefined && report.outcome === IN_TIME);
  }

  #skip(expressways: number, why: string): boolean {
    this.all.push({ expressways, why });
    console.log(`L = ${expressways}: ${why}`);
    return false;
  }
}

/** Resolves to whether all runs held, or with a ramp were in time; of a search, whether anything held. */
export async function rate(order: RatedOrder): Promise<boolean> {
  const { expressways, searchStep, withBaseline, json, plots } = order;
  say('making the trace and its answers');
  const trace = traceFor(order);
  const runs = new Runs(order, trace);
  let isGood = true;
  if (searchStep === undefined) for (const count of expressways) isGood = (await runs.run(count)) && isGood;
  else {
    const limit = (): number => Math.min(runs.memoryLimit, runs.processorLimit);
    const largest = await largestHolding(expressways[0], searchStep, (count) => runs.run(count), limit);
    isGood = largest > 0;
    const limits = `memory allows ${runs.memoryLimit}, and processors at what a tuple costs ${runs.processorLimit}`;
    console.log(`\nthe largest L that held: ${largest}; ${limits}`);
  }
  if (runs.all.length > 1) console.log(`\n${runsTable(runs.all)}`);
  let plain: RatedPlainReport | undefined;
  if (withBaseline) {
    plain = await plainAtPeak(order, trace);
    console.log(`\n${plainText(plain)}`);
  }
  const reports = runs.reports.map((run) => ({ ...run, ...(plain !== undefined && { plain }) }));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(reports, undefined, 1)}\n`);
  if (plots !== undefined) await plotRuns(plots, reports);
  return isGood;
}

/** What the plain loop does at the peak: a ramp has no time of steady load, so it gets a trace of its own. */
function plainAtPeak({ expressways, ramp, seed, fillSeconds, seconds }: RatedOrder, trace: RatedTrace) {
  say('the plain loop');
  const [count] = expressways;
  if (ramp === undefined) return ratePlainly({ trace, expressways: count, fillSeconds, seconds });
  const times = { fillSeconds: RAMP_BASELINE_FILL_SECONDS, seconds: 5 };
  return ratePlainly({ trace: traceFor({ seed, ...times }), expressways: count, ...times });
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
