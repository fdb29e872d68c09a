// simulate(): a whole job in this thread, under a seeded scheduler with virtual time, with workers that die at any step.
// Promises: supervisor, recovery, hosts, actors and shared memory are those that a job runs; only time, threads and messages
// are not. The same flow, options and seed give the same run. One simulation runs at a time in a process; others wait.
// Relies on: closures that keep to their tuples and their state, as a job does.

import { errors, MillraceError } from '../errors.ts';
import { buildGraph, type FlowDefinition } from '../flow/dataflow.ts';
import type { Graph } from '../flow/graph.ts';
import type { OutputsOf } from '../flow/handles.ts';
import { partitionsOf } from '../flow/source.ts';
import { reuseScripts } from '../mailbox/codegen.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import { type Clock, sleep } from '../platform/clock.ts';
import type { GroupSet } from '../state/groups/group-set.ts';
import { memoryBackup } from '../state/images/backup.ts';
import type { StateEntry } from '../state/rows/state-reader.ts';
import { beginJob } from '../supervisor/job/begin-job.ts';
import type { JobEvent } from '../supervisor/job/events/job-event.ts';
import type { Dataflow } from '../supervisor/job/flow.ts';
import type { DeadLetter } from '../supervisor/job/job-api.ts';
import type { Platform } from '../supervisor/job/platform.ts';
import { prepareJob } from '../supervisor/job/prepared-job.ts';
import type { RunningJob } from '../supervisor/job/running-job.ts';
import type { JobReading } from '../supervisor/readings/job-reading.ts';
import type { SupervisionNode } from '../supervisor/supervision/tree.ts';
import { refuseSurplus } from '../surplus.ts';
import { isWorkerThread } from '../workers/worker-thread.ts';
import { CrashingMemory } from './crashing-memory.ts';
import { ownersProblem } from './key-group-owners.ts';
import { Random } from './random.ts';
import { type CheckedSimulation, checkSimulateOptions, type SimulateOptions } from './simulate-options.ts';
import { ChangePlan } from './simulation/change-plan.ts';
import { CrashPlan } from './simulation/crash-plan.ts';
import { eventText } from './simulation/event-text.ts';
import { Scheduler } from './simulation/scheduler.ts';
import { SimulatedApp } from './simulation/simulated-app.ts';
import { simulatedFlow } from './simulation/simulated-flow.ts';
import { SimulatedPool } from './simulation/simulated-pool.ts';
import { SimulatedStore } from './simulation/simulated-store.ts';
import { Dormitory, SimulatedWakeWords } from './simulation/simulated-wake.ts';
import { Trace } from './simulation/trace.ts';

const TRACE_LINES_SHOWN = 40;
/** Crashes are drawn from numbers of their own, and so are changes. */
const PLAN = 0x5eed;
const CHANGES = 0xc4a6e;

/** What the simulated app does. */
type AppOptions = Pick<SimulateOptions, 'inputs' | 'app'>;

/** An app that reads all outputs and feeds all inputs by itself, and cancels the job when it has come to its end. */
export type WholeApp = (job: RunningJob, clock: Clock) => Promise<void>;

/** What a simulated run has come to. */
export interface Simulated<Outputs = Record<string, unknown>> {
  /** The tuples of each `collect`, by its name. */
  readonly outputs: { readonly [Name in keyof Outputs]: Outputs[Name][] };
  /** The final rows of each operator with state, by its name. */
  readonly state: Readonly<Record<string, readonly StateEntry[]>>;
  /** Tuples that were left out. */
  readonly deadLetters: readonly DeadLetter[];
  /** What happened, as `job.events()` tells it. */
  readonly events: readonly JobEvent[];
  /** Taken when the job had ended. */
  readonly reading: JobReading;
  /** Crashes that were simulated: threads that died or hung, and modules that could not be loaded. */
  readonly crashes: number;
  /** Changes of replicas, key groups and workers that were asked for; what came of them is in `events`. */
  readonly changes: number;
  /** Turns of all threads. */
  readonly steps: number;
  /** How long the job took in virtual time, in milliseconds. */
  readonly virtualMs: number;
  /** What happened, line by line: the latest if there is much. */
  readonly trace: readonly string[];
  /** Equal for equal runs. */
  readonly digest: string;
}

/** Simulations run one after the other: they put instrumented memory in place of the real one. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a flow to its end in this thread, with crashes, in virtual time.
 * @throws MillraceError SIMULATION_FAILED, with seed and trace, if the job fails, stands still, or leaves something behind;
 * BAD_OPTION, RUN_IN_WORKER
 */
export function simulate<Params, Built>(
  flow: Dataflow<Params, Built>,
  options: SimulateOptions<Params>,
  ...surplus: readonly never[]
): Promise<Simulated<OutputsOf<Built>>> {
  refuseSurplus('simulate(flow, options)', 2, surplus);
  // Thrown at once, as by run(): every worker of a real job imports the flow's module.
  if (isWorkerThread()) throw errors.runInWorker(flow.name);
  const checked = checkSimulateOptions(options);
  return simulateWith(flow, checked, options, new CrashPlan(new Random(checked.seed ^ PLAN), checked.crashes));
}

/** The same with crashes of the caller's choice. */
export function simulateWith<Params, Built>(
  flow: Dataflow<Params, Built>,
  checked: CheckedSimulation,
  app: AppOptions | WholeApp,
  plan: CrashPlan,
): Promise<Simulated<OutputsOf<Built>>> {
  const result = last.then(() => new Simulation(flow as FlowDefinition<never>, checked, app, plan).run());
  last = result.catch(() => {});
  return result as Promise<Simulated<OutputsOf<Built>>>;
}

/** One run. */
class Simulation {
  private readonly options: CheckedSimulation;
  private readonly inputs: Readonly<Record<string, Iterable<unknown>>>;
  private readonly alongside: NonNullable<SimulateOptions['app']>;
  private readonly wholeApp: WholeApp | undefined;
  private readonly flow: FlowDefinition<never>;
  private readonly trace = new Trace();
  private readonly scheduler: Scheduler;
  private readonly memory = new CrashingMemory();
  private readonly plan: CrashPlan;
  private readonly changes: ChangePlan;
  private readonly app: SimulatedApp;
  private readonly dormitory: Dormitory;
  private readonly events: JobEvent[] = [];
  private readonly deadLetters: DeadLetter[] = [];
  private pool: SimulatedPool | undefined;
  private job: RunningJob | undefined;

  constructor(flow: FlowDefinition<never>, options: CheckedSimulation, given: AppOptions | WholeApp, plan: CrashPlan) {
    const { inputs, app } = typeof given === 'function' ? {} : given;
    this.wholeApp = typeof given === 'function' ? given : undefined;
    this.flow = flow;
    this.options = options;
    this.inputs = inputs ?? {};
    this.alongside = app ?? (async () => {});
    this.scheduler = new Scheduler(new Random(options.seed), this.trace);
    this.plan = plan;
    this.app = new SimulatedApp(this.scheduler);
    const random = new Random(options.seed ^ CHANGES);
    this.changes = new ChangePlan(this.scheduler, this.app, random, options.changes, (nowMs) => plan.stir(nowMs));
    this.dormitory = new Dormitory(this.scheduler);
  }

  async run(): Promise<Simulated> {
    const { scheduler, options, memory } = this;
    const uninstall = options.anywhere ? memory.install() : () => {};
    // One flow is simulated with many seeds, and its actors are made anew after each crash.
    const compileAnew = reuseScripts();
    memory.rest();
    let ended: { readonly result: Simulated } | { readonly error: unknown } | undefined;
    try {
      this.live().then(
        (result) => {
          ended = { result };
        },
        (error: unknown) => {
          ended = { error };
        },
      );
      await scheduler.run({
        isDone: () => ended !== undefined,
        isWatched: () => this.pool?.hasHanging === true,
        calm: () => this.checkNobodyOversleeps(),
        stepsMax: options.stepsMax,
        msMax: options.virtualMsMax,
      });
      if (ended === undefined || 'error' in ended) throw (ended as { error: unknown } | undefined)?.error;
      this.checkNothingLeft();
      return ended.result;
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'BAD_OPTION') throw error;
      for (const change of this.changes.unsettled())
        this.trace.add(scheduler.nowMs, 'app', `${change}: has not been answered`);
      throw errors.simulationFailed(this.flow.name, options.seed, error, this.trace.tail(TRACE_LINES_SHOWN));
    } finally {
      compileAnew();
      uninstall();
      memory.reset();
    }
  }

  private platform(): Platform {
    const { scheduler, app, memory, plan, dormitory } = this;
    return {
      clock: app.clock,
      newRun: () => 'simulated',
      wakeWords: (buffer) => new SimulatedWakeWords(buffer, app, dormitory),
      pool: (_active, _most, buffers) => {
        const flowFor = (thread: Parameters<SimulatedPool['hire']>[0] | object): FlowDefinition =>
          simulatedFlow(this.flow, scheduler, thread as never);
        const kill = (host: number): void => this.kill(host);
        const turned = (): void => this.changes.turned();
        this.pool = new SimulatedPool({ scheduler, memory, plan, app, dormitory, flowFor, kill, turned }, buffers);
        return this.pool;
      },
    };
  }

  /** The app: runs the job, and takes what comes of it. */
  private async live(): Promise<Simulated> {
    const { app, scheduler, options, plan } = this;
    const flow = simulatedFlow(this.flow, scheduler, app);
    const graph = buildGraph(flow, options.run.params);
    const { backup } = options.run;
    // Puts images together between other tasks, as it would between other events.
    const later = (task: () => void): void => void scheduler.post(app, 0, 'backups', task);
    const store = new SimulatedStore(memoryBackup(later), app.clock, scheduler, plan);
    const run = { ...options.run, backup: backup && { store, ...backup } };
    const job = await beginJob(await prepareJob(flow as FlowDefinition<unknown>, run, this.platform()));
    this.job = job;
    job.on('*', (event) => this.noteEvent(event), { past: true });
    plan.arm();
    const isElastic = graph.operators.some(({ replicas }) => replicas.min < replicas.max);
    if (isElastic || !options.isChangeDrawn) this.changes.arm(job, graph.operators);
    const { outputs, state } = await this.take(job, graph);
    return {
      outputs,
      state,
      deadLetters: this.deadLetters,
      events: this.events,
      reading: job.reading(),
      crashes: plan.crashes,
      changes: this.changes.changes,
      steps: scheduler.steps,
      virtualMs: scheduler.nowMs,
      trace: this.trace.lines(),
      digest: this.trace.digest(),
    };
  }

  /** Takes all that comes of the job, to its end. */
  private async take(job: RunningJob, graph: Graph): Promise<Pick<Simulated, 'outputs' | 'state'>> {
    const { app } = this;
    if (this.wholeApp !== undefined) {
      const ended = job.done.catch((error: unknown) => {
        if (!(error instanceof MillraceError && error.code === 'JOB_CANCELLED')) throw error;
      });
      await Promise.all([this.wholeApp(job, app.clock), ended]);
      await this.changes.settled();
      return { outputs: {}, state: {} };
    }
    const outputs = graph.operators.filter(({ kind }) => kind.role === 'output').map(({ name }) => name);
    const inputs = graph.operators.filter(({ source }) => source?.kind === 'push').map(({ name }) => name);
    const [tuples] = await Promise.all([
      Promise.all(outputs.map((name) => app.read(job, name))),
      Promise.all(inputs.map((name) => app.push(job, name, this.inputs[name] ?? []))),
      this.alongside(job, (ms) => sleep(app.clock, ms)),
      this.readLetters(job),
      job.done,
    ]);
    await this.changes.settled();
    checkKeyGroups(job.keyGroups(), graph);
    const state: Record<string, StateEntry[]> = {};
    for (const { name } of graph.operators.filter(({ state }) => state !== undefined)) {
      state[name] = [];
      for await (const entry of job.state(name).entries()) state[name].push(entry as StateEntry);
    }
    return { outputs: Object.fromEntries(outputs.map((name, i) => [name, tuples[i]])), state };
  }

  /** Not by their events: actors may write some before anybody can listen. */
  private async readLetters(job: RunningJob): Promise<void> {
    for await (const letter of job.deadLetters) this.deadLetters.push(letter);
  }

  private noteEvent(event: JobEvent): void {
    this.events.push(event);
    if (event.type === 'spareFailed') this.plan.spareFailed();
    this.trace.add(this.scheduler.nowMs, 'job', eventText(event));
  }

  private kill(host: number): void {
    const { scheduler, app } = this;
    scheduler.post(app, 0, `kills worker ${host}`, () => {
      this.job?.killWorker(host).catch(() => {});
    });
  }

  /** While no actor waits to be taken over, nobody sleeps who has something to do. */
  private checkNobodyOversleeps(): void {
    const { job, pool } = this;
    if (job === undefined || pool === undefined || !isCalm(job.tree())) return;
    const [thread] = pool.oversleeping();
    if (thread !== undefined)
      throw errors.simulationStuck(`${thread.name} sleeps though it has something to do: a lost wake-up`);
  }

  /** After a job no thread, no timer and nobody who waits is left. */
  private checkNothingLeft(): void {
    const threads = this.pool?.left.map(({ name }) => name) ?? [];
    if (threads.length > 0) throw errors.simulationStuck(`threads are left: ${threads.join(', ')}`);
    const tasks = this.scheduler.left();
    if (tasks.length > 0) throw errors.simulationStuck(`timers are left: ${tasks.join(', ')}`);
    const sleepers = this.dormitory.left();
    if (sleepers.length > 0) throw errors.simulationStuck(`somebody still sleeps: ${sleepers.join(', ')}`);
  }
}

const isCalm = ({ state, kind, children }: SupervisionNode): boolean =>
  kind === 'replica' ? state !== 'starting' && state !== 'restarting' : children.every(isCalm);

/** After a job each key group of an operator, and each partition of a source, is one replica's. */
function checkKeyGroups(owned: ReadonlyMap<string, readonly Readonly<GroupSet>[]>, { operators }: Graph): void {
  for (const [operator, replicas] of owned) {
    const source = operators.find(({ name }) => name === operator)?.source;
    const groups = source === undefined ? KEY_GROUPS : partitionsOf(source);
    const problem = ownersProblem(operator, replicas, groups, true);
    if (problem !== undefined) throw errors.simulationStuck(problem);
  }
}
