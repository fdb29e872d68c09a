// Runs the flow of a table from the files of a trace into the table's file; workers are killed meanwhile, if that is wanted.
// Promises: resolves when all rows are written; throws if the job fails or leaves anything out.

import { mkdirSync } from 'node:fs';
import { between, type Job } from '../../src/index.ts';
import { type Chaos, type ChaosCounts, disturb, NO_CHAOS } from '../linear-road/chaos.ts';
import type { NexmarkParams } from './flows/flow.ts';
import { flows } from './flows.ts';

export interface FlowOrder extends NexmarkParams {
  readonly table: string;
  readonly workers: number;
  /** Workers are killed at moments that follow from it, if there is one. */
  readonly chaosSeed?: number;
  /** By default there is no end of it. */
  readonly killsMax?: number;
}

export interface FlowReport {
  /** Lines that sources have read. */
  readonly lines: number;
  /** From the call to the last row written: threads start within it. */
  readonly elapsedMs: number;
  readonly chaos: ChaosCounts;
}

/** Crashes are what is asked for: no supervisor gives up. */
const INTENSITY = 1_000_000;

export async function runFlow({ table, workers, chaosSeed, killsMax, ...params }: FlowOrder): Promise<FlowReport> {
  mkdirSync(params.output, { recursive: true });
  const startedMs = performance.now();
  const job = (await flows[table].run({ params, workers, supervision: { intensity: INTENSITY } })) as Job;
  let chaos: Chaos | undefined;
  if (chaosSeed !== undefined) chaos = disturb(job, { seed: chaosSeed, killsMax });
  try {
    await job.done;
  } finally {
    await chaos?.stop();
  }
  const elapsedMs = performance.now() - startedMs;
  if (job.deadLetters.count > 0) throw new Error(`${job.deadLetters.count} tuples were left out as dead letters`);
  const { operators } = between('start', job.reading());
  const lines = operators.reduce((sum, { role, tuplesOut }) => sum + (role === 'source' ? tuplesOut : 0), 0);
  return { lines, elapsedMs, chaos: chaos?.counts ?? NO_CHAOS };
}
