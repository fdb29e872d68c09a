// Rated mode: L expressways in real time, after their state has been filled.
// Promises: every answer is checked, also of the time before; CPU and memory are those of the process in real time.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobMetrics } from '../../src/index.ts';
import { SHARES } from './flow.ts';
import {
  ANSWER_TYPES,
  type AnswerType,
  allocateResults,
  allocateSeen,
  resultOf,
  type TypeResult,
} from './rated-check.ts';
import { ratedRoad } from './rated-flow.ts';
import { makeRatedTrace, type RatedTrace } from './rated-trace.ts';

export interface RatedOptions {
  readonly expressways: number;
  /** In real time. */
  readonly seconds: number;
  /** Seconds of traffic before that. */
  readonly fillSeconds: number;
  readonly workers: number;
  readonly parallelism: number;
  readonly seed: number;
}

export interface RatedResult {
  readonly types: ReadonlyMap<AnswerType, TypeResult & { readonly lost: number }>;
  /** Of lines in real time, all expressways together. */
  readonly linesPerSecond: number;
  readonly fillLines: number;
  readonly fillMs: number;
  /** Processor time of all threads for a line of those. */
  readonly fillCpuUs: number;
  /** Processors in use in real time, on average. */
  readonly processors: number;
  readonly memoryBytesMax: number;
  readonly metrics: JobMetrics;
}

/** Address space, not memory. */
const STATE_BYTES = 15 * 2 ** 30;
const LOOK_EVERY_MS = 200;
const LATENCY_MS_MAX = 1000;

/** True if no answer was wrong, lost, doubled or late, and 99 % of each type came within a second. */
export const holds = ({ types }: RatedResult): boolean =>
  [...types.values()].every(
    (type) =>
      type.wrong + type.lost + type.doubled + type.missed === 0 &&
      (type.timed === 0 || type.quantileMs(0.99) <= LATENCY_MS_MAX),
  );

/** The trace of one expressway that runs of some length need. */
export const traceFor = ({ seed, fillSeconds, seconds }: Pick<RatedOptions, 'seed' | 'fillSeconds' | 'seconds'>) =>
  makeRatedTrace(seed, fillSeconds + seconds);

export async function runRated(
  trace: RatedTrace,
  { expressways, seconds, fillSeconds, workers, parallelism }: RatedOptions,
  progress: (text: string) => void,
): Promise<RatedResult> {
  const results = allocateResults();
  const startedMs = new SharedArrayBuffer(8);
  const params = {
    trace,
    expressways,
    paceFrom: fillSeconds,
    startedMs,
    parallelism,
    shares: SHARES,
    results,
    seen: allocateSeen(trace, expressways),
  };
  const beganMs = performance.now();
  const usageBefore = process.cpuUsage();
  const job = (await ratedRoad.run({ params, workers, stateBytes: STATE_BYTES })) as Job;
  const starts = new Int32Array(trace.seconds);
  const fillLines = starts[fillSeconds] * expressways;
  let ended = false;
  const done = job.done.finally(() => {
    ended = true;
  });
  done.catch(() => {});
  let memoryBytesMax = 0;
  const look = async (until: () => boolean): Promise<void> => {
    for (let turn = 1; !ended && !until(); turn++) {
      await sleep(LOOK_EVERY_MS);
      memoryBytesMax = Math.max(memoryBytesMax, process.memoryUsage.rss());
      if (turn % 50 !== 0) continue;
      const { operators } = job.metrics();
      const source = operators.find(({ name }) => name === 'traffic');
      progress(
        `${source?.tuplesOut} lines, ${((source?.rateOut ?? 0) / 1000).toFixed(0)} k/s, ${(memoryBytesMax / 2 ** 20).toFixed(0)} MiB`,
      );
    }
  };
  await look(() => new Float64Array(startedMs)[0] !== 0);
  const fillMs = performance.now() - beganMs;
  job.metrics();
  const fillUsage = process.cpuUsage(usageBefore);
  const usage = process.cpuUsage();
  const pacedMs = performance.now();
  let metrics: JobMetrics | undefined;
  await look(() => {
    const isOver = performance.now() - pacedMs > seconds * 1000;
    if (isOver) metrics = job.metrics();
    return isOver;
  });
  const { user, system } = process.cpuUsage(usage);
  const processors = (user + system) / 1000 / (performance.now() - pacedMs);
  await done;
  const { counts } = trace;
  const expected = [counts.tolls, counts.accidents, counts.balances, counts.expenditures];
  const types = ANSWER_TYPES.map((type, i) => {
    const result = resultOf(results, type);
    return [type, { ...result, lost: expected[i] * expressways - (result.answers - result.doubled) }] as const;
  });
  return {
    types: new Map(types),
    linesPerSecond: ((starts[fillSeconds + seconds] - starts[fillSeconds]) * expressways) / seconds,
    fillLines,
    fillMs,
    fillCpuUs: (fillUsage.user + fillUsage.system) / fillLines,
    processors,
    memoryBytesMax,
    metrics: metrics ?? job.metrics(),
  };
}
