// An actor: one replica of a stage, stepped by its host. Each step reads input, runs the program and commits.
// A state machine: (restored state is brought up to date →) reading → (inputs ended) → ending the key groups → finished
// (end-of-stream written) → done (outbox empty). Between batches it takes part in hand-overs of key groups, and retires when
// it has given all away. After a failure, and for a while after a crash, it reads tuple by tuple:
// one that fails alone is given up, and the rest of its batch is processed.
// Promises: a batch is a transaction (batch.ts): after an exception everything is as at the last commit. A step never waits.
// Relies on: one host at a time, fenced before the next.

import { errors, fromRecord } from '../errors.ts';
import { type Plan, type Stage, stageName } from '../flow/plan.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { ReadMark, RingReader } from '../mailbox/ring-reader.ts';
import { hasGroup } from '../state/groups/group-set.ts';
import { HandOver, isBehind } from '../state/groups/hand-over.ts';
import { type StateReader, stateReader } from '../state/rows/state-reader.ts';
import {
  type ActorDescriptor,
  type ActorEnvironment,
  type Condemned,
  FIRST_START,
  type Resumption,
  type StateRequest,
  type StepStatus,
} from './actor-descriptor.ts';
import { BATCH_TUPLES_MAX, Batch, type Input } from './batch.ts';
import { ChainSieve, TryAgain } from './failures/chain-sieve.ts';
import {
  ActorFailure,
  AT_COMMIT,
  atEndOfInput,
  errorOf,
  type Failure,
  inFrame,
  inSource,
  mayBeOfTuple,
  type Whereabouts,
} from './failures/failure.ts';
import { HandOverPart, type Stance } from './hand-over-part.ts';
import { PartitionedFeed, partitionAt } from './inputs/partitioned-feed.ts';
import { endReplay, nextReplayed, rowsBefore, takeUpState } from './inputs/restored-state.ts';
import { type Feed, type FeedEnvironment, SourceFeed } from './inputs/source-feed.ts';
import { NO_ROW, Vitals, WorkCell } from './vitals/vitals.ts';

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
  private readonly upstreamStages: readonly Stage[];
  private readonly batch: Batch;
  private readonly feed: Feed | undefined;
  private readonly part: HandOverPart | undefined;
  private stateReader: StateReader | undefined;
  private nextInput = 0;
  /** What runs now: rows of an input, or end-of-stream closures. */
  private inputInWork: Input | undefined;
  private isEnding = false;
  /** Most tuples of the next batch, and how many the last one took. */
  private batchTuples = BATCH_TUPLES_FIRST;
  private taken = 0;
  /** Tuples that are still to be tried one by one. */
  private isolating = 0;
  /** The input whose tuple is tried alone. */
  private isolated: Input | undefined;
  /** A tuple of the input that is not tried any more. */
  private condemned: Condemned | undefined;
  private readonly sieve: ChainSieve;
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
    this.condemned = resumption.condemned.find(({ nth }) => nth === 0);
    this.isolating = resumption.isolate || resumption.condemned.length > 0 ? BATCH_TUPLES_MAX : 0;
    this.vitals = new Vitals(descriptor.vitals, environment.epochMs);
    this.sieve = new ChainSieve(
      stage,
      this.vitals.work,
      resumption.condemned,
      () => this.whereabouts(),
      (failure) => {
        this.batch.letters.write(failure);
        this.endIsolation();
      },
    );
    this.upstreamStages = stage.upstream.map((index) => plan.stages[index]);
    this.batch = new Batch(plan, descriptor, environment, this.vitals);
    this.feed = source && this.feedOf(source as never);
    takeUpState(this.batch, this.name, descriptor, resumption.restore);
    const { handOver, replica } = descriptor;
    if (handOver !== undefined) {
      const { host, wakeWords } = environment;
      this.part = new HandOverPart(new HandOver(handOver, stage.replicas), replica, this.batch, host, wakeWords);
      // A host that died may have come to the end of its partitions, and not have told of it any more.
      if (this.batch.committed.finished) this.part.tellEnd();
    }
  }

  private feedOf(source: ConstructorParameters<typeof SourceFeed>[0]): Feed {
    const { name, batch, environment, vitals } = this;
    const { program, output, encoder, partitions } = batch;
    const forFeed: FeedEnvironment = {
      operator: name,
      output,
      memory: this.descriptor.sourceMemory,
      read: program.read,
      generate: program.generate,
      feed: (tuple) => {
        program.feed(tuple);
        encoder?.flush();
      },
      reject: ({ record, error, position }) =>
        this.letterOrThrow(this.failureAt(0, inSource(name, this.partitionInWork, position, record), error)),
      isFull: () => batch.isOutputFull,
      now: environment.now,
      wake: environment.wake,
      reopening: environment.reopening,
      begin: () => batch.begin(),
    };
    if (partitions === undefined) return new SourceFeed(source, forFeed);
    const owned = (): readonly number[] => batch.groups;
    const isOpen = (): boolean => batch.isOpen;
    const tellEnd = (): void => this.part?.tellEnd();
    const feed = new PartitionedFeed(source, { ...forFeed, vitals, owned, isOpen, tellEnd }, partitions);
    batch.ownersChanged = () => feed.own();
    return feed;
  }

  /** Opens the sink, if the actor has one. Call it once before the first step, when the job is certain to start. */
  openSink(): void {
    this.batch.openSink();
  }

  /** Opens the source, if the actor has one. Call this or {@link reopenSource} once before the first step. */
  async openSource(): Promise<void> {
    await this.feed?.open(this.batch.committed);
  }

  /** Opens the source in the background: nothing is read before it is open, and a failure comes up in a step. */
  reopenSource(): void {
    this.feed?.reopen(this.batch.committed);
  }

  /** Ends the source at the next step: what it has emitted is still processed. */
  stopSource(): void {
    this.feed?.stop();
  }

  /** True for actors with a source. */
  get isSource(): boolean {
    return this.feed !== undefined;
  }

  /** True for actors whose source computes its tuples. */
  private get isGenerated(): boolean {
    return this.stage.operators[0].source?.kind === 'generate';
  }

  /** Undefined if there is only one. */
  private get partitionInWork(): number | undefined {
    return this.batch.partitions && this.feed?.partition;
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
      if (batch.committed.finished) return 'done';
      if (batch.output !== undefined && !batch.output.hasRoomForBatch) return this.blocked();
      const startedMs = environment.now();
      vitals.work[WorkCell.batch]++;
      const stance = this.part?.stance() ?? 'free';
      const until = stance === 'free' ? undefined : this.part?.limit;
      const status =
        this.takesPart(stance, until) ?? (this.isolating > 0 ? this.single(until) : this.read(this.batchTuples, until));
      if (status === 'more') this.fitBatch(environment.now() - startedMs);
      // The other one in a hand-over waits for this one to come to the cut.
      if (until !== undefined || !this.lingers()) batch.commit();
      this.takeBackup();
      if (status === 'idle' || status === 'retired') return status;
      if (environment.now() >= untilMs) return 'more';
    }
  }

  /** Does what an open hand-over asks for. Returns undefined if the actor is to read, up to `until` if that is known. */
  private takesPart(stance: Stance, until: readonly ReadMark[] | undefined): StepStatus | undefined {
    const { part, batch } = this;
    if (part === undefined || stance === 'free') return undefined;
    batch.commit();
    if (until !== undefined) return undefined;
    // Its letter is written here, where it killed its worker, and not wherever its key group may come to.
    if (part.isUnposted && this.canSkip()) return undefined;
    if (stance === 'wait') return 'idle';
    part.advance();
    return batch.committed.isDormant ? 'retired' : 'more';
  }

  /**
   * Nothing is read before there is room. An open batch is committed first: readers make room only of what they can see, so a
   * batch that fills its own ring would wait for itself. Then no time is waited for, but that of a backup: the writers of the
   * inputs may wait for it.
   */
  private blocked(): StepStatus {
    this.batch.commit();
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    this.takeBackup();
    return 'blocked';
  }

  /** Moves what waits in outboxes into the rings, as far as there is room. Returns false while some still waits. */
  private drainOutboxes(): boolean {
    const { batch } = this;
    const { output, letters } = batch;
    if (!letters.output.spilled && output?.spilled !== true) return true;
    const drained = [output, letters.output].map((each) => each?.spilled === true && each.drain());
    if (drained.includes(true)) {
      batch.begin();
      batch.commit();
    }
    return !letters.output.spilled && output?.spilled !== true;
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
    const { backup, committed, sequence } = batch;
    if (backup === undefined || batch.isOpen || committed.replaying) return;
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

  /** True between transactions, when the state is what has been committed. */
  get isReadable(): boolean {
    return !this.batch.isOpen && !this.batch.committed.replaying;
  }

  /** Ends the linger of the open batch. */
  hurry(): void {
    this.batch.openedAtMs = Number.NEGATIVE_INFINITY;
    this.wakeAtMs = 0;
    this.environment.wake();
  }

  /** True if the actor owns a key group. */
  owns(group: number): boolean {
    return hasGroup(this.batch.committed.groups, group);
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
   * One pass over the source or the inputs; opens the transaction if there is something to do.
   * @param until how far the inputs are read at most
   */
  private read(limit: number, until?: readonly ReadMark[]): StepStatus {
    const { batch, feed } = this;
    if (feed !== undefined) return this.readSource(feed, limit);
    if (batch.record.replaying) return this.replay(limit);
    const { inputs, output } = batch;
    let tuples = 0;
    for (let k = 0; k < inputs.length && tuples < limit; k++) {
      const input = inputs[(this.nextInput + k) % inputs.length];
      while (tuples < limit) {
        const rows = rowsAt(input, until);
        if (rows === 0) break;
        tuples += this.readRows(input, Math.min(rows, limit - tuples));
        this.taken = tuples;
        if (output?.isBatchFull) return 'more';
      }
    }
    this.nextInput = (this.nextInput + 1) % inputs.length;
    if (tuples > 0) return 'more';
    if (until === undefined && inputs.every(({ reader }) => reader.isOver)) return this.endInput(limit);
    return this.passedPadding() ? 'more' : 'idle';
  }

  /** Processes rows of an input's current frame; returns how many. */
  private readRows(input: Input, limit: number): number {
    const { reader, upstream, dictionary } = input;
    const { batch } = this;
    batch.begin();
    this.inputInWork = input;
    this.vitals.work[WorkCell.input] = input.index;
    this.isolated = this.isolating > 0 ? input : undefined;
    const next = batch.program.run(upstream, reader, dictionary, limit);
    this.inputInWork = undefined;
    const rows = next - reader.row;
    batch.tuples += rows;
    reader.advance(next);
    return rows;
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
      this.taken = this.readRows(next.input, Math.min(limit, next.rows));
      batch.giveUpOutput();
    }
    return 'more';
  }

  /** True if a reader moved without reading a tuple: over padding or the end of its stream. That is committed alone. */
  private passedPadding(): boolean {
    const { batch } = this;
    const moved = batch.inputs.some(({ index, reader }) => reader.position !== batch.record.inputs[index].position);
    if (moved) batch.begin();
    return moved && !this.lingers();
  }

  private endInput(limit: number): StepStatus {
    const { batch, vitals } = this;
    const { record, program } = batch;
    batch.begin();
    const [head] = this.stage.operators;
    if (head.end === undefined || record.endedGroups >= KEY_GROUPS - 1) return this.finish();
    this.isEnding = true;
    vitals.work[WorkCell.input] = -1;
    const next = program.endGroup(record.endedGroups + 1, record.endedSlot, limit);
    this.isEnding = false;
    this.taken = 1;
    record.endedSlot = Math.max(0, next);
    if (next < 0) record.endedGroups++;
    return 'more';
  }

  private finish(): StepStatus {
    const { batch } = this;
    // From here on nothing is of a single tuple.
    this.vitals.work[WorkCell.isolating] = 0;
    this.isolated = undefined;
    batch.begin();
    batch.encoder?.flush();
    batch.output?.writeEnd();
    batch.record.finished = true;
    batch.commit();
    // Replicas of a source wait for each other: as long as one reads, the others may be given partitions.
    if (batch.partitions !== undefined) this.part?.tellEnd();
    return 'more';
  }

  private readSource(feed: Feed, limit: number): StepStatus {
    this.vitals.work[WorkCell.input] = -1;
    const status = feed.read(this.batch.record, limit);
    this.wakeAtMs = Math.min(this.wakeAtMs, feed.dueMs);
    this.taken = feed.taken;
    this.batch.tuples += feed.taken;
    return status === 'end' ? this.finish() : status;
  }

  /** A batch of one tuple: a failure, or a crash, is then that tuple's. */
  private single(until?: readonly ReadMark[]): StepStatus {
    const { vitals, feed, condemned } = this;
    if (condemned !== undefined && feed === undefined && this.mayBeSkipped(condemned, until)) {
      return this.skipCondemned(condemned);
    }
    this.isolated = undefined;
    // Whoever dies before a tuple has begun says nothing about one, and the row at the cursor may be another replica's.
    if (feed === undefined || this.isGenerated) vitals.work[WorkCell.row] = NO_ROW;
    vitals.work[WorkCell.isolating] = 1;
    const { program } = this.batch;
    program.sift(this.sieve);
    let status: StepStatus;
    try {
      status = feed === undefined ? this.read(1, until) : this.singleFromSource(feed);
    } finally {
      program.sift(undefined);
    }
    vitals.work[WorkCell.isolating] = 0;
    if (status === 'idle') return status;
    // First: a tuple may fail only as its output is written.
    this.batch.commit();
    // A source that finds its place again gives nothing for a while.
    if (feed !== undefined && feed.taken === 0) return status;
    this.sieve.committed();
    this.isolating = Math.max(0, this.isolating - 1);
    return status;
  }

  /** True if a tuple is condemned that is next. */
  private canSkip(): boolean {
    const isExpected = this.condemned !== undefined || this.sieve.isExpecting;
    return isExpected && this.isolating > 0 && !this.batch.record.replaying;
  }

  private mayBeSkipped({ input }: Condemned, until: readonly ReadMark[] | undefined): boolean {
    const { record, inputs } = this.batch;
    if (record.replaying) return false;
    return until === undefined || (input >= 0 && isBehind(inputs[input].reader, until[input]));
  }

  private singleFromSource(feed: Feed): StepStatus {
    const { batch, condemned } = this;
    const { record, program } = batch;
    let failure: Failure | undefined;
    this.vitals.work[WorkCell.input] = -1;
    const skip = condemned && {
      error: fromRecord(condemned.error),
      partition: partitionAt(condemned.input),
    };
    let triesAgain = false;
    const status = feed.readSingle(record, skip, ({ tuple, error, position }) => {
      triesAgain = error instanceof TryAgain;
      const where = inSource(this.name, this.partitionInWork, position, tuple);
      failure = this.failureAt(condemned?.operator ?? program.failedAt(), where, error);
    });
    this.wakeAtMs = Math.min(this.wakeAtMs, feed.dueMs);
    this.taken = feed.taken;
    if (triesAgain) throw new TryAgain();
    if (failure !== undefined) {
      batch.giveUpOutput();
      this.letterOrThrow(failure);
      this.endIsolation();
    }
    return status === 'end' ? this.finish() : status;
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
    const isSingle = this.isolating > 0;
    const failure = this.failureOf(cause);
    const { batch, inputInWork, isolated, isEnding } = this;
    const row = this.vitals.work[WorkCell.row];
    const slot = isEnding ? batch.program.endingSlot() : 0;
    const tuples = inputInWork === undefined ? batch.tuples : batch.tuples + row - inputInWork.reader.row + 1;
    this.rollback();
    if (!failure.isOfTuple) throw new ActorFailure(errorOf(failure), failure.policy, failure.where.position);
    if (!isSingle) {
      // A source gave up to a whole order of tuples before it failed, and was counted after it.
      // Inputs take turns tuple by tuple, and did not in the batch.
      const turns = Math.max(1, tuples) * batch.inputs.length;
      this.isolating = this.feed !== undefined || isEnding ? BATCH_TUPLES_MAX : turns;
      this.batchTuples = BATCH_TUPLES_FIRST;
      this.reopenSource();
      return 'more';
    }
    if (isEnding) return this.skipKey(failure, slot);
    if (isolated !== undefined) return this.skipRow(isolated, failure);
    // What a source throws by itself, or what fails only when the batch is written.
    const ofSource = this.feed === undefined ? failure : { ...failure, operator: this.stage.operators[0] };
    throw new ActorFailure(errorOf(ofSource), ofSource.operator.failure, failure.where.position);
  }

  /** Commits a dead letter in place of the row at an input's cursor. */
  private skipRow(input: Input, failure: Failure): StepStatus {
    const { batch } = this;
    const { reader } = input;
    // It may be behind a fence that was passed in the batch that failed, as was the one that it waits for.
    if (!batch.inputs.some(() => loadAll(batch.inputs, reader)))
      throw errors.invariant('a row that failed alone is still at its cursor');
    const { upstream, dictionary } = input;
    const where = inFrame(this.stage, this.upstreamStages[upstream], reader, dictionary, reader.row);
    batch.begin();
    if (!batch.record.replaying || failure.policy !== 'deadLetter') this.letterOrThrow({ ...failure, where });
    this.endIsolation();
    reader.advance(reader.row + 1);
    batch.commit();
    return 'more';
  }

  /** Commits a dead letter in place of the end-of-stream closure of the key in a slot. */
  private skipKey(failure: Failure, slot: number): StepStatus {
    const { batch } = this;
    batch.begin();
    this.letterOrThrow(failure);
    this.endIsolation();
    batch.record.endedSlot = slot + 1;
    batch.commit();
    return 'more';
  }

  private skipCondemned(condemned: Condemned): StepStatus {
    const { batch } = this;
    const { input, operator, slot, error } = condemned;
    const cause = fromRecord(error);
    if (input >= 0) return this.skipRow(batch.inputs[input], this.failureAt(operator, AT_COMMIT, cause));
    let key: readonly unknown[] = [];
    batch.state?.forEachRow(batch.record.endedGroups + 1, slot, (found) => {
      key = found;
      return false;
    });
    return this.skipKey(this.failureAt(operator, atEndOfInput(key), cause), slot);
  }

  /** Writes a dead letter, if that is the operator's policy. */
  private letterOrThrow(failure: Failure): void {
    if (failure.policy !== 'deadLetter') {
      this.rollback();
      this.reopenSource();
      throw new ActorFailure(errorOf(failure), failure.policy, failure.where.position);
    }
    this.batch.letters.write(failure);
  }

  /** A tuple has been isolated: others need not be. */
  private endIsolation(): void {
    this.isolating = 0;
    this.condemned = undefined;
  }

  private rollback(): void {
    this.inputInWork = undefined;
    this.isolated = undefined;
    this.isEnding = false;
    this.batch.rollback();
  }

  private failureOf(cause: unknown): Failure {
    return this.failureAt(this.batch.program.failedAt(), this.whereabouts(), cause);
  }

  private failureAt(operatorIndex: number, where: Whereabouts, cause: unknown): Failure {
    const operator = this.stage.operators[operatorIndex] ?? this.stage.operators[0];
    return { operator, policy: operator.failure, where, cause, isOfTuple: mayBeOfTuple(cause) };
  }

  private whereabouts(): Whereabouts {
    const { program, record } = this.batch;
    const row = this.vitals.work[WorkCell.row];
    if (this.feed !== undefined) {
      const position = this.feed.position(record) + (this.isGenerated ? Math.max(0, row) : 0);
      return inSource(this.name, this.partitionInWork, position);
    }
    if (this.isEnding) return atEndOfInput(program.endingKey());
    const input = this.inputInWork;
    if (input === undefined) return AT_COMMIT;
    const { reader, dictionary } = input;
    const inWork = row === NO_ROW ? reader.row : row;
    return inFrame(this.stage, this.upstreamStages[input.upstream], reader, dictionary, inWork);
  }

  /** True while an output has no room for another batch. */
  get isBlocked(): boolean {
    const { output, letters } = this.batch;
    return letters.output.spilled || (output !== undefined && !output.hasRoomForBatch);
  }

  /** Tells the readers that this actor parks for room. Then {@link canStep} must be asked once more. */
  announcePark(): void {
    const { output, letters } = this.batch;
    if (output !== undefined && !output.hasRoomForBatch) output.announceWait();
    if (letters.output.spilled) letters.output.announceWait();
  }

  /** True while it has announced that it parks until there is more room than there is. */
  get waitsForRoom(): boolean {
    const { output, letters } = this.batch;
    return letters.output.waits || output?.waits === true;
  }

  withdrawPark(): void {
    this.batch.output?.withdrawWait();
    this.batch.letters.output.withdrawWait();
  }

  /** True if a step would get somewhere now. */
  canStep(): boolean {
    if (this.closed) return false;
    const { output, letters, inputs, committed, record, lateEmit } = this.batch;
    if (lateEmit !== undefined) return true;
    if (this.isBlocked) {
      // An open transaction holds input and output back: a step commits it before it waits.
      if (this.batch.isOpen || this.environment.now() >= this.wakeAtMs) return true;
      if (letters.output.spilled && !letters.output.isDrained()) return false;
      return output === undefined || output.hasRoomForBatch || output.isDrained();
    }
    const stance = this.part?.stance() ?? 'free';
    if (stance === 'wait') return this.batch.isOpen;
    if (stance === 'act' && this.part?.limit === undefined) return true;
    // What is to be read again is there; and that it has all been read is yet to be committed.
    if (committed.finished || record.replaying || this.environment.now() >= this.wakeAtMs) return true;
    if (this.feed !== undefined) return this.feed.canRead();
    if (inputs.every(({ reader }) => reader.isOver)) return true;
    return inputs.some(({ reader }) => reader.hasInput());
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
      this.batch.sink.writer?.close();
    }
  }

  /** The same, for good: its writers no longer wait for it. */
  retire(): void {
    this.release();
    for (const { reader } of this.batch.inputs) reader.ring.deactivate(reader.slot);
  }
}

/** Passes what fences allow on all inputs; returns whether `wanted` has come to a row. Each call may open fences for the next. */
function loadAll(inputs: readonly Input[], wanted: RingReader): boolean {
  for (const { reader } of inputs) reader.load();
  return wanted.load();
}

/** Rows that can be read of an input's next frame, up to a mark if there is one. */
function rowsAt({ reader, index }: Input, until: readonly ReadMark[] | undefined): number {
  if (until !== undefined) return rowsBefore(reader, until[index]);
  return reader.load() ? Number.POSITIVE_INFINITY : 0;
}
