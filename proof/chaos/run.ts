// One chaos run: starts the job, feeds it, has it drilled, and checks everything at its end.
// Promises: it ends in time, whatever the job does: a job that stands still is cancelled, and told of.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Job, RunOptions } from '../../src/index.ts';
import { DrillMaster } from './drill-master.ts';
import { DrillOrders } from './drill-words.ts';
import { checkEnd, readFile } from './end-check.ts';
import { type ChaosParams, chaos, type Totalled } from './flow.ts';
import { keyNumber } from './numbering.ts';
import { Oracle, type Violations } from './oracle.ts';
import { drillsOf, lastOrderOf, type Settings } from './plan.ts';
import { pushersOf } from './pusher.ts';
import { Shifts } from './shifts.ts';
import { StateInspector } from './state-inspector.ts';
import { SumOracle, type SumRow } from './sums.ts';
import { Victims } from './victims.ts';
import { describeEvent, Watchdog } from './watchdog.ts';

const HANG_TIMEOUT_MS = 1000;
/** So small that a thread that fills it dies soon, and does not take the process with it. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };
const INTENSITY = 1_000_000;
const SAY_EVERY_MS = 5000;
const CANCEL_MS_MAX = 10_000;
const THREADS_GONE_MS_MAX = 3000;

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly workers: number;
  readonly killsMax: number;
  /** True to be told each drill and event. */
  readonly verbose: boolean;
}

export interface ChaosResult {
  readonly seconds: number;
  readonly tuples: number;
  readonly lines: number;
  readonly finals: number;
  readonly summands: number;
  readonly sumRows: number;
  readonly deadLetters: number;
  readonly stateReads: number;
  readonly threadsLeft: number;
  readonly memoryBytes: number;
  readonly drills: DrillMaster;
  readonly shifts: Shifts;
}

/** Threads have message ports, which are resources of the process. */
const threads = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** The same, unless nothing else is left to wait for. */
const limit = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/** @param say told what the run is at, each few seconds */
export async function runChaos(
  { seed, seconds, workers, killsMax, verbose }: ChaosOptions,
  settings: Settings,
  violations: Violations,
  say: (text: string) => void,
): Promise<ChaosResult> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-chaos-'));
  const threadsBefore = threads();
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  try {
    const orders = new DrillOrders();
    const params: ChaosParams = { ...settings.flow, orders: orders.buffer, file: join(directory, 'lines.txt') };
    const options: RunOptions<ChaosParams> = {
      params,
      workers,
      maxWorkers: workers + 1,
      ...settings.run,
      hangTimeoutMs: HANG_TIMEOUT_MS,
      resourceLimits: RESOURCE_LIMITS,
      supervision: { intensity: INTENSITY },
    };
    const job = (await chaos.run(options)) as unknown as Job;
    const victims = new Victims(orders, violations, settings.flow.bornPoison);
    const tell = (text: string): void => {
      if (verbose) say(`${elapsed().toFixed(3)} s: ${text}`);
    };
    job.on('*', (event) => tell(describeEvent(event)), { past: true });
    const drills = new DrillMaster(job, orders, victims, violations, tell);
    const shifts = new Shifts(job, violations, tell);
    const oracle = new Oracle('output', violations, victims.excuseOfOutput);
    const sums = new SumOracle(violations, settings.flow.sums.emit === 'changes');
    const reading = readOutput(job, oracle);
    const summing = readSums(job, sums);
    const lettering = readLetters(job, victims);
    // Whoever waits for them hears of a failure, but perhaps later.
    for (const each of [reading, summing, lettering]) each.catch(() => {});
    const pushers = pushersOf(job, settings);
    const inspector = new StateInspector(job, oracle, victims, violations);
    const watchdog = new Watchdog(job, () => oracle.tuples, violations, drills);
    const progress = setInterval(() => {
      say(
        `${elapsed().toFixed(0)} s: ${oracle.tuples} tuples, ${drills.struck} kills, ${shifts.handOvers} hand-overs, ${violations.total} violations`,
      );
    }, SAY_EVERY_MS);
    progress.unref();
    let hasFailed = false;
    try {
      inspector.start(seed);
      shifts.start(seed);
      await drills.run(drillsOf(seed, settings), startedMs + seconds * 1000, killsMax);
      for (const pusher of pushers) await pusher.stop();
      await drills.end(lastOrderOf(seed), seed);
      await Promise.all([reading, summing, lettering, inspector.stop(), shifts.stop()]);
    } catch (error) {
      hasFailed = true;
      violations.add('other', `the job failed: ${inspect(error, { depth: 4 })}`);
      await Promise.race([job.cancel(), limit(CANCEL_MS_MAX)]);
      await Promise.race([
        Promise.allSettled([reading, summing, lettering, inspector.stop(), shifts.stop()]),
        limit(CANCEL_MS_MAX),
      ]);
    } finally {
      clearInterval(progress);
      watchdog.stop();
    }
    const file = new Oracle('file', violations, victims.excuseOfFile);
    if (!hasFailed) {
      await readFile(params.file, file, violations);
      checkEnd(job, settings, violations, victims, pushers, oracle, file, sums);
      await inspector.finish();
    }
    for (const until = performance.now() + THREADS_GONE_MS_MAX; threads() > threadsBefore; await sleep(5)) {
      if (performance.now() > until) break;
    }
    return {
      seconds: elapsed(),
      tuples: oracle.tuples,
      lines: file.tuples + file.finals,
      finals: oracle.finals,
      summands: sums.summands,
      sumRows: sums.seen,
      deadLetters: victims.count,
      stateReads: inspector.reads,
      threadsLeft: Math.max(0, threads() - threadsBefore),
      memoryBytes: process.memoryUsage().rss,
      drills,
      shifts,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function readOutput(job: Job, oracle: Oracle): Promise<void> {
  for await (const batch of job.output('out').batches()) {
    for (const tuple of batch as Totalled[]) oracle.see(keyNumber(tuple.key), tuple);
  }
}

async function readSums(job: Job, sums: SumOracle): Promise<void> {
  for await (const batch of job.output('summed').batches()) for (const row of batch as SumRow[]) sums.see(row);
}

async function readLetters(job: Job, victims: Victims): Promise<void> {
  for await (const letter of job.deadLetters) victims.receive(letter);
}
