// An actor: one replica of a stage, stepped by its host. Each step reads input, runs the program and commits.
// Promises: a batch is a transaction (batch.ts): after an exception everything is as at the last commit. What the actor is at is
// what its last commit says (actor-state.ts). Between batches it takes part in hand-overs of key groups (hand-over-part.ts), and
// retires when it has given all away. A step never waits.
// Relies on: one host at a time, fenced before the next.

import { errors } from '../errors.ts';
import { type Plan, type Stage, stageName } from '../flow/plan.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { ReadMark } from '../mailbox/ring-reader.ts';
import { hasGroup } from '../state/groups/group-set.ts';
import { HandOver } from '../state/groups/hand-over.ts';
import { type StateReader, stateReader } from '../state/rows/state-reader.ts';
import type { KeyTimers } from '../state/timers/key-timers.ts';
import { advanceSweep, endSweep, sweepTo } from '../state/transaction/sweep.ts';
import {
  type ActorDescriptor,
  type ActorEnvironment,
  FIRST_START,
  type Resumption,
  type StateRequest,
  type StepStatus,
} from './actor-descriptor.ts';
import { BATCH_TUPLES_MAX, Batch } from './batch.ts';
import { TryAgain } from './failures/chain-sieve.ts';
import { ActorFailure, errorOf } from './failures/failure.ts';
import { Isolation } from './failures/isolation.ts';
import { HandOverPart, type Stance } from './hand-over-part.ts';
import type { Feed, FeedEnvironment } from './inputs/feed.ts';
import { IdleFeed, lookForIdle } from './inputs/idle-feed.ts';
import { PartitionedFeed } from './inputs/partitioned-feed.ts';
import { endReplay, nextReplayed, takeUpState } from './inputs/restored-state.ts';
import { RowReader } from './inputs/row-reader.ts';
import { type FedSource, sourceFeed } from './inputs/source-feed.ts';
import { announcePark, canStep, comesTo, isBlocked, waitsForRoom, withdrawPark } from './readiness.ts';
import type { IdleWatch } from './time/idle-watch.ts';
import { TimerTurns } from './time/timer-turns.ts';
import { Vitals, WorkCell } from './vitals/vitals.ts';
import { WorkInHand } from './work-in-hand.ts';

/** A batch that takes longer is made smaller, so that slow closures starve neither other actors nor the event loop. */
const BATCH_MS_MAX = 2;
const BATCH_TUPLES_FIRST = 16;

export class Actor {
  readonly descriptor: ActorDescriptor;
  readonly stage: Stage;
  readonly name: string;
  readonly vitals: Vitals;
  /**
   * When the actor wants to be stepped without being woken, on the environment's clock; infinity for never. At first at once: one
   * that is resumed may have a backup to take, which its upstream waits for, though no input comes.
   */
  wakeAtMs = 0;
  private readonly environment: ActorEnvironment;
  private readonly incarnation: number;
  private readonly batch: Batch;
  private readonly hand: WorkInHand;
  private readonly rows: RowReader;
  private readonly isolation: Isolation;
  private readonly feed: Feed | undefined;
  /** Watches whether what it reads is idle, if it judges event times of what comes from the app. */
  private readonly idle: IdleWatch | undefined;
  private readonly part: HandOverPart | undefined;
  private readonly turns: TimerTurns;
  private stateReader: StateReader | undefined;
  /** Most tuples of the next batch, and how many the last one took. */
  private batchTuples = BATCH_TUPLES_FIRST;
  private taken = 0;
  private closed = false;

  /** @throws MillraceError STATE_DAMAGED if the state that is taken up fails its integrity check */
  constructor(
    plan: Plan,
    descriptor: ActorDescriptor,
    environment: ActorEnvironment,
    resumption: Resumption = FIRST_START,
  ) {
    const stage = plan.stages[descriptor.stage];
    const { source } = stage.operators[0];
    this.descriptor = descriptor;
    this.stage = stage;
    this.name = stageName(stage);
    this.environment = environment;
    this.incarnation = resumption.incarnation;
    this.vitals = new Vitals(descriptor.vitals, environment.epochMs);
    const { work } = this.vitals;
    this.batch = Batch.recover(plan, descriptor, environment, this.vitals);
    this.hand = new WorkInHand(stage, this.batch, work);
    this.turns = new TimerTurns(this.name, this.batch, this.hand, work, environment);
    this.rows = new RowReader(this.batch, this.hand, work);
    this.isolation = new Isolation(
      {
        read: (limit, until) => this.read(limit, until),
        wasFed: (feed) => this.wasFed(feed),
        fire: (timers, limit) => this.fire(timers, limit),
        finish: () => this.finish(),
        rollback: () => {
          this.rollback();
          this.reopenSource();
        },
      },
      this.hand,
      this.rows,
      work,
      resumption,
    );
    this.feed = source && this.feedOf(source as FedSource);
    this.hand.feed = this.feed;
    this.idle = this.feed === undefined ? this.idleWatch() : undefined;
    this.batch.isIdle = () => this.idle?.isIdle ?? this.feed?.isIdle ?? false;
    if (resumption.isCareful) this.batch.beCareful();
    if (resumption.isolate) this.batch.requests?.beCareful();
    takeUpState(this.batch, this.name, descriptor, resumption.restore);
    const { handOver, replica } = descriptor;
    if (handOver !== undefined) {
      const { host, wakeWords } = environment;
      this.part = new HandOverPart(new HandOver(handOver, stage.replicas), replica, this.batch, host, wakeWords);
      // A host that died may have come to the end of its partitions, and not have told of it any more; what others see of that is not
      // rolled back.
      if (this.batch.hasEnded || this.batch.partitions?.haveAllEnded === true) this.part.tellEnd();
    }
  }

  private feedOf(source: FedSource): Feed {
    const { name, batch, environment, vitals, hand } = this;
    const { program, ports, partitions } = batch;
    const forFeed: FeedEnvironment = {
      operator: name,
      output: ports[0]?.output,
      memory: this.descriptor.sourceMemory,
      listing: this.descriptor.listing,
      read: program.read,
      generate: program.generate,
      feed: (tuple) => {
        program.feed(tuple);
        for (const { encoder } of ports) encoder.flush();
      },
      reject: ({ record, error, position }) =>
        this.isolation.letterOrThrow(hand.failureAt(0, hand.atSource(position, record), error)),
      isFull: () => batch.outputs.isFull,
      now: environment.now,
      wake: environment.wake,
      reopening: environment.reopening,
      clock: batch.clock,
      board: batch.board,
      begin: () => batch.begin(),
    };
    if (partitions === undefined) {
      const feed = sourceFeed(source, forFeed);
      const { clock } = batch;
      const watch = this.idleWatch();
      return clock === undefined || watch === undefined ? feed : new IdleFeed(feed, watch, clock, forFeed);
    }
    const owned = (): readonly number[] => batch.groups;
    const isOpen = (): boolean => batch.isOpen;
    const tellEnd = (): void => this.part?.tellEnd();
    const feed = new PartitionedFeed(source, { ...forFeed, vitals, owned, isOpen, tellEnd }, partitions);
    batch.ownersChanged = () => feed.own();
    return feed;
  }

  /** Of what is read as one partition. */
  private idleWatch(): IdleWatch | undefined {
    const { batch, environment, vitals } = this;
    return batch.clock?.idleWatch(environment.now(), (isIdle) => vitals.setIdle(0, isIdle));
  }

  /** Opens the sink, if the actor has one. Call it once before the first step, when the job is certain to start. */
  openSink(): void {
    this.batch.openSink();
  }

  /** Opens the source, if the actor has one. Call this or {@link reopenSource} once before the first step. */
  async openSource(): Promise<void> {
    await this.feed?.open(this.batch.committed.progress.source);
  }

  /**
   * Opens the source in the background: nothing is read before it is open, and a failure comes up in a step.
   * @param because what a tuple failed of, if that is why
   */
  reopenSource(because?: Error): void {
    this.feed?.reopen(this.batch.committed.progress.source, because);
  }

  /** Ends the source at the next step: what it has emitted is still processed. */
  stopSource(): void {
    this.feed?.stop();
  }

  /** True for actors with a source. */
  get isSource(): boolean {
    return this.feed !== undefined;
  }

  /** The number of the last commit. */
  get sequence(): number {
    return this.batch.sequence;
  }

  /**
   * Works until there is nothing to do, or until `untilMs` on the environment's clock.
   * @throws ActorFailure if the actor cannot go on; the open batch is rolled back
   */
  step(untilMs: number): StepStatus {
    if (this.closed) return 'done';
    if (!this.isCurrent) return 'superseded';
    try {
      return this.work(untilMs);
    } catch (cause) {
      const status = this.handle(cause);
      // What was committed instead may be the last thing for long, and a backup of it due.
      this.takeBackup();
      this.wakeAtMs = 0;
      return status;
    }
  }

  private work(untilMs: number): StepStatus {
    const { environment, batch, vitals } = this;
    if (batch.lateEmit !== undefined) throw batch.lateEmit;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    for (;;) {
      if (!this.drainOutboxes()) return this.blocked();
      if (batch.actorState === 'done') return 'done';
      if (!batch.outputs.hasRoom) return this.blocked();
      if (this.residentDueInMs <= 0) this.workOfResident();
      if (this.turns.dueInMs <= 0) {
        this.fireTimers();
        if (batch.outputs.isFull) batch.commit();
        if (!this.drainOutboxes() || !batch.outputs.hasRoom) return this.blocked();
      }
      const stance = this.part?.stance() ?? 'free';
      const until = stance === 'free' ? undefined : this.part?.limit;
      vitals.work[WorkCell.batch]++;
      const readsOn = stance === 'free' || until !== undefined || comesTo(batch, this.part);
      const asksOn = readsOn && this.ask(until, stance !== 'free', untilMs);
      const startedMs = environment.now();
      const status =
        this.takesPart(stance, until) ??
        (this.isolation.isOn ? this.isolation.single(until) : this.read(this.batchTuples, until));
      if (status === 'more') this.fitBatch(environment.now() - startedMs);
      // The other one in a hand-over waits for this one to come to the cut.
      if (until !== undefined || !this.lingers()) batch.commit();
      this.takeBackup();
      this.wakeAtMs = Math.min(this.wakeAtMs, environment.now() + Math.min(this.residentDueInMs, this.turns.dueInMs));
      const isWaiting = status === 'idle' && !asksOn && this.turns.dueInMs > 0;
      if (isWaiting || status === 'retired') return status;
      if (environment.now() >= untilMs) return 'more';
    }
  }

  /**
   * Begins requests, if the operator awaits: before what has come of others is read. One that has failed is read alone.
   * @returns true if there are more to begin
   */
  private ask(until: readonly ReadMark[] | undefined, isInTurn: boolean, untilMs: number): boolean {
    const { batch, environment, isolation } = this;
    const { requests } = batch;
    if (requests === undefined || batch.actorState !== 'reading') return false;
    const asksOn = requests.ask(until, isInTurn, () => environment.now() >= untilMs);
    if (requests.hasFailed && !isolation.isOn) {
      batch.commit();
      isolation.begin(batch.inputs.length);
    }
    return asksOn;
  }

  /** In how many milliseconds the resident has work of its own; 0 or less if it has some now. */
  private get residentDueInMs(): number {
    const { batch, environment } = this;
    const { resident, committed } = batch;
    if (resident === undefined || committed.cursors.isDormant) return Number.POSITIVE_INFINITY;
    return resident.dueAtMs - (environment.sharedNow ?? environment.now)();
  }

  /** When the clock makes the next timer due, in milliseconds since the epoch; Infinity if it makes none. */
  get timersDueAtMs(): number {
    return this.turns.dueAtMs;
  }

  private fire(timers: KeyTimers, limit: number): void {
    this.taken = this.turns.fire(timers, limit);
  }

  /** Runs closures of timers that are due, within the open batch. */
  private fireTimers(): void {
    const { batch, environment, isolation } = this;
    const behind = this.turns.inTurn;
    if (behind?.isBehind) {
      batch.commit();
      behind.catchUp();
    }
    const timers = this.turns.inTurn;
    if (timers === undefined || timers.isBehind || this.turns.dueInMs > 0) return;
    const startedMs = environment.now();
    if (isolation.isOn) isolation.singleTimer(timers);
    else this.fire(timers, this.batchTuples);
    this.fitBatch(environment.now() - startedMs);
  }

  /** In a batch of its own: a tuple that fails is looked for among those that were read. */
  private workOfResident(): void {
    const { batch, environment } = this;
    batch.commit();
    batch.begin();
    batch.program.work((environment.sharedNow ?? environment.now)());
    batch.commit();
  }

  /** Does what an open hand-over asks for. Returns undefined if the actor is to read, up to `until` if that is known. */
  private takesPart(stance: Stance, until: readonly ReadMark[] | undefined): StepStatus | undefined {
    const { part, batch } = this;
    if (part === undefined || stance === 'free') return undefined;
    batch.commit();
    if (until !== undefined) return undefined;
    // What is due before the cut is not the receiver's, which may have told its readers of a later time.
    if (this.turns.fires && batch.isTimeDue) return 'more';
    // Its letter is written here, where it killed its worker, and not wherever its key group may come to.
    if (part.isUnposted && this.isolation.canSkip) return undefined;
    if (comesTo(batch, part)) return undefined;
    if (stance === 'wait') return 'idle';
    part.advance();
    return batch.actorState === 'dormant' ? 'retired' : 'more';
  }

  /**
   * Nothing is read before there is room. An open batch is committed first: readers make room only of what they can see, so a
   * batch that fills its own ring would wait for itself. Then no time is waited for, but that of a backup: the writers of the
   * inputs may wait for it.
   */
  private blocked(): StepStatus {
    this.batch.commit();
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    this.part?.postFull();
    this.takeBackup();
    return 'blocked';
  }

  /** Moves what waits in outboxes into the rings, as far as there is room. Returns false while some still waits. */
  private drainOutboxes(): boolean {
    const { batch } = this;
    const { outputs } = batch;
    if (!outputs.hasSpilled && !outputs.isOverflowing) return true;
    if (outputs.drain()) {
      batch.begin();
      batch.commit();
    }
    return !outputs.hasSpilled;
  }

  /** True while the open batch may wait for more tuples; sets the time of its commit. */
  private lingers(): boolean {
    const { batch } = this;
    const { commitAtMs } = batch;
    if (commitAtMs === undefined || batch.isFull) return false;
    this.wakeAtMs = Math.min(this.wakeAtMs, commitAtMs);
    return this.environment.now() < commitAtMs;
  }

  private takeBackup(): void {
    const { batch, environment } = this;
    const { backup, committed, sequence, actorState } = batch;
    if (backup === undefined || batch.isOpen || actorState === 'replaying') return;
    backup.takeIfDue(committed, sequence, environment.now());
    this.wakeAtMs = Math.min(this.wakeAtMs, backup.wakeAtMs(sequence));
  }

  /** The store has, or could not take, the backup of a commit. */
  backupDone(sequence: number, isStored: boolean): void {
    if (this.closed || !this.isCurrent) return;
    const { backup } = this.batch;
    if (isStored) backup?.stored(sequence, this.environment.wakeWords);
    else backup?.failed(sequence);
    this.wakeAtMs = 0;
    this.environment.wake();
  }

  /** True while its operator has asked something whose tuple is not committed. */
  get isAsking(): boolean {
    return this.batch.requests?.isBusy === true;
  }

  /** True between transactions, when the state is what has been committed. */
  get isReadable(): boolean {
    return !this.batch.isOpen && this.batch.actorState !== 'replaying';
  }

  /** Ends the linger of the open batch. */
  hurry(): void {
    this.batch.openedAtMs = Number.NEGATIVE_INFINITY;
    this.wakeAtMs = 0;
    this.environment.wake();
  }

  /** True if the actor owns a key group. */
  owns(group: number): boolean {
    return hasGroup(this.batch.committed.progress.groups, group);
  }

  /** The row of a key, or all rows of a key group, as plain objects. Ask {@link isReadable} first. */
  readState({ key, group }: StateRequest): unknown {
    const { state } = this.batch;
    if (state === undefined) throw errors.invariant(`operator '${this.name}' has keyed state`);
    this.stateReader ??= stateReader(this.name, state.table, state.transaction);
    return key === undefined ? this.stateReader.entries(group) : this.stateReader.get(key);
  }

  /** Sizes the next batch by how long the last one took. */
  private fitBatch(tookMs: number): void {
    const { taken, batchTuples } = this;
    if (tookMs > BATCH_MS_MAX) this.batchTuples = Math.max(1, Math.floor((taken * BATCH_MS_MAX) / (2 * tookMs)));
    else if (taken >= batchTuples && tookMs < BATCH_MS_MAX / 2)
      this.batchTuples = Math.min(BATCH_TUPLES_MAX, batchTuples * 2);
  }

  /**
   * Does what the actor is at: reads its source or its inputs, or runs the closures of the next keys.
   * @param until how far the inputs are read at most
   */
  private read(limit: number, until?: readonly ReadMark[]): StepStatus {
    const { batch, feed, rows } = this;
    if (feed !== undefined) return this.readSource(feed, limit);
    if (batch.actorState === 'replaying') return this.replay(limit);
    if (batch.actorState === 'sweeping') return this.sweep(limit);
    this.taken = rows.read(limit, until);
    this.lookForIdle();
    if (this.taken > 0) return 'more';
    if (until === undefined && rows.isOver) return this.turns.isTimeLeft() ? 'more' : this.sweep(limit);
    return this.passedPadding() ? 'more' : 'idle';
  }

  /** What comes from the app may be idle. */
  private lookForIdle(): void {
    const { idle, batch, environment, taken } = this;
    const { clock, board } = batch;
    if (idle === undefined || clock === undefined) return;
    if (lookForIdle(idle, clock, taken === 0 ? 'nothing' : 'something', { now: environment.now, board })) batch.begin();
    this.wakeAtMs = Math.min(this.wakeAtMs, idle.nextAtMs);
  }

  /**
   * Reads again what restored state does not reflect. What comes of it is dropped, and so are tuples that fail: they were dead
   * letters before the crash.
   */
  private replay(limit: number): StepStatus {
    const { batch } = this;
    const next = nextReplayed(batch);
    if (next === undefined) endReplay(batch);
    else {
      this.taken = this.rows.readRows(next.input, Math.min(limit, next.rows));
      batch.giveUpOutput();
    }
    return 'more';
  }

  /** What a reader has passed without reading a tuple is committed alone. */
  private passedPadding(): boolean {
    const { batch, rows } = this;
    if (!rows.hasPassed) return false;
    batch.begin();
    return !this.lingers();
  }

  /** Runs the closures of the next keys, or ends the stream if that was the last one, or there are none. */
  private sweep(limit: number): StepStatus {
    const { batch, hand, vitals } = this;
    const { sweep } = batch.record.progress;
    batch.begin();
    sweepTo(sweep, Number.POSITIVE_INFINITY);
    if (this.stage.operators[0].end === undefined) return this.finish();
    hand.isSweeping = true;
    vitals.work[WorkCell.input] = -1;
    const next = batch.program.endGroup(sweep.group, sweep.slot, limit);
    hand.isSweeping = false;
    this.taken = 1;
    advanceSweep(sweep, next);
    return sweep.group >= KEY_GROUPS ? this.finish() : 'more';
  }

  private finish(): StepStatus {
    const { batch } = this;
    // From here on nothing is of a single tuple.
    this.vitals.work[WorkCell.isolating] = 0;
    this.hand.lastInput = undefined;
    batch.begin();
    batch.flushOutput();
    for (const { output } of batch.ports) output.writeEnd();
    endSweep(batch.record.progress.sweep);
    batch.commit();
    // Replicas of a source wait for each other: as long as one reads, the others may be given partitions.
    if (batch.partitions !== undefined) this.part?.tellEnd();
    return 'more';
  }

  private readSource(feed: Feed, limit: number): StepStatus {
    this.vitals.work[WorkCell.input] = -1;
    const status = feed.read(this.batch.record.progress.source, limit);
    this.wasFed(feed);
    this.batch.tuples += feed.taken;
    return status === 'end' ? this.finish() : status;
  }

  private wasFed({ dueMs, taken }: Feed): void {
    this.wakeAtMs = Math.min(this.wakeAtMs, dueMs);
    this.taken = taken;
  }

  /** What is done about an exception: the batch is gone; it is tried again tuple by tuple, or the failing tuple is skipped. */
  private handle(cause: unknown): StepStatus {
    // A policy has already decided, and the batch is rolled back.
    if (cause instanceof ActorFailure) throw cause;
    if (cause instanceof TryAgain) {
      this.rollback();
      this.reopenSource();
      return 'more';
    }
    const { batch, hand, isolation } = this;
    const { tuples, lastInput, isSweeping, firing } = hand;
    const wasLong = batch.isLong;
    const { fired } = batch;
    const failure = hand.failureOf(cause);
    const slot = isSweeping ? batch.program.endingSlot() : undefined;
    this.rollback();
    if (!failure.isOfTuple) throw new ActorFailure(errorOf(failure), failure.policy, failure.where.position);
    if (isolation.isOn) return isolation.failed(failure, lastInput, slot, firing);
    if (wasLong) {
      batch.beCareful();
      this.reopenSource();
      return 'more';
    }
    // A source gave up to a whole order of tuples before it failed, and was counted after it.
    // Inputs take turns tuple by tuple, and did not in the batch.
    const turns = Math.max(1, tuples) * batch.inputs.length + fired;
    isolation.begin(this.feed !== undefined || isSweeping || firing !== undefined ? BATCH_TUPLES_MAX : turns);
    this.batchTuples = BATCH_TUPLES_FIRST;
    this.reopenSource(errorOf(failure));
    return 'more';
  }

  private rollback(): void {
    this.hand.clear();
    this.batch.rollback();
  }

  /** True while an output has no room for another batch. */
  get isBlocked(): boolean {
    return isBlocked(this.batch);
  }

  /** Tells the readers that this actor parks for room. Then {@link canStep} must be asked once more. */
  announcePark(): void {
    announcePark(this.batch);
  }

  /** True while it has announced that it parks until there is more room than there is. */
  get waitsForRoom(): boolean {
    return waitsForRoom(this.batch);
  }

  withdrawPark(): void {
    withdrawPark(this.batch);
  }

  /** True if a step would get somewhere now. */
  canStep(): boolean {
    if (this.closed) return false;
    const { batch, rows, feed, part, isolation } = this;
    const isDue = this.environment.now() >= this.wakeAtMs || this.residentDueInMs <= 0;
    return canStep(batch, rows, feed, part, isDue, isolation.isOn);
  }

  /**
   * True if a step would get somewhere because of what other threads have done. Time and callbacks do not count: who looks on for the
   * one would take small sips, and keeps the others from coming.
   */
  hasNews(): boolean {
    if (this.closed || this.feed !== undefined) return false;
    const { batch, rows, part, isolation } = this;
    return canStep(batch, rows, undefined, part, false, isolation.isOn);
  }

  /** False once another incarnation of the actor runs: this one must not touch shared memory any more. */
  private get isCurrent(): boolean {
    return Atomics.load(this.vitals.work, WorkCell.incarnation) === this.incarnation;
  }

  /** Lets go of what the actor holds outside of shared memory; what is not committed is rolled back. It can be resumed elsewhere. */
  release(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      if (this.batch.isOpen && this.isCurrent) this.rollback();
    } finally {
      this.feed?.close();
      this.batch.resident?.close();
      this.batch.requests?.close();
      this.batch.sink.writer?.close();
    }
  }

  /** The same, for good: its writers no longer wait for it. */
  retire(): void {
    this.release();
    for (const { reader } of this.batch.inputs) reader.ring.deactivate(reader.slot);
  }
}
