// Runs flows for tests: gathers what comes out, expects failures, and makes sure that no thread stays behind.
// Relies on a worker thread being an active resource (its message ports) of the process that started it.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dataflow, ErrorCode, Job, RunOptions } from '../../src/index.ts';
import { MillraceError } from '../../src/index.ts';

/** For every test: long enough for a slow machine, short enough for a hanging job to be noticed. */
export const TIMEOUT = { timeout: 60_000 };

const ports = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length;
const portsBefore = ports();

const started = new Set<Pick<Job, 'cancel'>>();

/** Runs a flow; if its test fails, {@link noThreadLeft} cancels the job, so that the other tests go on undisturbed. */
export async function start<Params, Built>(
  flow: Dataflow<Params, Built>,
  options: RunOptions<Params>,
): ReturnType<Dataflow<Params, Built>['run']> {
  const job = await flow.run(options);
  started.add(job);
  return job;
}

/** Fails if a worker thread is still there. */
export async function noThreadLeft(): Promise<void> {
  for (let i = 0; i < 400 && ports() > portsBefore; i++) await sleep(5);
  const left = ports() - portsBefore;
  for (const job of started) await job.cancel();
  started.clear();
  assert.equal(left, 0, 'message ports of threads that should be gone');
}

/** All tuples of an output, as arrays of one batch each. */
export async function batchesOf<Tuple>(output: { batches(): AsyncIterable<Tuple[]> }): Promise<Tuple[][]> {
  const batches: Tuple[][] = [];
  for await (const batch of output.batches()) batches.push(batch);
  return batches;
}

/** All tuples of an output. */
export async function tuplesOf<Tuple>(output: AsyncIterable<Tuple>): Promise<Tuple[]> {
  const tuples: Tuple[] = [];
  for await (const tuple of output) tuples.push(tuple);
  return tuples;
}

/** Runs a flow to its end and returns all tuples of one output. No worker is to die, so there need be no spare. */
export async function resultOf<Params, Built, Tuple = Record<string, unknown>>(
  flow: Dataflow<Params, Built>,
  output: string,
  options: RunOptions<Params>,
): Promise<Tuple[]> {
  const job = (await start(flow, { spares: 0, ...options })) as unknown as Job;
  const batches = await batchesOf(job.output(output));
  await job.done;
  return batches.flat() as Tuple[];
}

/** The error that a promise rejects with; it must be one of Millrace with this code. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<MillraceError> {
  try {
    await promise;
  } catch (error) {
    return asMillraceError(error, code);
  }
  assert.fail(`was to reject with ${code}`);
}

/** The error that a call throws. */
export function thrown(call: () => unknown, code: ErrorCode): MillraceError {
  try {
    call();
  } catch (error) {
    return asMillraceError(error, code);
  }
  assert.fail(`was to throw ${code}`);
}

function asMillraceError(error: unknown, code: ErrorCode): MillraceError {
  if (!(error instanceof MillraceError)) throw error;
  assert.equal(error.code, code, error.message);
  return error;
}

/** Runs a flow whose job fails after it has started; returns the error and what had come out before. */
export async function failureOf<Params, Built>(
  flow: Dataflow<Params, Built>,
  code: ErrorCode,
  options: RunOptions<Params>,
  output?: string,
): Promise<{ error: MillraceError; tuples: Record<string, unknown>[] }> {
  const job = (await start(flow, options)) as unknown as Job;
  const tuples: Record<string, unknown>[] = [];
  let outputError: unknown;
  if (output !== undefined) {
    try {
      for await (const tuple of job.output(output)) tuples.push(tuple as Record<string, unknown>);
    } catch (error) {
      outputError = error;
    }
  }
  const error = await rejection(job.done, code);
  if (output !== undefined) assert.equal(outputError, error, 'the output throws what done rejects with');
  return { error, tuples };
}

/** For what a busy machine may spoil: passes as soon as one of some tries does, and fails with the last of them. */
export async function inOneOf(tries: number, attempt: () => Promise<void>): Promise<void> {
  for (let left = tries - 1; left > 0; left--) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error;
    }
  }
  await attempt();
}

/** Waits until a condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`waited ${timeoutMs} ms for ${what}`);
    await sleep(2);
  }
}
