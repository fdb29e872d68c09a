// One chaos run: starts the job, feeds it, has it drilled, and checks everything at its end.
// Promises: it ends in time, whatever the job does: a job that stands still is cancelled, and told of.

import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Job, JobEvent, JobInput, RunOptions } from '../../src/index.ts';
import { type ChaosParams, chaos, type Totalled } from '../chaos-flow.ts';
import { DrillMaster, reasonOf } from './drill-master.ts';
import { DrillOrders, type Target } from './drill-words.ts';
import { KEYS, keyNumber, keyOfId, keyText, PARTS, PUSHED_FROM } from './numbering.ts';
import { Oracle, type Violations } from './oracle.ts';
import { drillsOf, lastOrderOf, type Settings } from './plan.ts';
import { StateInspector } from './state-inspector.ts';
import { Victims } from './victims.ts';

const HANG_TIMEOUT_MS = 1000;
/** So small that a thread that fills it dies soon, and does not take the process with it. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };
const INTENSITY = 1_000_000;
const STANDSTILL_MS_MAX = 20_000;
const LOOK_EVERY_MS = 500;
const CANCEL_MS_MAX = 10_000;
const THREADS_GONE_MS_MAX = 3000;
/** Of the pushed sources. */
const PUSH_EVERY_MS = 2;
const PUSHED_PER_SECOND = 3000;
const PUSHED_AT_ONCE_MAX = 2000;

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
  readonly deadLetters: number;
  readonly stateReads: number;
  readonly threadsLeft: number;
  readonly memoryBytes: number;
  readonly drills: DrillMaster;
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
    job.on((event) => tell(describeEvent(event)));
    const drills = new DrillMaster(job, orders, victims, violations, tell);
    const oracle = new Oracle('output', violations, victims.excuseOfOutput);
    const reading = readOutput(job, oracle);
    const lettering = readLetters(job, victims);
    // Whoever waits for them hears of a failure, but perhaps later.
    for (const each of [reading, lettering]) each.catch(() => {});
    const pushers = pushersOf(job, settings);
    const inspector = new StateInspector(job, oracle, victims, violations);
    const watchdog = new Watchdog(job, () => oracle.tuples, violations, drills);
    let saidMs = performance.now();
    const progress = setInterval(() => {
      if (performance.now() - saidMs < 5000) return;
      saidMs = performance.now();
      say(`${elapsed().toFixed(0)} s: ${oracle.tuples} tuples, ${drills.struck} kills, ${violations.total} violations`);
    }, 250);
    progress.unref();
    try {
      inspector.start(seed);
      await drills.run(drillsOf(seed, settings), startedMs + seconds * 1000, killsMax);
      for (const pusher of pushers) await pusher.stop();
      await drills.end(lastOrderOf(seed), seed);
      await Promise.all([reading, lettering, inspector.stop()]);
    } catch (error) {
      violations.add('other', `the job failed: ${inspect(error, { depth: 4 })}`);
      await Promise.race([job.cancel(), limit(CANCEL_MS_MAX)]);
      await Promise.race([Promise.allSettled([reading, lettering, inspector.stop()]), limit(CANCEL_MS_MAX)]);
    } finally {
      clearInterval(progress);
      watchdog.stop();
    }
    const file = new Oracle('file', violations, victims.excuseOfFile);
    if (violations.counts.other === 0) {
      await readFile(params.file, file, violations);
      checkEnd(job, settings, violations, victims, pushers, oracle, file);
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
      deadLetters: victims.count,
      stateReads: inspector.reads,
      threadsLeft: Math.max(0, threads() - threadsBefore),
      memoryBytes: process.memoryUsage().rss,
      drills,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const namesOf = (actors: readonly { operator: string; replica: number }[]): string =>
  actors.map(({ operator, replica }) => `${operator}/${replica}`).join(' ');

function describeEvent(event: JobEvent): string {
  switch (event.type) {
    case 'crash':
      return `crash of ${namesOf(event.actors)} on ${event.worker}: ${reasonOf(event)}`;
    case 'adoption':
      return `adoption of ${namesOf(event.actors)} by ${event.worker} after ${event.tookMs.toFixed(1)} ms`;
    case 'restart':
      return `restart of ${namesOf([event])} on ${event.worker}`;
    case 'recovered':
      return `first commit of ${namesOf([event])} on ${event.worker} after ${event.tookMs.toFixed(1)} ms`;
    case 'deadLetter':
      return `dead letter of ${namesOf([event.letter])}: ${event.letter.error.message}`;
    default:
      return inspect(event, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  }
}

async function readOutput(job: Job, oracle: Oracle): Promise<void> {
  for await (const batch of job.output('out').batches()) {
    for (const tuple of batch as Totalled[]) oracle.see(keyNumber(tuple.key), tuple);
  }
}

async function readLetters(job: Job, victims: Victims): Promise<void> {
  for await (const letter of job.deadLetters) victims.receive(letter);
}

/** Reads the sink's file, and shows each line to its oracle. */
async function readFile(path: string, oracle: Oracle, violations: Violations): Promise<void> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      const match = /^(\d+) (\d+) (\d+) (\d+)$/.exec(line);
      if (match === null) violations.add('other', `file: the line ${JSON.stringify(line)}`);
      else {
        const [key, uid, count, digest] = match.slice(1).map(Number);
        oracle.see(key, { uid, count, digest });
      }
    }
  }
  if (rest !== '') violations.add('other', `file: ends with ${JSON.stringify(rest)}`);
}

/** Pushes tuples into one source at a rate, until it is stopped. */
class Pusher {
  readonly name: string;
  pushed = 0;
  private readonly running: Promise<void>;
  private stopped = false;

  constructor(job: Job, name: string, from: number, ratePerSecond: number) {
    this.name = name;
    this.running = this.run(job.input(name), from, ratePerSecond);
    // Its failure is that of the job, which is told elsewhere.
    this.running.catch(() => {});
  }

  private async run(input: JobInput<{ key: string; id: number }>, from: number, ratePerSecond: number): Promise<void> {
    const startedMs = performance.now();
    while (!this.stopped) {
      const due = ((performance.now() - startedMs) * ratePerSecond) / 1000;
      for (let n = 0; n < PUSHED_AT_ONCE_MAX && this.pushed < due && !this.stopped; n++) {
        const id = from + this.pushed;
        const room = input.push({ key: keyText(keyOfId(id)), id });
        this.pushed++;
        if (room !== undefined) await room;
      }
      await sleep(PUSH_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }
}

function pushersOf(job: Job, { flow }: Settings): Pusher[] {
  const pushers: Pusher[] = [];
  if (flow.source === 'push')
    pushers.push(new Pusher(job, 'numbers', 0, flow.ratePerSecond ?? Number.POSITIVE_INFINITY));
  if (flow.pushed) pushers.push(new Pusher(job, 'pushed', PUSHED_FROM, PUSHED_PER_SECOND));
  return pushers;
}

/** Cancels a job in which nothing has been committed for long, and says how it stood. */
class Watchdog {
  private readonly timer: NodeJS.Timeout;

  constructor(job: Job, seen: () => number, violations: Violations, drills: DrillMaster) {
    let before = '';
    let movedMs = performance.now();
    this.timer = setInterval(() => {
      const now = JSON.stringify([
        seen(),
        job.metrics().operators.map(({ tuplesIn, tuplesOut }) => [tuplesIn, tuplesOut]),
      ]);
      if (now !== before) movedMs = performance.now();
      before = now;
      if (performance.now() - movedMs < STANDSTILL_MS_MAX) return;
      clearInterval(this.timer);
      violations.add('other', `nothing was committed for ${STANDSTILL_MS_MAX / 1000} s\n${diagnosis(job, drills)}`);
      void job.cancel('standstill');
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** How a job stands: its workers, its tree, its metrics, and what was done to it last. */
function diagnosis(job: Job, drills: DrillMaster): string {
  const workers = job
    .workers()
    .map(
      ({ worker, state, actors }) =>
        `${worker} ${state}: ${actors.map(({ operator, replica }) => `${operator}/${replica}`)}`,
    );
  const tree = job
    .tree()
    .children.map(
      ({ name, state, children }) =>
        `${name} ${state}: ${children.map((child) => `${child.state} on ${child.worker}, ${child.restarts} restarts`).join('; ')}`,
    );
  const metrics = job
    .metrics()
    .operators.map(
      (each) =>
        `${each.name}: in ${each.tuplesIn}, out ${each.tuplesOut}, busy ${each.busy.toFixed(2)}, blocked ${each.blocked.toFixed(2)}, queue ${(each.queueFill * 100).toFixed(0)} %`,
    );
  return [
    ...workers.map((text) => `  worker ${text}`),
    ...tree.map((text) => `  ${text}`),
    ...metrics.map((text) => `  ${text}`),
    `  drills: ${drills.history.join(' · ')}`,
  ].join('\n');
}

/** All that can only be said when the job has ended. */
function checkEnd(
  job: Job,
  { flow }: Settings,
  violations: Violations,
  victims: Victims,
  pushers: readonly Pusher[],
  oracle: Oracle,
  file: Oracle,
): void {
  const metrics = job.metrics().operators;
  const of = (name: string) => {
    const found = metrics.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no operator '${name}'`);
    return found;
  };
  const expect = (what: string, found: number, expected: number): void => {
    if (found !== expected) violations.add('other', `${what} is ${found} instead of ${expected}`);
  };
  // Of a chain of fused operators the metrics count what passed all of it.
  const isFused = of('relay').fusedInto !== undefined;
  const front: Target[] = ['relay', 'spread'];
  const sourceTargets: Target[] = isFused ? ['numbers', ...front] : ['numbers'];
  const main = of('numbers').tuplesOut + victims.countOf(sourceTargets);
  const pushed = flow.pushed ? of('pushed').tuplesOut : 0;
  for (const { name, pushed: expected } of pushers) expect(`tuples out of '${name}'`, of(name).tuplesOut, expected);

  const relayed = main + pushed - victims.countOf(['numbers', ...front]);
  expect(`tuples into 'relay'`, of('relay').tuplesIn, relayed);
  expect(`tuples out of 'relay'`, of('relay').tuplesOut, relayed);
  expect(`tuples into 'spread'`, of('spread').tuplesIn, relayed);
  expect(`tuples out of 'spread'`, of('spread').tuplesOut, relayed * PARTS);
  const counted = relayed * PARTS - victims.countOf(['count']);
  expect(`tuples into 'count'`, of('count').tuplesIn, counted);
  expect(`tuples out of 'count'`, of('count').tuplesOut, counted + oracle.finals);
  const totalled = counted + oracle.finals - victims.countOf(['total']);
  expect(`tuples into 'total'`, of('total').tuplesIn, totalled);
  expect(`tuples out of 'total'`, of('total').tuplesOut, totalled);
  expect(`tuples into 'out'`, of('out').tuplesIn, totalled);
  expect(`tuples seen`, oracle.tuples + oracle.finals, totalled);
  expect(`tuples into 'thin'`, of('thin').tuplesIn, totalled - victims.countOf(['line']));
  for (const name of ['line', 'file']) expect(`tuples into '${name}'`, of(name).tuplesIn, file.tuples + file.finals);

  const idsOf = (key: number): number => (key < KEYS ? main : pushed);
  const before: Target[] = ['numbers', ...front, 'count', 'total'];
  const { deadFinals } = victims;
  oracle.finish({ idsOf, dead: victims.deadAt(before), deadFinals });
  const covers = (key: number): boolean => key % flow.fileEvery === 0;
  file.finish({ idsOf, dead: victims.deadAt([...before, 'line']), deadFinals, covers });
  expect('job.deadLetters.count', job.deadLetters.count, victims.count);
  expect('job.deadLetters.dropped', job.deadLetters.dropped, 0);
}
