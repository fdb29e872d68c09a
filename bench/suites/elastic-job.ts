// A running flow of the `elasticity` suite, whose operator 'work' changes its replicas: what the suites ask of it.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  between,
  type Job,
  type JobEventOf,
  type JobEventType,
  type JobReading,
  type OperatorRates,
  type OperatorReading,
} from '../../src/index.ts';
import type { Result } from '../harness.ts';
import { spread } from '../harness.ts';

export const epochMs = (): number => performance.timeOrigin + performance.now();

export function result(name: string, unit: string, values: readonly number[], target?: string): Result {
  return { name, unit, ...spread(values), runs: values.length, vs: {}, ...(target !== undefined && { target }) };
}

/** The operator as it stands, with the replicas that have a part in the stream. */
export function workOf(job: Pick<Job, 'reading'>): OperatorReading {
  const found = job.reading().operators.find(({ name }) => name === 'work');
  if (found === undefined) throw new Error("elasticity: there is no operator 'work'");
  return { ...found, replicas: found.replicas.filter(({ state }) => state !== 'dormant') };
}

/** What 'work' has done since an earlier reading. */
export function workSince(earlier: JobReading, job: Pick<Job, 'reading'>): OperatorRates {
  return between(earlier, job.reading()).operators.find(({ name }) => name === 'work') as OperatorRates;
}

/** Tuples per second that 'work' takes over a span, or gives if it is a source. */
export async function rateOver(job: Pick<Job, 'reading'>, spanMs: number): Promise<number> {
  const count = ({ kind, tuplesIn, tuplesOut }: OperatorReading): number => (kind === 'source' ? tuplesOut : tuplesIn);
  const before = count(workOf(job));
  const startedMs = performance.now();
  await sleep(spanMs);
  return ((count(workOf(job)) - before) * 1000) / (performance.now() - startedMs);
}

/** Gathers the events of one kind. */
export function gather<Type extends JobEventType>(job: Pick<Job, 'on'>, type: Type): JobEventOf<Type>[] {
  const found: JobEventOf<Type>[] = [];
  job.on(type, (event) => found.push(event), { past: true });
  return found;
}

/** Resolves when a warm spare is ready. */
export async function spareReady(job: Pick<Job, 'workers'>): Promise<void> {
  const limitMs = performance.now() + 30_000;
  while (!job.workers().some(({ state }) => state === 'spare')) {
    if (performance.now() > limitMs) throw new Error('elasticity: no spare within 30 s');
    await sleep(10);
  }
}
