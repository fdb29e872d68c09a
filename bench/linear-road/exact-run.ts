// Exact mode: a file as fast as it can be read, into files of answers; disturbed meanwhile, if that is wanted.
// Promises: resolves when all answers are written, with what the run took; throws if the job fails or leaves anything out.
// Relies on: the flow of flow.ts.

import { mkdirSync } from 'node:fs';
import { between, type Job, type JobRates } from '../../src/index.ts';
import { type Chaos, type ChaosCounts, disturb, NO_CHAOS } from './chaos.ts';
import { ELASTIC_OPERATORS, linearRoad, SHARES } from './flow.ts';

export interface ExactOptions {
  readonly input: string;
  readonly history: string | undefined;
  readonly output: string;
  readonly workers: number;
  /** Replicas of each keyed operator, at the start. */
  readonly parallelism: number;
  /** Scales, rebalances and moves at random, and kills workers, if there is one. */
  readonly chaosSeed?: number;
  /** By default there is no end of it; 0 for none. */
  readonly killsMax?: number;
  /** Shares of the roads: by default {@link SHARES}. */
  readonly shares?: number;
}

export interface ExactResult {
  /** Lines of both files. */
  readonly lines: number;
  /** From the call to the last answer written: threads start within it. */
  readonly elapsedMs: number;
  readonly chaos: ChaosCounts;
  /** Of the whole run. */
  readonly totals: JobRates;
}

/** Crashes are what is asked for: no supervisor gives up. */
const INTENSITY = 1_000_000;
/** Under chaos an operator has up to so many replicas, or those that it starts with. */
const REPLICAS_MAX = 4;

export async function runExact(options: ExactOptions): Promise<ExactResult> {
  const { input, history, output, workers, parallelism, chaosSeed } = options;
  const shares = options.shares ?? SHARES;
  mkdirSync(output, { recursive: true });
  const startedMs = performance.now();
  const max = Math.max(parallelism, REPLICAS_MAX);
  const range = chaosSeed === undefined ? parallelism : { min: 1, start: parallelism, max };
  const job = (await linearRoad.run({
    params: { input, history, output, parallelism: range, shares },
    workers,
    supervision: { intensity: INTENSITY },
  })) as Job;
  let chaos: Chaos | undefined;
  if (chaosSeed !== undefined) {
    const elastic = Object.fromEntries(ELASTIC_OPERATORS.map((name) => [name, max]));
    chaos = disturb(job, { seed: chaosSeed, killsMax: options.killsMax, elastic });
  }
  try {
    await job.done;
  } finally {
    await chaos?.stop();
  }
  const elapsedMs = performance.now() - startedMs;
  if (job.deadLetters.count > 0) throw new Error(`${job.deadLetters.count} tuples were left out as dead letters`);
  const totals = between('start', job.reading());
  const lines = totals.operators.find(({ name }) => name === 'lines')?.tuplesOut ?? 0;
  return { lines, elapsedMs, chaos: chaos?.counts ?? NO_CHAOS, totals };
}
