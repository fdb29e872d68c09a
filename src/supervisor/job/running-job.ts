// A running flow, as the app sees it: starts, answers, and ends in exactly one way: done, failed or cancelled.
// Promises: whatever the outcome, afterwards no thread and no timer of the job is left (but a thread that cannot be ended);
// a failing job never takes the app's process down, and `done` tells why it failed.

import { errors } from '../../errors.ts';
import type { Plan } from '../../flow/plan.ts';
import type { GroupSet } from '../../state/groups/group-set.ts';
import type { StateEntry, StateRow } from '../../state/rows/state-reader.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { FlowReference } from '../../workers/control.ts';
import type { CpuProfile } from '../../workers/cpu-profile.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { TraceReport } from '../../workers/tuple-traces.ts';
import type { JobUrls } from '../dashboard/pages.ts';
import type { JobReading } from '../readings/job-reading.ts';
import type { JobTopology } from '../readings/job-topology.ts';
import type { SupervisionNode } from '../supervision/tree.ts';
import { workerNamed } from '../workers/job-workers.ts';
import type { JobEvent, JobEventType, ListenOptions } from './events/job-event.ts';
import { JobEvents } from './events/job-events.ts';
import type {
  DeadLetter,
  DeadLetters,
  Job,
  JobInput,
  JobOutput,
  JobState,
  ScaleResult,
  WorkerInfo,
} from './job-api.ts';
import type { JobGround } from './job-ground.ts';
import { JobParts } from './job-parts.ts';
import { type ProfileOptions, profileOf } from './job-profile.ts';
import type { Platform } from './platform.ts';
import type { CheckedOptions } from './run-options.ts';
import { type JobOutcome, Settlement } from './settlement.ts';
import type { StateQuery } from './state-query.ts';
import { takeDown } from './take-down.ts';

export class RunningJob implements Job {
  readonly name: string;
  readonly done: Promise<void>;
  readonly deadLetters: DeadLetters;
  readonly urls: JobUrls;
  readonly #settlement = new Settlement();
  readonly #events: JobEvents;
  readonly #parts: JobParts;
  #isStateAsked = false;

  constructor(
    flow: FlowReference,
    plan: Plan,
    options: CheckedOptions,
    platform: Platform,
    ground: JobGround,
    urls: JobUrls = {},
  ) {
    this.urls = urls;
    this.#events = new JobEvents(platform.clock.epochMs);
    this.#parts = new JobParts(flow, plan, options, platform, ground, {
      events: this.#events,
      settlement: this.#settlement,
      signals: {
        outputClosed: (name, isLeft) => this.#outputClosed(name, isLeft),
        inputEnded: () => this.#parts.endings.checkJob(),
        inputAborted: (reason) => this.cancel(reason),
        bridgeEnded: () => this.#parts.endings.checkJob(),
        allEnded: () => void this.#finish('done'),
        fail: (error) => void this.#finish('failed', error),
      },
    });
    this.name = flow.name;
    this.done = this.#settlement.done;
    this.deadLetters = this.#parts.letters;
  }

  /** Starts the workers and the replicas. Rejects, with everything taken down again, if that fails. */
  async start(): Promise<void> {
    const parts = this.#parts;
    const { signal, system } = parts.options;
    const settlement = this.#settlement;
    parts.supervision.joinRoot();
    if (signal?.aborted) {
      await this.#finish('cancelled', errors.jobCancelled(this.name, signal.reason));
      return settlement.told();
    }
    const abort = (): void => void this.cancel(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    void settlement.gone.finally(() => signal?.removeEventListener('abort', abort));
    parts.ends.bridge(system);
    try {
      await parts.start.deploy(await parts.workers.start(parts.firstWorkers));
      if (settlement.isOver) return settlement.told();
      this.#watch();
    } catch (error) {
      settlement.failureIsTold();
      await this.#finish('failed', error);
      return settlement.told();
    }
    const failure = await parts.start.begin();
    if (failure !== undefined) {
      await this.#finish('failed', failure);
      return this.done;
    }
    parts.endings.checkJob();
  }

  /** Its actors are about to run: begins to look after them. */
  #watch(): void {
    const parts = this.#parts;
    const { stallTimeoutMs, lingerMs } = parts.options;
    const actors = parts.roster.replicas.filter(({ isDormant }) => !isDormant).length;
    parts.announce({ type: 'started', workers: parts.firstWorkers, actors });
    parts.letters.start();
    parts.hangWatch.start();
    parts.stallDetector.start(stallTimeoutMs, lingerMs);
    parts.notices.start();
    for (const replica of parts.roster.replicas) if (replica.worker !== undefined) replica.runs();
    parts.elasticity.start();
  }

  /** The app reads an output no further. When it was the last thing that the job is for, the job ends. */
  #outputClosed(name: string, isLeft: boolean): void {
    const { notices, ends } = this.#parts;
    notices.outputClosed();
    if (!isLeft || this.#settlement.isOver || this.#settlement.isStopping) return;
    if (ends.openEnds.length > 0 || this.#isStateAsked) notices.outputLeft(name);
    else this.#endSources();
  }

  async #finish(outcome: JobOutcome, error?: unknown): Promise<void> {
    if (!this.#settlement.decide(outcome)) return;
    await takeDown(this.#parts, outcome, error);
    this.#settlement.settle(error);
    void this.#parts.notices.end(error);
  }

  stop(...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.stop()', 0, surplus);
    if (!this.#settlement.isOver) this.#endSources();
    return this.#settlement.told();
  }

  #endSources(): void {
    const { ends, workers } = this.#parts;
    this.#settlement.stop();
    ends.endInputs();
    // Workers that die meanwhile are told when they are resumed.
    for (const { hired } of workers.active()) void outcomeOf(hired.control.stopSources());
  }

  async cancel(reason?: unknown, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.cancel(reason)', 1, surplus);
    await this.#finish('cancelled', errors.jobCancelled(this.name, reason));
    await this.#settlement.gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  output(name: string, ...surplus: readonly never[]): JobOutput<unknown> {
    refuseSurplus('job.output(name)', 1, surplus);
    return this.#parts.ends.output(name);
  }

  input(name: string, ...surplus: readonly never[]): JobInput<object> {
    refuseSurplus('job.input(name)', 1, surplus);
    return this.#parts.ends.input(name);
  }

  state<Row>(name: string, ...surplus: readonly never[]): JobState<Row> {
    refuseSurplus('job.state(operator)', 1, surplus);
    const query = this.#queryOf(name);
    this.#isStateAsked = true;
    return query as JobState<unknown> as JobState<Row>;
  }

  /** True of an operator with keyed state. */
  hasState(operator: string): boolean {
    return this.#parts.queries.has(operator);
  }

  /** All rows of a key group, for whoever looks on: unlike {@link state} it keeps no job running. */
  stateOfGroup(operator: string, group: number): Promise<readonly StateEntry[]> {
    return this.#queryOf(operator).ofGroup(group);
  }

  /** The row of a key, in the same way. */
  stateOfKey(operator: string, key: readonly unknown[]): Promise<StateRow | undefined> {
    return this.#queryOf(operator).get(...key);
  }

  #queryOf(operator: string): StateQuery {
    const { queries } = this.#parts;
    const query = queries.get(operator);
    if (query === undefined) throw errors.unknownName('operator with state', operator, [...queries.keys()]);
    return query;
  }

  reading(...surplus: readonly never[]): JobReading {
    refuseSurplus('job.reading()', 0, surplus);
    return this.#parts.reader.read();
  }

  topology(...surplus: readonly never[]): JobTopology {
    refuseSurplus('job.topology()', 0, surplus);
    return this.#parts.topology.read();
  }

  tree(...surplus: readonly never[]): SupervisionNode {
    refuseSurplus('job.tree()', 0, surplus);
    return this.#parts.supervision.tree();
  }

  workers(...surplus: readonly never[]): readonly WorkerInfo[] {
    refuseSurplus('job.workers()', 0, surplus);
    const { workers, roster } = this.#parts;
    return workers.all.map((worker) => ({
      worker: worker.host,
      threadId: worker.threadId,
      state: worker.state,
      actors: roster
        .hostedBy(worker)
        .filter(({ isEnded }) => !isEnded)
        .map(({ name }) => name),
    }));
  }

  scale(operator: string, replicas: number, ...surplus: readonly never[]): Promise<ScaleResult> {
    refuseSurplus('job.scale(operator, replicas)', 2, surplus);
    return this.#parts.elasticity.scale(operator, replicas);
  }

  /** @param loads of its key groups, in place of what was measured */
  rebalance(operator: string, loads?: readonly number[]): Promise<ScaleResult> {
    return this.#parts.elasticity.rebalance(operator, loads);
  }

  /** The key groups of each replica, by their last commits, for each operator that may have several. */
  keyGroups(): Map<string, readonly Readonly<GroupSet>[]> {
    return this.#parts.elasticity.keyGroups();
  }

  move(operator: string, replica: number, worker: number, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.move(operator, replica, worker)', 3, surplus);
    return this.#parts.elasticity.move(operator, replica, worker);
  }

  async killWorker(worker: number, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.killWorker(worker)', 1, surplus);
    const { workers, recovery } = this.#parts;
    await recovery.terminate(workerNamed(worker, workers.all), errors.workerKilled(worker));
  }

  profile(operator: string, options?: ProfileOptions, ...surplus: readonly never[]): Promise<CpuProfile> {
    refuseSurplus('job.profile(operator, options)', 2, surplus);
    return profileOf(this.#parts, operator, options);
  }

  /** Tells of each dead letter as it comes. What is told here stays unread for the app. */
  watchLetters(listener: (letter: DeadLetter) => void): void {
    this.#parts.letterWatchers.push(listener);
  }

  /** Tells what workers did with tuples of sampled traces. */
  watchTraces(listener: (worker: number, report: TraceReport) => void): void {
    this.#parts.traceWatchers.push(listener);
  }

  on(
    type: JobEventType | '*',
    listener: (event: never) => void,
    options?: ListenOptions,
    ...surplus: readonly never[]
  ): () => void {
    refuseSurplus('job.on(type, listener, options)', 3, surplus);
    return this.#events.on(type, listener as (event: JobEvent) => void, options);
  }

  events(options?: ListenOptions, ...surplus: readonly never[]): AsyncIterableIterator<JobEvent> {
    refuseSurplus('job.events(options)', 1, surplus);
    return this.#events.iterate(options);
  }
}
