// Exact mode: a file as fast as it can be read, into files of answers; with workers killed meanwhile, if that is wanted.
// Promises: resolves when all answers are written, with what the run took; throws if the job fails or leaves anything out.
// Relies on: the flow of flow.ts.

import { mkdirSync } from 'node:fs';
import type { Job, JobMetrics } from '../../src/index.ts';
import { type Strikes, strike } from './chaos.ts';
import { linearRoad, SHARES } from './flow.ts';

export interface ExactOptions {
  readonly input: string;
  readonly history: string | undefined;
  readonly output: string;
  readonly workers: number;
  readonly parallelism: number;
  /** Kills workers at random, if there is one. */
  readonly chaosSeed?: number;
  /** By default there is no end of it. */
  readonly killsMax?: number;
  /** Shares of the roads: by default {@link SHARES}. */
  readonly shares?: number;
}

export interface ExactResult {
  /** Lines of both files. */
  readonly lines: number;
  /** From the call to the last answer written: threads start within it. */
  readonly elapsedMs: number;
  readonly kills: number;
  readonly recoveries: number;
  readonly metrics: JobMetrics;
}

/** Crashes are what is asked for: no supervisor gives up. */
const INTENSITY = 1_000_000;

export async function runExact(options: ExactOptions): Promise<ExactResult> {
  const { input, history, output, workers, parallelism, chaosSeed } = options;
  const shares = options.shares ?? SHARES;
  mkdirSync(output, { recursive: true });
  const startedMs = performance.now();
  const job = (await linearRoad.run({
    params: { input, history, output, parallelism, shares },
    workers,
    supervision: { intensity: INTENSITY },
  })) as Job;
  let strikes: Strikes | undefined;
  if (chaosSeed !== undefined) strikes = strike(job, chaosSeed, options.killsMax ?? Number.POSITIVE_INFINITY);
  try {
    await job.done;
  } finally {
    await strikes?.stop();
  }
  const elapsedMs = performance.now() - startedMs;
  if (job.deadLetters.count > 0) throw new Error(`${job.deadLetters.count} tuples were left out as dead letters`);
  const metrics = job.metrics();
  const lines = metrics.operators.find(({ name }) => name === 'lines')?.tuplesOut ?? 0;
  return { lines, elapsedMs, kills: strikes?.kills ?? 0, recoveries: strikes?.recoveries ?? 0, metrics };
}
