// One actor over memory of its own, driven (actor-driver.ts) as testOperator() needs it: no threads, no clock but the test's, no
// chance. What it shares with a job: graph, plan, deployment, actor, rings, commits, backups, and how an actor is resumed after
// a crash. What comes out of it gathers as it is committed.
// Promises: an open batch stays open until it is ordered to commit, or is full.
// Relies on: whoever resumes the actor has the one before released.

import type { Actor } from '../actors/actor.ts';
import type { StepStatus } from '../actors/actor-descriptor.ts';
import { ActorFailure } from '../actors/failures/failure.ts';
import { stageReaders } from '../actors/stage-readers.ts';
import { errors, fromRecord, type MillraceError } from '../errors.ts';
import { readersOf, type Stage, stageName } from '../flow/plan.ts';
import { reuseScripts } from '../mailbox/codegen.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { TupleReader } from '../mailbox/tuple-reader.ts';
import { WakeWords } from '../mailbox/wake.ts';
import { memoryBackup } from '../state/images/backup.ts';
import { allocateArenas } from '../state/memory/arena.ts';
import type { StateEntry, StateRow } from '../state/rows/state-reader.ts';
import { CommitLog } from '../state/transaction/commit-log.ts';
import type { CommitRecord } from '../state/transaction/commit-record.ts';
import { allocateTransaction } from '../state/transaction/transaction.ts';
import { deploy, type MemoryLimits } from '../supervisor/deployment.ts';
import { ActorDriver, type Beginning } from './actor-driver.ts';
import { nothing, type Outcome } from './comparison.ts';
import { InputFeed } from './input-feed.ts';
import type { OperatorPlan } from './operator-plan.ts';
import type { FedTime } from './tested-input.ts';
import type { WorldTap } from './world-taps.ts';

export interface SiteSetup {
  /** Builds the flow anew, with fresh closures. */
  readonly build: (tap: WorldTap) => OperatorPlan;
  readonly limits: MemoryLimits;
  /** Between it and the world. */
  readonly tap: WorldTap;
  /** Whether its actors take snapshots, from the first one on, when they are told to, or never. */
  readonly snapshots: 'at once' | 'when told' | 'never';
  readonly now: () => number;
}

/** How the actor goes on. */
export interface Resuming {
  /** True to build the flow anew, so that its closures have seen nothing. */
  readonly freshClosures?: boolean;
  /** True to commit tuple by tuple. */
  readonly isolate?: boolean;
  /** True to give it fresh memory, restored from its last snapshot. */
  readonly fromSnapshot?: boolean;
  /** True to take a snapshot at each commit. Whoever asks for it may go on from a snapshot. */
  readonly snapshots?: boolean;
}

/** As an actor's, and `failed`: it cannot go on, see {@link Site.failure}. */
export type SiteStatus = Exclude<StepStatus, 'superseded'> | 'failed';

/** Timers that fire at one moment of the test's clock, at most. */
const FIRED_MAX = 100_000;

const APP = 0;
const ACTOR = 1;
/** No batch commits because of its age: it is told to. */
const LINGER_MS = Number.MAX_SAFE_INTEGER;

export class Site {
  readonly tap: WorldTap;
  /** What it cannot go on for. */
  failure: MillraceError | undefined;
  /** True while it commits tuple by tuple. */
  isIsolated = false;
  /** True while timers do not fire, though they are due. */
  holdsTimers = false;
  private readonly setup: SiteSetup;
  private readonly wakeWords = new WakeWords(WakeWords.allocate(2));
  /** One for each output of the stage. */
  private readonly outputs: readonly TupleReader<unknown>[];
  /** One for each input of the stage; none of a source. */
  private readonly feeds: readonly InputFeed[];
  private readonly log: CommitLog;
  private readonly record: CommitRecord;
  private operator: OperatorPlan;
  private readonly driver: ActorDriver;
  private outcome: Outcome;
  private woken: () => void = () => {};
  /** A moment of the clock, and how many timers had fired before. */
  private instant = { atMs: Number.NEGATIVE_INFINITY, fired: 0 };

  constructor(setup: SiteSetup) {
    this.setup = setup;
    this.tap = setup.tap;
    this.operator = setup.build(this.tap);
    const { plan, stage } = this.operator;
    const { placements } = deploy(plan, 1, setup.limits);
    const own = placements[stage.index].descriptor;
    const { wakeWords } = this;
    this.feeds = stage.upstream.map(({ stage: before }) => {
      const [output] = placements[before].descriptor.outputs;
      return new InputFeed(plan.stages[before], output, APP, wakeWords);
    });
    this.outputs = stage.outputs.map((_, output) => {
      const [{ stage: reader }] = readersOf(plan, stage, output);
      const { descriptor } = placements[reader.index];
      return stageReaders<unknown>(plan, reader, descriptor)[0].readOn(APP);
    });
    this.outcome = nothing(stage);
    this.log = new CommitLog(own.commit);
    this.record = this.log.lastCommit();
    const tail = stage.operators[stage.operators.length - 1];
    if (tail.sink !== undefined) this.tap.sinkSchema = tail.inputs[0].schema;
    this.driver = new ActorDriver(own, {
      hostOf: () => ACTOR,
      wakeWords,
      lingerMs: LINGER_MS,
      now: setup.now,
      timersUntilMs: () => (this.holdsTimers ? -Number.MAX_VALUE : setup.now()),
      wake: () => this.woken(),
      store: setup.snapshots === 'never' ? undefined : memoryBackup(() => {}),
      lettersOn: APP,
    });
    this.compiledOnce(() => this.driver.start(plan, beginning({}, setup.snapshots === 'at once')));
  }

  private get actor(): Actor {
    return this.driver.actor;
  }

  /** Thousands of sites are made of one operator. */
  private compiledOnce(make: () => void): void {
    const compileAnew = reuseScripts();
    make();
    compileAnew();
  }

  /** Lets go of the actor: its open batch is rolled back. {@link resume} makes it anew. */
  release(): void {
    this.actor.release();
    this.driver.loseBackups();
  }

  /** Makes the actor anew, from its last commit. */
  resume({ freshClosures = false, isolate = false, fromSnapshot = false, snapshots = false }: Resuming): void {
    this.release();
    this.failure = undefined;
    this.isIsolated = isolate;
    if (freshClosures) this.operator = this.setup.build(this.tap);
    const { driver, operator, setup } = this;
    driver.supersede();
    const restore = fromSnapshot ? driver.lastBackup() : undefined;
    const isRestored = restore?.checkpoint !== undefined;
    if (isRestored) driver.replaceMemory({ transaction: allocateTransaction(allocateArenas(setup.limits.stateBytes)) });
    const how = beginning({ isolate, restore: isRestored ? restore : undefined }, snapshots);
    this.compiledOnce(() => driver.resume(operator.plan, how, 'stays closed'));
    // What follows the snapshot is read again; nothing does, but the actor has to find that out.
    while (isRestored && !this.actor.isReadable && this.failure === undefined) this.step();
  }

  /** Opens the source, if it is not open. Await it before {@link step}. */
  async openSource(): Promise<void> {
    await this.driver.openSource();
  }

  /** True while the operator awaits results. */
  get isAsking(): boolean {
    return this.actor.isAsking;
  }

  /** Resolves when the source, or what the operator awaits, may have more. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.woken = resolve;
      if (this.actor.canStep()) resolve();
    });
    this.woken = () => {};
  }

  push(tuples: readonly unknown[], input = 0, at?: FedTime): void {
    this.feeds[input].push(tuples, at);
  }

  pushTime(input: number, watermark: number): void {
    this.feeds[input].tellTime(watermark);
  }

  pushEnd(input: number): void {
    this.feeds[input].end();
  }

  /** One batch, or a part of the open one. What is committed by then is in {@link take}. */
  step(): SiteStatus {
    try {
      const status = this.actor.step(Number.NEGATIVE_INFINITY);
      this.gather();
      this.refuseEndlessTimers();
      const moved = this.feeds.map((feed) => feed.drain()).includes(true);
      return status === 'superseded' || (moved && status === 'idle') ? 'more' : status;
    } catch (error) {
      this.gather();
      if (!(error instanceof ActorFailure)) throw error;
      this.failure = error.cause;
      return 'failed';
    }
  }

  /** One that sets itself again and again for a time that has come would keep a test for ever, as the clock stands still. */
  private refuseEndlessTimers(): void {
    const { committed, instant, setup, stage } = this;
    const { fired } = committed.progress;
    const nowMs = setup.now();
    if (instant.atMs !== nowMs) this.instant = { atMs: nowMs, fired };
    else if (fired - instant.fired > FIRED_MAX) throw errors.endlessTimer(stageName(stage), FIRED_MAX);
  }

  /** Steps until there is nothing left to do, and commits. */
  settle(): SiteStatus {
    for (;;) {
      const status = this.step();
      if (status === 'done' || status === 'failed') return status;
      if (status !== 'idle') continue;
      if (!this.isOpen) return status;
      this.actor.hurry();
    }
  }

  /** Commits the open batch. */
  commit(): SiteStatus {
    this.actor.hurry();
    return this.step();
  }

  /** True while a batch is not committed. */
  get isOpen(): boolean {
    return !this.actor.isReadable;
  }

  /** When the operator's next timer is due; Infinity if there is none. */
  get timersDueAtMs(): number {
    return this.actor.timersDueAtMs;
  }

  /** Grows with each commit. */
  get sequence(): number {
    return this.log.sequence();
  }

  /** The last commit. */
  get committed(): CommitRecord {
    this.log.read(this.record);
    return this.record;
  }

  private gather(): void {
    const { outcome, outputs, driver, tap, wakeWords } = this;
    for (let stored = driver.storeBackup(); stored !== undefined; stored = driver.storeBackup()) {
      driver.actor.backupDone(stored, true);
    }
    outputs.forEach((output, port) => {
      output.drain((tuple) => void outcome.emitted[port].push(tuple), wakeWords);
    });
    for (const tuple of tap.takeWritten()) outcome.written.push(tuple);
    driver.drainLetters(({ operator, replica, key, tuple, error, position }) => {
      outcome.letters.push({ operator, replica, key, tuple, error: fromRecord(error), position });
    });
  }

  /** Dead letters since the last {@link take}. */
  get failedTuples(): number {
    return this.outcome.letters.length;
  }

  /** What was committed since the last call. */
  take(): Outcome {
    const taken = this.outcome;
    this.outcome = nothing(this.stage);
    return taken;
  }

  /** The row of a key. No batch may be open. */
  row(key: readonly unknown[], group: number): StateRow | undefined {
    return this.actor.readState({ key, group }) as StateRow | undefined;
  }

  /** All rows. No batch may be open. */
  rows(): StateEntry[] {
    const rows: StateEntry[] = [];
    for (let group = 0; group < KEY_GROUPS; group++) {
      rows.push(...(this.actor.readState({ key: undefined, group }) as StateEntry[]));
    }
    return rows;
  }

  /** The stage under test: the closures in it are those of the last build. */
  get stage(): Stage {
    return this.operator.stage;
  }

  /** The name of what an input reads, as errors tell it. */
  inputName(input: number): string {
    const { plan, stage } = this.operator;
    return stageName(plan.stages[stage.upstream[input]?.stage ?? stage.index]);
  }

  /** What a test may call each input by. */
  get inputNames(): readonly (readonly string[])[] {
    return this.operator.inputs;
  }
}

/** Snapshots are backups at each commit. */
const beginning = (how: Beginning, snapshots: boolean): Beginning => ({
  ...how,
  backupEveryMs: snapshots ? 0 : Number.POSITIVE_INFINITY,
});
