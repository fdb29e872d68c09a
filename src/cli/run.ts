// `millrace run`: imports the module, runs its flow, and shows the job until it has ended.
// Promises: the exit code says how the job ended; whatever fails, the job is taken down before this rejects.

import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Dataflow } from '../supervisor/flow.ts';
import type { Job } from '../supervisor/job-api.ts';
import type { RunCommand } from './arguments.ts';
import { graphOf, loadFlow } from './flow-module.ts';
import { onInterrupts } from './interrupts.ts';
import { LiveView, passAbove } from './live-view.ts';
import { RunTotals } from './run-totals.ts';
import { StreamView } from './stream-view.ts';
import type { View } from './view.ts';

export const EXIT_DONE = 0;
export const EXIT_CANCELLED = 130;

/** A loop over batches that are always there would keep timers and signals from being heard. */
const YIELD_EVERY_MS = 20;
interface OpenView {
  readonly view: View;
  readonly restore: () => void;
}

function openView(command: RunCommand, flow: Dataflow, outputs: readonly string[]): OpenView {
  const { stdout, stderr } = process;
  const isTerminal = stdout.isTTY && stderr.isTTY && process.env.TERM !== 'dumb';
  if (!isTerminal || command.json) {
    return {
      view: new StreamView(stdout, stderr, { flow: flow.name, outputs, json: command.json }),
      restore: () => {},
    };
  }
  const write = stdout.write.bind(stdout) as (text: string) => boolean;
  const screen = {
    write,
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
  };
  const view = new LiveView(screen, flow.name, command.options.workers ?? availableParallelism(), outputs);
  const restores = [stdout, stderr].map((stream) => passAbove(view, stream, write));
  return { view, restore: () => restores.forEach((restore) => void restore()) };
}

async function readOutput(job: Job, output: string, view: View): Promise<void> {
  let yieldedAt = performance.now();
  for await (const batch of job.output(output).batches()) {
    await view.tuples(output, batch);
    if (performance.now() - yieldedAt < YIELD_EVERY_MS) continue;
    await setImmediate();
    yieldedAt = performance.now();
  }
}

/** Reads all outputs until the job has ended. A reader's own failure ends the job. */
async function finished(job: Job, outputs: readonly string[], view: View): Promise<void> {
  const readers = outputs.map((output) => readOutput(job, output, view));
  const all = Promise.all([job.done, ...readers]);
  try {
    await all;
  } catch (error) {
    await job.cancel(error);
    await Promise.allSettled(readers);
    throw error;
  }
}

/**
 * Runs a flow; resolves with the exit code of the process.
 * @throws MillraceError of the flow, of its module, or of the job
 */
export async function run(command: RunCommand): Promise<number> {
  const flow = await loadFlow(command.module, command.flow);
  const params = command.params as Record<string, never>;
  const outputs = graphOf(flow, params)
    .operators.filter(({ kind }) => kind === 'collect')
    .map(({ name }) => name);
  const job = (await flow.run({ ...command.options, params })) as Job;
  const { view, restore } = openView(command, flow, outputs);
  const totals = new RunTotals();
  const sample = (): void => {
    const metrics = job.metrics();
    totals.add(metrics);
    view.progress(metrics);
  };
  const timer = setInterval(sample, view.everyMs);
  const interrupts = onInterrupts(job, (text) => view.note(text));
  // The reader of a pipe has gone, as `head` does: nobody wants the rest.
  let closed = false;
  const onPipeError = (): void => {
    closed = true;
    void job.cancel();
  };
  process.stdout.on('error', onPipeError);
  try {
    await finished(job, outputs, view);
    clearInterval(timer);
    totals.add(job.metrics());
    view.close(totals.get());
    return EXIT_DONE;
  } catch (error) {
    view.close(undefined);
    if (closed) return EXIT_DONE;
    if (!interrupts.cancelled) throw error;
    view.note('cancelled');
    return EXIT_CANCELLED;
  } finally {
    clearInterval(timer);
    interrupts.end();
    restore();
  }
}
