// A running flow of the `elasticity` suite, whose operator 'work' changes its replicas: what the suites ask of it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobEvent, OperatorMetrics } from '../../src/index.ts';
import type { Result } from '../harness.ts';
import { spread } from '../harness.ts';

export const epochMs = (): number => performance.timeOrigin + performance.now();

export function result(name: string, unit: string, values: readonly number[], target?: string): Result {
  return { name, unit, ...spread(values), runs: values.length, vs: {}, ...(target !== undefined && { target }) };
}

export function workOf(job: Pick<Job, 'metrics'>): OperatorMetrics {
  const found = job.metrics().operators.find(({ name }) => name === 'work');
  if (found === undefined) throw new Error("elasticity: there is no operator 'work'");
  return found;
}

/** Tuples per second that 'work' takes over a span, or gives if it is a source. */
export async function rateOver(job: Pick<Job, 'metrics'>, spanMs: number): Promise<number> {
  const count = ({ kind, tuplesIn, tuplesOut }: OperatorMetrics): number => (kind === 'source' ? tuplesOut : tuplesIn);
  const before = count(workOf(job));
  const startedMs = performance.now();
  await sleep(spanMs);
  return ((count(workOf(job)) - before) * 1000) / (performance.now() - startedMs);
}

/** Gathers the events of one kind. */
export function gather<Type extends JobEvent['type']>(
  job: Pick<Job, 'on'>,
  type: Type,
): Extract<JobEvent, { type: Type }>[] {
  const found: Extract<JobEvent, { type: Type }>[] = [];
  job.on((event) => {
    if (event.type === type) found.push(event as Extract<JobEvent, { type: Type }>);
  });
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
