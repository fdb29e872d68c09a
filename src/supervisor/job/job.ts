// A running flow: starts workers, deploys actors, hears their reports, and ends in exactly one way: done, failed or cancelled.
// Promises: whatever the outcome, afterwards no thread and no timer of the job is left (but a thread that cannot be ended);
// a failing job never takes the app's process down, and `done` tells why it failed.

import { type ActorDescriptor, FIRST_START } from '../../actors/actor-descriptor.ts';
import { StepWords } from '../../actors/vitals/step-words.ts';
import { Vitals, WorkCell } from '../../actors/vitals/vitals.ts';
import { errors, toRecord } from '../../errors.ts';
import { buildGraph, type FlowDefinition } from '../../flow/dataflow.ts';
import { type Plan, planOf, type Stage, stageName } from '../../flow/plan.ts';
import { RING_BYTES_MIN } from '../../mailbox/ring.ts';
import { WakeWords } from '../../mailbox/wake.ts';
import type { GroupSet } from '../../state/groups/group-set.ts';
import type { Backup } from '../../state/images/backup.ts';
import { STATE_BYTES_MIN } from '../../state/memory/arena.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { ActorName, FlowReference, WorkerReports, WorkerSettings } from '../../workers/control.ts';
import { Patience } from '../../workers/patience.ts';
import type { ThreadPool } from '../../workers/pool.ts';
import { type CallOutcome, outcomeOf } from '../../workers/remote-calls.ts';
import { type Deployment, deploy } from '../deployment.ts';
import { JobElasticity, memberNamed } from '../elasticity/job-elasticity.ts';
import { Backups } from '../recovery/backups.ts';
import { Crew, type CrewMember, HOSTS_BEYOND } from '../recovery/crew.ts';
import { HangDetector } from '../recovery/hang-detector.ts';
import { nameText, positionOf, type Recoverable, Recovery, recoverable, replicaName } from '../recovery/recovery.ts';
import { JobSupervision, rootSupervisor, type SupervisionNode } from '../supervision.ts';
import { AppHost } from './app-host.ts';
import { CollectedLetters } from './dead-letters.ts';
import { checkFiles } from './file-conflicts.ts';
import type {
  DeadLetters,
  Job,
  JobEvent,
  JobInput,
  JobMetrics,
  JobOutput,
  JobState,
  ScaleResult,
  WorkerInfo,
} from './job-api.ts';
import { PushedInput } from './job-input.ts';
import { CollectedOutput } from './job-output.ts';
import { MetricsReader } from './metrics.ts';
import { HeardPromise } from './notices/heard-promise.ts';
import { JobNotices } from './notices/job-notices.ts';
import { Notices } from './notices/notices.ts';
import { endWorkers } from './orderly-end.ts';
import { type Platform, systemPlatform } from './platform.ts';
import { type CheckedOptions, checkRunOptions, type RunOptions } from './run-options.ts';
import { StallDetector } from './stalls/stall-detector.ts';
import { StallReader } from './stalls/stall-reading.ts';
import { StateQuery } from './state-query.ts';

/** Events that are kept for a listener to come: the latest. */
const UNHEARD_MAX = 1000;

type Outcome = Extract<JobEvent, { type: 'ended' }>['outcome'];

function tell(listener: (event: JobEvent) => void, event: JobEvent): void {
  try {
    listener(event);
  } catch (error) {
    // A listener's fault is the app's own, but it must not keep the job from ending.
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class RunningJob implements Job {
  readonly name: string;
  readonly done: HeardPromise<void>;
  readonly deadLetters: DeadLetters;
  private readonly platform: Platform;
  private readonly options: CheckedOptions;
  private readonly plan: Plan;
  private readonly deployment: Deployment;
  private readonly wakeWords: WakeWords;
  private readonly stepWords: StepWords;
  private readonly appHost: AppHost;
  private readonly supervisorHost: AppHost;
  private readonly pool: ThreadPool;
  private readonly crew: Crew;
  private readonly patience: Patience;
  private readonly supervision: JobSupervision;
  private readonly recovery: Recovery;
  private readonly elasticity: JobElasticity;
  private readonly hangDetector: HangDetector;
  private readonly stallDetector: StallDetector;
  private readonly notices: JobNotices;
  private readonly backups: Backups | undefined;
  private readonly letters: CollectedLetters;
  private readonly actors: readonly Recoverable[];
  private readonly outputs = new Map<string, CollectedOutput<unknown>>();
  private readonly inputs = new Map<string, PushedInput<object>>();
  private readonly queries = new Map<string, StateQuery>();
  private readonly metricsReader: MetricsReader;
  private readonly listeners = new Set<(event: JobEvent) => void>();
  /** Events that nobody has listened to yet: run() resolves after the first of them. */
  private unheard: JobEvent[] = [];
  /** Stages whose end has been told: a replica may be woken for a moment as its operator ends. */
  private readonly toldEnded = new Set<Stage>();
  /** Settles as `done` does. What the job itself waits for is no sign that the app hears of a failure. */
  private readonly settled: Promise<void>;
  private outcome: Outcome | undefined;
  private stopping = false;
  /** True once the app has been told of a failure, or will be, by something else than `done`. */
  private isFailureTold = false;
  private isStateAsked = false;
  /** Operators of which it was told that a tuple takes long. */
  private readonly toldSlow = new Set<string | undefined>();
  private resolveDone!: () => void;
  private rejectDone!: (error: unknown) => void;

  constructor(flow: FlowReference, plan: Plan, options: RunOptions, platform: Platform = systemPlatform) {
    const checked = checkRunOptions(options);
    const { clock } = platform;
    const hosts = checked.maxWorkers + checked.spares + HOSTS_BEYOND;
    this.name = flow.name;
    this.platform = platform;
    this.options = checked;
    this.plan = plan;
    this.deployment = deploy(plan, checked.workers, checked, hosts);
    // After the workers' hosts come the app's thread, and the same thread as the reader of dead letters and as the supervisor.
    this.wakeWords = platform.wakeWords(WakeWords.allocate(hosts + 3));
    this.supervisorHost = new AppHost(hosts + 2, this.wakeWords, clock);
    this.stepWords = new StepWords(StepWords.allocate(hosts));
    this.appHost = new AppHost(this.deployment.appHost, this.wakeWords, clock);
    this.settled = new Promise((resolve, reject) => {
      this.resolveDone = resolve;
      this.rejectDone = reject;
    });
    // Whoever awaits done or reads an output hears of a failure; nobody's silence may end the process.
    this.settled.catch(() => {});
    this.done = HeardPromise.of(this.settled);
    const counts = this.connectApp();
    this.actors = this.deployment.placements
      .filter(({ stage }) => stage.place === 'worker')
      .map((placement) => recoverable(placement, new Vitals(placement.descriptor.vitals).work));
    const gone = this.settled.catch(() => {});
    for (const stage of plan.stages) {
      if (stage.operators[0].state === undefined) continue;
      const actors = this.actors.filter(({ placement }) => placement.stage === stage);
      const query = new StateQuery(stage, { clock, actors, gone, isOver: () => this.outcome !== undefined });
      this.queries.set(stageName(stage), query);
    }
    const descriptors = this.actors.map(({ placement }) => placement.descriptor);
    this.notices = this.noticesOf(checked);
    this.letters = new CollectedLetters(
      descriptors,
      new AppHost(hosts + 1, this.wakeWords, clock),
      (letter) => this.announce(this.notices.letterEvent(letter)),
      () => this.notices.lettersRead(),
    );
    this.deadLetters = this.letters;
    this.supervision = superviseStages(flow.name, plan, checked);
    const buffers = { wakeWords: this.wakeWords.buffer, stepWords: this.stepWords.buffer };
    this.pool = platform.pool(checked.workers, hosts, buffers, checked.resourceLimits);
    this.patience = new Patience(clock, checked.startTimeoutMs, (text) => this.takesLong(text));
    this.crew = new Crew(
      clock,
      this.patience,
      this.pool,
      flow,
      hosts,
      checked.spares,
      checked.maxWorkers,
      (member) => this.reportsOf(member),
      {
        lost: (member, cause) => void this.recovery.lost(member, cause),
        warmUp: async ({ hired }) => hired.control.warmUp(scratchActors(plan)),
        spareFailed: (error, attempt) => this.announce({ type: 'spareFailed', error: asError(error), attempt }),
      },
    );
    this.backups = this.backupsOf(checked);
    this.recovery = this.recoveryOf(checked);
    this.elasticity = this.elasticityOf(counts);
    this.stallDetector = this.stallDetectorOf();
    const stall = (): JobMetrics['stalled'] => this.stallDetector.current;
    const lettersOf = (operator: string): number => this.letters.countOf(operator);
    const { loads } = this.elasticity;
    this.metricsReader = new MetricsReader(clock, plan, this.deployment, counts, loads, lettersOf, stall);
    const workOf = new Map(this.actors.map(({ placement, work }) => [placement.descriptor.number, work]));
    this.hangDetector = new HangDetector(
      clock,
      this.stepWords,
      this.wakeWords,
      (actor) => workOf.get(actor) as Int32Array,
    );
  }

  /** Makes the app's own ends of streams; returns what counts their tuples, by stage. */
  private connectApp(): Map<number, () => number> {
    const counts = new Map<number, () => number>();
    for (const { stage, descriptor } of this.deployment.placements) {
      if (stage.place !== 'app') continue;
      if (stage.outputs.length === 0) {
        const output = new CollectedOutput(this.plan, stage, descriptor, this.appHost, (isLeft) =>
          this.outputClosed(stageName(stage), isLeft),
        );
        this.outputs.set(output.name, output);
        counts.set(stage.index, () => output.tuplesRead);
      } else {
        const input = new PushedInput<object>(
          stage,
          descriptor,
          this.appHost,
          () => this.endIfAllEnded(),
          (reason) => this.cancel(reason),
        );
        this.inputs.set(input.name, input);
        counts.set(stage.index, () => input.tuplesPushed);
      }
    }
    return counts;
  }

  private noticesOf({ notices }: CheckedOptions): JobNotices {
    const job = {
      name: this.name,
      isFailureHeard: () =>
        this.isFailureTold || this.done.isHeard || [...this.outputs.values()].some(({ hasThrown }) => hasThrown),
      isReading: () => [...this.outputs.values()].some(({ demand }) => demand === 'held' || demand === 'asked'),
      stall: () => this.stallDetector.current,
      otherEnds: () => this.otherEnds(),
    };
    return new JobNotices(this.platform.clock, job, new Notices(this.name, notices));
  }

  private stallDetectorOf(): StallDetector {
    const { letters } = this;
    const reader = new StallReader({
      plan: this.plan,
      stepWords: this.stepWords,
      actors: this.actors,
      outputs: this.outputs,
      inputs: this.inputs,
      letters: () => letters.flow,
      isDoneAwaited: () => this.done.isHeard,
      isUnderWay: () => isUnderWay(this.supervision.tree()),
    });
    return new StallDetector(this.platform.clock, reader, {
      stalled: (stall, isForPeople) => {
        this.announce({ type: 'stalled', stall });
        if (isForPeople) this.notices.stalled(stall);
      },
      ended: (tookMs) => this.announce({ type: 'stallEnded', tookMs }),
    });
  }

  /** Names of what still takes tuples: sinks, and outputs that have not been closed. */
  private otherEnds(): string[] {
    return this.plan.graph.operators
      .filter(({ name, outputs }) => outputs.length === 0 && this.outputs.get(name)?.demand !== 'closed')
      .map(({ name }) => name);
  }

  /** The app reads an output no further. When it was the last thing that the job is for, the job ends. */
  private outputClosed(name: string, isLeft: boolean): void {
    this.notices.outputClosed();
    if (!isLeft || this.outcome !== undefined || this.stopping) return;
    if (this.otherEnds().length > 0 || this.isStateAsked) this.notices.outputLeft(name);
    else this.endSources();
  }

  private get settings(): WorkerSettings {
    const { lingerMs, backup, startTimeoutMs } = this.options;
    return { lingerMs, backupEveryMs: backup?.everyMs, startTimeoutMs };
  }

  private backupsOf({ backup }: CheckedOptions): Backups | undefined {
    if (backup === undefined) return undefined;
    const operatorOf = ({ stage }: ActorName): string => stageName(this.plan.stages[stage]);
    return new Backups(
      backup,
      (actor) => `${this.name}/${operatorOf(actor)}/${actor.replica}`,
      (actor, error) => {
        const { replica } = actor;
        this.announce({ type: 'backupFailed', operator: operatorOf(actor), replica, error: asError(error) });
      },
    );
  }

  private recoveryOf({ fenceTimeoutMs, hangTimeoutMs }: CheckedOptions): Recovery {
    return new Recovery({
      clock: this.platform.clock,
      plan: this.plan,
      actors: this.actors,
      crew: this.crew,
      pool: this.pool,
      supervision: this.supervision,
      stepWords: this.stepWords,
      fenceTimeoutMs,
      hangTimeoutMs,
      settings: this.settings,
      backups: this.backups,
      isOver: () => this.outcome !== undefined,
      isStopping: () => this.stopping,
      announce: (event) => this.announce(event),
      fail: (error) => void this.fail(error, 'failed'),
    });
  }

  private elasticityOf(counts: ReadonlyMap<number, () => number>): JobElasticity {
    const { workers, maxWorkers, scaling } = this.options;
    return new JobElasticity({
      clock: this.platform.clock,
      plan: this.plan,
      placements: this.deployment.placements,
      actors: this.actors,
      crew: this.crew,
      recovery: this.recovery,
      supervision: this.supervision,
      stepWords: this.stepWords,
      wakeWords: this.wakeWords,
      host: this.supervisorHost,
      backups: this.backups,
      workers,
      maxWorkers,
      scaling,
      appCount: (stage) => counts.get(stage.index)?.() ?? 0,
      appBlockedMs: (stage) => this.inputs.get(stageName(stage))?.blockedMs ?? 0,
      isOver: () => this.outcome !== undefined,
      announce: (event) => this.announce(event),
      retired: (stage) => {
        this.tellIfEnded(stage);
        this.endIfAllEnded();
      },
    });
  }

  /** Starts the workers and the actors. Rejects, with everything taken down again, if that fails. */
  async start({ signal }: RunOptions): Promise<void> {
    rootSupervisor.add(this.supervision);
    if (signal?.aborted)
      return this.fail(errors.jobCancelled(this.name, signal.reason), 'cancelled').then(() => this.told());
    const abort = (): void => void this.cancel(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    void this.settled.catch(() => {}).finally(() => signal?.removeEventListener('abort', abort));
    const { workers } = this.options;
    try {
      await this.deployTo(await this.crew.start(workers));
      if (this.outcome !== undefined) return this.told();
    } catch (error) {
      this.isFailureTold = true;
      await this.fail(error, 'failed');
      return this.told();
    }
    const actors = this.actors.filter(({ placement }) => !placement.isDormant).length;
    this.announce({ type: 'started', workers, actors });
    this.letters.start();
    const { hangTimeoutMs } = this.options;
    this.hangDetector.start(
      hangTimeoutMs,
      () => this.crew.active().map(({ host }) => host),
      (host) => this.hung(host),
      (host, forMs) => this.slow(host, forMs),
    );
    this.stallDetector.start(this.options.stallTimeoutMs, this.options.lingerMs);
    this.notices.start();
    for (const { placement, member } of this.actors) {
      if (member !== undefined)
        this.supervision.started(placement.stage.index, placement.descriptor.replica, member.host);
    }
    this.elasticity.start();
    const failures = await Promise.all(this.crew.active().map((member) => this.startOn(member)));
    const failure = failures.find((error) => error !== undefined);
    if (failure !== undefined) {
      await this.fail(failure, 'failed');
      return this.done;
    }
    this.endIfAllEnded();
  }

  /** Lets a worker open its sinks, and begin; returns why it has not. What dies or fails there is recovery's matter. */
  private async startOn(member: CrewMember): Promise<unknown> {
    const sinks = this.actors
      .filter((actor) => actor.member === member)
      .flatMap(({ placement }) => placement.stage.operators.filter(({ sink }) => sink !== undefined))
      .map(({ name }) => name);
    const { limitMs } = this.patience;
    const started = outcomeOf(member.hired.control.start());
    if (sinks.length === 0) return undefined;
    // It answers before its first step, which may take long, or end the worker.
    const outcome = await this.patience
      .await(started, {
        what: `open() of sink ${sinks.map((name) => `'${name}'`).join(' or ')} on worker ${member.host}`,
        failure: () => errors.openTimeout('sink', sinks, member.host, limitMs),
      })
      .catch((error: unknown) => error);
    return outcome instanceof Error ? outcome : undefined;
  }

  private takesLong(text: string): void {
    this.notices.takesLong(text);
  }

  /** Makes the actors on their workers. The hosts of a new job are numbered from 0, as the deployment has placed them. */
  private async deployTo(members: readonly CrewMember[]): Promise<void> {
    await Promise.all(
      members.map(async (member) => {
        const mine = this.actors.filter(({ placement }) => placement.host === member.host);
        for (const actor of mine) actor.member = member;
        for (const actors of apart(mine, opensSource)) {
          const orders = actors.map(({ placement: { descriptor } }) => ({ descriptor, resumption: FIRST_START }));
          const outcome = await this.opened(member, actors, member.hired.control.deploy(orders, this.settings));
          // Nothing has run yet: what keeps a worker from starting is not worth a second try.
          if (outcome.kind === 'gone') throw errors.workerDied(member.host, mine.map(nameText), outcome.cause);
          if (outcome.kind === 'failed') throw outcome.error;
        }
      }),
    );
  }

  /** How a call ends in which actors open their sources. Rejects if that takes too long. */
  private opened({ host }: CrewMember, actors: readonly Recoverable[], call: Promise<unknown>): Promise<CallOutcome> {
    if (!actors.some(opensSource)) return outcomeOf(call);
    const names = actors.map((actor) => stageName(actor.placement.stage));
    return this.patience.await(outcomeOf(call), {
      what: `open() of source ${names.map((name) => `'${name}'`).join(' or ')} on worker ${host}`,
      failure: () => errors.openTimeout('source', names, host, this.patience.limitMs),
    });
  }

  private hung(host: number): void {
    const member = this.crew.find(host);
    if (member === undefined) return;
    const actor = this.steppedBy(host);
    const reason = errors.workerHung(host, actor && operatorInWork(actor), this.options.hangTimeoutMs);
    void this.recovery.terminate(member, reason);
  }

  private steppedBy(host: number): Recoverable | undefined {
    const stepping = this.stepWords.stepping(host);
    return this.actors.find(({ placement }) => placement.descriptor.number === stepping);
  }

  /** What is about to count as a hang is told while there is time. To people once an operator: the next tuple may be as slow. */
  private slow(worker: number, forMs: number): void {
    const { hangTimeoutMs: limitMs } = this.options;
    const actor = this.steppedBy(worker);
    const operator = actor && operatorInWork(actor);
    const position = actor && positionOf(actor, this.plan);
    this.announce({ type: 'slow', operator, worker, position, forMs, limitMs });
    if (this.toldSlow.has(operator)) return;
    this.toldSlow.add(operator);
    this.notices.slow({ operator, worker, position, forMs, limitMs });
  }

  private reportsOf(member: () => CrewMember): WorkerReports {
    return {
      ended: (actor) => this.ended(actor),
      failed: (report) => this.recovery.failed(member(), report),
      recovered: ({ stage, replica }, committedAtMs) =>
        this.recovery.recovered(member(), stage, replica, committedAtMs),
      backup: (name, backup) => this.backUp(name, backup, member()),
      takesLong: (text) => this.takesLong(text),
    };
  }

  private backUp(name: ActorName, backup: Backup, member: CrewMember): void {
    const actor = this.actors.find(
      ({ placement: { descriptor } }) => descriptor.stage === name.stage && descriptor.replica === name.replica,
    );
    // An increment of a dead worker must not follow the full backup of its successor.
    if (actor?.member !== member) return;
    this.backups?.write(name, backup, (isStored) => {
      void outcomeOf(member.hired.control.backupDone(name, backup.sequence, isStored));
    });
  }

  /** An actor has ended: a fact of its last commit, so it holds whichever incarnation told it. */
  private ended({ stage, replica }: ActorName): void {
    const actor = this.actors.find(
      ({ placement: { descriptor } }) => descriptor.stage === stage && descriptor.replica === replica,
    );
    if (actor === undefined || actor.isEnded) return;
    actor.isEnded = true;
    this.supervision.ended(stage, replica);
    // A hand-over may wait for it.
    this.wakeWords.wakeUnconditionally(this.supervisorHost.id);
    this.tellIfEnded(this.plan.stages[stage]);
    this.endIfAllEnded();
  }

  /** Tells that a stage has ended when its last replica has: one that retires then has ended nothing itself. */
  private tellIfEnded(stage: Stage): void {
    const same = this.actors.filter(({ placement }) => placement.stage === stage);
    if (this.toldEnded.has(stage) || !same.every(hasEnded) || !same.some(({ isEnded }) => isEnded)) return;
    this.toldEnded.add(stage);
    for (const { name } of stage.operators) this.announce({ type: 'operatorEnded', operator: name });
  }

  private endIfAllEnded(): void {
    // An input may lead straight to an output: then no actor's end tells the end of the job.
    const fed = [...this.inputs.values()].some((input) => !input.isEnded);
    if (this.actors.every(hasEnded) && !fed && this.outcome === undefined) void this.finish('done');
  }

  private async finish(outcome: Outcome, error?: unknown): Promise<void> {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.hangDetector.stop();
    this.stallDetector.stop();
    this.elasticity.stop();
    this.crew.close();
    this.patience.close();
    this.recovery.close();
    if (error !== undefined) {
      for (const output of this.outputs.values()) output.fail(error);
    }
    for (const input of this.inputs.values()) input.close();
    this.supervisorHost.close();
    if (outcome !== 'done') {
      this.appHost.close();
      this.supervision.failed();
    }
    if (error instanceof Error && outcome === 'failed')
      this.announce(this.notices.failedEvent({ type: 'failed', error, record: toRecord(error) }));
    const { crew, actors, supervision } = this;
    const { shutdownTimeoutMs, fenceTimeoutMs } = this.options;
    await endWorkers({ clock: this.platform.clock, crew, actors, supervision, shutdownTimeoutMs });
    await this.pool.close(fenceTimeoutMs);
    await this.backups?.settle();
    this.letters.end();
    this.metricsReader.freeze();
    rootSupervisor.remove(this.supervision);
    this.announce({ type: 'ended', outcome });
    forgetFrames(error);
    if (error === undefined) this.resolveDone();
    else this.rejectDone(error);
    void this.notices.end(error);
  }

  private fail(error: unknown, outcome: 'failed' | 'cancelled'): Promise<void> {
    return this.finish(outcome, error);
  }

  private announce(event: JobEvent): void {
    // Dead letters wait in job.deadLetters.
    if (this.listeners.size === 0 && event.type !== 'deadLetter') this.unheard.push(event);
    if (this.unheard.length > UNHEARD_MAX) this.unheard.shift();
    for (const listener of this.listeners) tell(listener, event);
  }

  stop(...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.stop()', 0, surplus);
    if (this.outcome === undefined) this.endSources();
    return this.told();
  }

  private endSources(): void {
    this.stopping = true;
    for (const input of this.inputs.values()) input.end();
    // Workers that die meanwhile are told when they are resumed.
    for (const { hired } of this.crew.active()) void outcomeOf(hired.control.stopSources());
  }

  /** As `done`, for a caller who hears of a failure by this. */
  private told(): Promise<void> {
    this.isFailureTold = true;
    return this.settled.then();
  }

  async cancel(reason?: unknown, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.cancel(reason)', 1, surplus);
    await this.fail(errors.jobCancelled(this.name, reason), 'cancelled');
    await this.settled.catch(() => {});
  }

  output(name: string, ...surplus: readonly never[]): JobOutput<unknown> {
    refuseSurplus('job.output(name)', 1, surplus);
    const output = this.outputs.get(name);
    if (output === undefined) throw errors.unknownName('output', name, [...this.outputs.keys()]);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  input(name: string, ...surplus: readonly never[]): JobInput<object> {
    refuseSurplus('job.input(name)', 1, surplus);
    const input = this.inputs.get(name);
    if (input === undefined) throw errors.unknownName('input', name, [...this.inputs.keys()]);
    return input;
  }

  state<Row>(name: string, ...surplus: readonly never[]): JobState<Row> {
    refuseSurplus('job.state(operator)', 1, surplus);
    const query = this.queries.get(name);
    if (query === undefined) throw errors.unknownName('operator with state', name, [...this.queries.keys()]);
    this.isStateAsked = true;
    return query as JobState<unknown> as JobState<Row>;
  }

  metrics(...surplus: readonly never[]): JobMetrics {
    refuseSurplus('job.metrics()', 0, surplus);
    return this.metricsReader.read();
  }

  tree(...surplus: readonly never[]): SupervisionNode {
    refuseSurplus('job.tree()', 0, surplus);
    return this.supervision.tree();
  }

  workers(...surplus: readonly never[]): readonly WorkerInfo[] {
    refuseSurplus('job.workers()', 0, surplus);
    return [...this.crew.members].map((member) => ({
      worker: member.host,
      threadId: member.threadId,
      state: member.state,
      actors: this.actors.filter((actor) => actor.member === member && !actor.isEnded).map(replicaName),
    }));
  }

  scale(operator: string, replicas: number, ...surplus: readonly never[]): Promise<ScaleResult> {
    refuseSurplus('job.scale(operator, replicas)', 2, surplus);
    return this.elasticity.scale(operator, replicas);
  }

  /** @param loads of its key groups, in place of what was measured */
  rebalance(operator: string, loads?: readonly number[]): Promise<ScaleResult> {
    return this.elasticity.rebalance(operator, loads);
  }

  /** The key groups of each replica, by their last commits, for each operator that may have several. */
  keyGroups(): Map<string, readonly Readonly<GroupSet>[]> {
    return this.elasticity.keyGroups();
  }

  move(operator: string, replica: number, worker: number, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.move(operator, replica, worker)', 3, surplus);
    return this.elasticity.move(operator, replica, worker);
  }

  async killWorker(worker: number, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('job.killWorker(worker)', 1, surplus);
    const member = memberNamed(worker, [...this.crew.members]);
    await this.recovery.terminate(member, errors.workerKilled(worker));
  }

  on(listener: (event: JobEvent) => void, ...surplus: readonly never[]): () => void {
    refuseSurplus('job.on(listener)', 1, surplus);
    this.listeners.add(listener);
    for (const event of this.unheard.splice(0)) tell(listener, event);
    return () => this.listeners.delete(listener);
  }
}

/** True of an actor that does nothing more, unless key groups are handed over to it. */
const hasEnded = ({ isEnded, placement }: Recoverable): boolean => isEnded || placement.isDormant;

/** True of an actor that begins with a source of its own. */
const opensSource = ({ placement }: Recoverable): boolean => placement.stage.operators[0].source?.kind === 'reader';

/** Parts of a list, in its order: each one that is `alone` by itself, those between them together. */
function apart<Item>(items: readonly Item[], alone: (item: Item) => boolean): Item[][] {
  const parts: Item[][] = [];
  let isOpen = false;
  for (const item of items) {
    if (isOpen && !alone(item)) parts[parts.length - 1].push(item);
    else parts.push([item]);
    isOpen = !alone(item);
  }
  return parts;
}

/**
 * Lets an error and its causes go of the objects in whose methods they were made: V8 keeps those until the text of the stack is
 * asked for, and whoever keeps `done` would keep the whole job.
 */
function forgetFrames(error: unknown): void {
  for (let each = error; each instanceof Error; each = each.cause) void each.stack;
}

/** The operator of an actor's chain that runs, or ran last. */
const operatorInWork = ({ work, placement: { stage } }: Recoverable): string =>
  (stage.operators[Atomics.load(work, WorkCell.operator)] ?? stage.operators[0]).name;

/** True while an actor is being started, or taken over after a crash. */
const isUnderWay = ({ state, kind, children }: SupervisionNode): boolean =>
  kind === 'replica' ? state === 'starting' || state === 'restarting' : children.some(isUnderWay);

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Small memory for one actor of each stage, for spares to warm up on. */
function scratchActors(plan: Plan): ActorDescriptor[] {
  const limits = { ringBytes: RING_BYTES_MIN, outboxBytes: RING_BYTES_MIN, stateBytes: STATE_BYTES_MIN };
  return deploy(plan, 1, limits)
    .placements.filter(({ stage, descriptor }) => stage.place === 'worker' && descriptor.replica === 0)
    .map(({ descriptor }) => descriptor);
}

/** The job's supervision tree. Stages in the app's own thread are no children: there is nothing to restart. */
function superviseStages(job: string, plan: Plan, { supervision }: CheckedOptions): JobSupervision {
  const operators = plan.stages.map((stage) => ({
    name: stageName(stage),
    replicas: stage.place === 'worker' ? stage.replicas : 0,
    dormantFrom: stage.parallelism,
    supervision: stage.operators[0].supervision,
  }));
  return new JobSupervision(job, operators, supervision);
}

/** Builds, deploys and starts a flow. */
export async function runFlow<Params>(
  flow: FlowDefinition<Params>,
  options: RunOptions<Params>,
  platform: Platform = systemPlatform,
): Promise<RunningJob> {
  checkRunOptions(options);
  const graph = buildGraph(flow, options.params as Params);
  checkFiles(graph);
  const { moduleUrl, name } = flow;
  const reference = { moduleUrl, name, params: options.params, fingerprint: graph.fingerprint };
  const job = new RunningJob(reference, planOf(graph), options, platform);
  await job.start(options);
  return job;
}
