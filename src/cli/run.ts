// `millrace run`: imports the module, runs its flow, and shows the job until it has ended.
// Promises: the exit code says how the job ended; whatever fails, the job is taken down before this rejects.

import { setImmediate } from 'node:timers/promises';
import type { Graph } from '../flow/graph.ts';
import type { NameOf } from '../supervisor/job/events/event-text.ts';
import type { Job } from '../supervisor/job/job-api.ts';
import { type Notice, notice } from '../supervisor/job/notices/notices.ts';
import type { RunOptions } from '../supervisor/job/run-options.ts';
import { between } from '../supervisor/readings/between.ts';
import type { JobReading } from '../supervisor/readings/job-reading.ts';
import { flush } from '../supervisor/telemetry/open-telemetry.ts';
import type { RunCommand } from './arguments.ts';
import { changeLine } from './change-text.ts';
import { EXIT_CANCELLED, EXIT_DEAD_LETTERS, EXIT_DONE } from './exit-codes.ts';
import { graphFor, loadFlow, paramsFor, requireNoApp } from './flow-module.ts';
import { Incidents } from './incidents.ts';
import { onInterrupts } from './interrupts.ts';
import { openView } from './open-view.ts';
import { checkOutputFile, OutputFile } from './output-file.ts';
import { ProgressEstimate } from './progress-estimate.ts';
import { countText, secondsText } from './reading-text.ts';
import type { Tally, View } from './view.ts';

/** A collector that does not answer keeps no command from ending. */
const FLUSH_MS_MAX = 2000;
/** A loop over batches that are always there would keep timers and signals from being heard. */
const YIELD_EVERY_MS = 20;

async function readOutput(job: Job, output: string, view: View): Promise<void> {
  let yieldedAt = performance.now();
  for await (const batch of job.output(output).batches()) {
    await view.tuples(output, batch);
    if (performance.now() - yieldedAt < YIELD_EVERY_MS) continue;
    await setImmediate();
    yieldedAt = performance.now();
  }
}

async function readLetters(job: Job, incidents: Incidents): Promise<void> {
  let yieldedAt = performance.now();
  for await (const letter of job.deadLetters) {
    await incidents.letter(letter);
    if (performance.now() - yieldedAt < YIELD_EVERY_MS) continue;
    await setImmediate();
    yieldedAt = performance.now();
  }
}

/** Calls a replica by its number as well, if its operator has several. */
function namesIn({ operators }: Graph): NameOf {
  const several = new Set(operators.filter(({ replicas }) => replicas.max > 1).map(({ name }) => name));
  return ({ operator, replica }) => (several.has(operator) ? `'${operator}/${replica}'` : `'${operator}'`);
}

/** A token on the command line could be read by everybody on the machine. */
function withTokens({ ui, ...options }: RunOptions): RunOptions {
  const token = process.env.MILLRACE_UI_TOKEN;
  return ui === undefined ? options : { ...options, ui: token ? { ...ui, token } : ui };
}

/** Reads all outputs and dead letters until the job has ended. A reader's own failure ends the job. */
async function finished(job: Job, outputs: readonly string[], view: View, incidents: Incidents): Promise<void> {
  const readers = [...outputs.map((output) => readOutput(job, output, view)), readLetters(job, incidents)];
  const all = Promise.all([job.done, ...readers]);
  try {
    await all;
  } catch (error) {
    await job.cancel(error);
    await Promise.allSettled(readers);
    throw error;
  }
}

/** The exit code of a job that is done: tuples that were left out are no success, as with `cp` and files that it cannot read. */
function exitCodeOf({ allowDeadLetters }: RunCommand, flow: string, { deadLetters }: Tally): number {
  if (deadLetters === 0 || allowDeadLetters) return EXIT_DONE;
  const what =
    deadLetters === 1
      ? '1 tuple was left out as a dead letter'
      : `${countText(deadLetters)} tuples were left out as dead letters`;
  process.stderr.write(`${flow}: ${what}: exit code ${EXIT_DEAD_LETTERS}, or 0 with --allow-dead-letters\n`);
  return EXIT_DEAD_LETTERS;
}

/** Opens the file of `--output`. A job whose tuples could go nowhere is taken down. */
async function outputFileOf({ output }: RunCommand, job: Job): Promise<OutputFile | undefined> {
  if (output === undefined) return undefined;
  try {
    return new OutputFile(output);
  } catch (error) {
    await job.cancel(error);
    throw error;
  }
}

/**
 * Runs a flow; resolves with the exit code of the process.
 * @throws MillraceError of the flow, of its module, or of the job
 */
export async function run(command: RunCommand): Promise<number> {
  try {
    return await runToEnd(command);
  } finally {
    await flush(FLUSH_MS_MAX);
  }
}

async function runToEnd(command: RunCommand): Promise<number> {
  const flow = await loadFlow(command.module, command.flow);
  const params = paramsFor(flow, command) as Record<string, never>;
  const graph = graphFor(flow, params, command);
  requireNoApp(graph);
  if (command.output !== undefined) checkOutputFile(command.output, command.module, graph);
  const outputs = graph.operators.filter(({ kind }) => kind.role === 'output').map(({ name }) => name);
  const startedMs = performance.now();
  // What notices tell of a job that has started is told by the view.
  const notices = ({ kind, text }: Notice): void => {
    if (kind === 'starting') notice(text);
  };
  const job = (await flow.run({ inspect: true, ...withTokens(command.options), notices, params })) as Job;
  const file = await outputFileOf(command, job);
  const { view, restore } = openView(command, flow, outputs, file);
  for (const [what, url] of Object.entries(job.urls)) view.note(`${what}: ${url}`);
  const nameOf = namesIn(graph);
  const { verbose } = command;
  const elapsedMs = (): number => performance.now() - startedMs;
  const incidents = new Incidents(view, { nameOf, verbose, elapsedMs });
  job.on(
    '*',
    (event) => {
      incidents.hear(event);
      const change = changeLine(event, nameOf, verbose);
      if (change !== undefined) view.log(`${secondsText(elapsedMs())}: ${change}`);
    },
    { past: true },
  );
  let before = job.reading();
  const estimate = new ProgressEstimate();
  const shown = (reading: JobReading) => (command.progress === false ? undefined : estimate.take(reading));
  const sample = (): void => {
    const reading = job.reading();
    view.progress({ reading, rates: between(before, reading), progress: shown(reading) }, incidents.tally);
    before = reading;
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
  let unwritten: Error | undefined;
  file?.onFailure((error) => {
    unwritten = error;
    void job.cancel();
  });
  try {
    await finished(job, outputs, view, incidents);
    clearInterval(timer);
    await file?.close();
    const reading = job.reading();
    view.close({ reading, rates: between('start', reading) }, incidents.tally);
    return exitCodeOf(command, flow.name, incidents.tally);
  } catch (error) {
    view.close(undefined, incidents.tally);
    await file?.close().catch(() => {});
    if (closed) return EXIT_DONE;
    if (unwritten !== undefined) throw unwritten;
    if (!interrupts.cancelled) throw error;
    view.note('cancelled');
    return EXIT_CANCELLED;
  } finally {
    clearInterval(timer);
    interrupts.end();
    restore();
  }
}
