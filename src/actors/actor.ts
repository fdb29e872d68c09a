// An actor: one replica of a stage, stepped by its host. Each step reads input, runs the program and commits.
// A state machine: (restored state is brought up to date →) reading → (inputs ended) → ending the key groups → finished
// (end-of-stream written) → done (outbox empty). After a failure, and for a while after a crash, it reads tuple by tuple.
// Promises: a batch is a transaction: input cursors, state and output become visible together, at one atomic store; after
// an exception everything is as at the last commit. A step never waits. Making an actor recovers it: what a dead host left
// open is rolled back, and its last commit is applied again, which changes nothing if there was no crash.
// Relies on: one host at a time, fenced before the next; docs/transactions.md for the order of stores.

import { errors, fromRecord, MillraceError } from '../errors.ts';
import { DictionaryReader, DictionaryWriter } from '../mailbox/dictionary.ts';
import { type Encoder, generateEncoder } from '../mailbox/encoder.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import { Output } from '../mailbox/output.ts';
import { Ring } from '../mailbox/ring.ts';
import { RingReader } from '../mailbox/ring-reader.ts';
import type { Schema } from '../mailbox/schema.ts';
import { discardGroups, restore } from '../state/checkpoint.ts';
import {
  CommitLog,
  type CommitRecord,
  copyMark,
  copyRecord,
  emptyRecord,
  type InputMark,
} from '../state/commit-log.ts';
import { checkState } from '../state/integrity.ts';
import { type KeyedState, keyedState } from '../state/keyed-state.ts';
import { rowLayout } from '../state/row-layout.ts';
import { type StateReader, stateReader } from '../state/state-reader.ts';
import { Transaction } from '../state/transaction.ts';
import {
  type ActorDescriptor,
  type ActorEnvironment,
  type Condemned,
  FIRST_START,
  type Resumption,
  type StepStatus,
} from './actor-descriptor.ts';
import type { StateRequest } from './control.ts';
import { DeadLetterWriter } from './dead-letters.ts';
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
} from './failure.ts';
import { countsOf, initialGroups, type Plan, type Stage, stageName } from './plan.ts';
import { generateProgram, type Program, type SinkHolder } from './program.ts';
import { ReplicaBackup } from './replica-backup.ts';
import { SourceFeed } from './source-feed.ts';
import { Activity, Vitals, WorkCell } from './vitals.ts';

/** Tuples of one transaction, about: more did not pay (docs/mailboxes.md). */
export const BATCH_TUPLES_MAX = 4096;
/** A batch that takes longer is made smaller, so that slow closures starve neither other actors nor the event loop. */
const BATCH_MS_MAX = 2;
const BATCH_TUPLES_FIRST = 16;

/** True while a reader has not come to a mark, which is at most one ring ahead. */
function isBefore(reader: RingReader, { position, row }: InputMark): boolean {
  const words = (reader.position - position) | 0;
  return words < 0 || (words === 0 && reader.row < row);
}

interface Input {
  readonly index: number;
  readonly reader: RingReader;
  readonly upstream: number;
  readonly dictionary: DictionaryReader | undefined;
}

export class Actor {
  readonly descriptor: ActorDescriptor;
  readonly stage: Stage;
  readonly name: string;
  readonly vitals: Vitals;
  /** When the actor wants to be stepped without being woken, on the environment's clock; infinity for never. */
  wakeAtMs = Number.POSITIVE_INFINITY;
  private readonly environment: ActorEnvironment;
  private readonly incarnation: number;
  private readonly upstreamStages: readonly Stage[];
  private readonly log: CommitLog;
  private readonly committed: CommitRecord;
  private readonly record: CommitRecord;
  private readonly inputs: readonly Input[];
  private readonly output: Output | undefined;
  private readonly letters: DeadLetterWriter;
  private readonly encoder: Encoder | undefined;
  private readonly transaction: Transaction | undefined;
  private readonly state: KeyedState | undefined;
  private readonly program: Program;
  private readonly sink: SinkHolder = { writer: undefined };
  private readonly feed: SourceFeed | undefined;
  /** The key groups that this replica owns. */
  private readonly groups: readonly number[];
  private readonly backup: ReplicaBackup | undefined;
  private stateReader: StateReader | undefined;
  private isOpen = false;
  private openedAtMs = 0;
  private nextInput = 0;
  /** What runs now: rows of an input, or end-of-stream closures. */
  private inputInWork: Input | undefined;
  private isEnding = false;
  /** Most tuples of the next batch, and how many the last one took. */
  private batchTuples = BATCH_TUPLES_FIRST;
  private taken = 0;
  /** Tuples of the open transaction. */
  private openTuples = 0;
  /** Tuples that are still to be tried one by one. */
  private isolating = 0;
  /** The input whose tuple is tried alone. */
  private isolated: Input | undefined;
  private condemned: Condemned | undefined;
  private counted = { processed: 0, emitted: 0 };
  private closed = false;

  constructor(
    plan: Plan,
    descriptor: ActorDescriptor,
    environment: ActorEnvironment,
    resumption: Resumption = FIRST_START,
  ) {
    const stage = plan.stages[descriptor.stage];
    const head = stage.operators[0];
    const tail = stage.operators[stage.operators.length - 1];
    this.descriptor = descriptor;
    this.stage = stage;
    this.name = stageName(stage);
    this.environment = environment;
    this.incarnation = resumption.incarnation;
    this.condemned = resumption.condemned;
    this.isolating = resumption.isolate || resumption.condemned !== undefined ? BATCH_TUPLES_MAX : 0;
    this.vitals = new Vitals(descriptor.vitals);
    this.log = new CommitLog(descriptor.commit);
    const counts = countsOf(stage);
    this.committed = emptyRecord(descriptor.inputs.length, counts);
    this.record = emptyRecord(descriptor.inputs.length, counts);
    this.log.read(this.committed);
    this.log.read(this.record);
    this.upstreamStages = stage.upstream.map((index) => plan.stages[index]);
    this.inputs = descriptor.inputs.map(({ upstream, memory, slot }, index) => {
      const mark = this.committed.inputs[index];
      const ring = new Ring(memory.ring);
      ring.setReaderHost(slot, environment.host);
      return {
        index,
        upstream,
        reader: new RingReader(ring, slot, mark.position, mark.row, mark.ended),
        dictionary: memory.dictionary && new DictionaryReader(memory.dictionary),
      };
    });
    if (descriptor.output !== undefined && descriptor.outbox !== undefined) {
      const ring = new Ring(descriptor.output.ring);
      ring.setWriterHost(environment.host);
      this.output = new Output(tail.name, ring, descriptor.outbox, this.committed);
      const dictionary = descriptor.output.dictionary && new DictionaryWriter(descriptor.output.dictionary);
      this.encoder = generateEncoder(tail.name, tail.output as Schema, stage.outputKeys, this.output, dictionary);
    }
    const letterRing = new Ring(descriptor.letters.ring);
    letterRing.setWriterHost(environment.host);
    const { letters } = this.committed;
    this.letters = new DeadLetterWriter(this.name, descriptor.replica, letterRing, descriptor.letters.outbox, letters);
    this.transaction = descriptor.transaction && new Transaction(head.name, descriptor.transaction);
    this.transaction?.rollback(this.log.sequence());
    const key = (stage.key ?? []).map((index) => (stage.input as Schema).fields[index]);
    const layout = this.transaction && rowLayout(head.name, key, head.state ?? {}, head.tables ?? {});
    this.state = this.transaction && layout && keyedState(head.name, layout, this.transaction);
    const owned = initialGroups(descriptor.replica, stage.parallelism);
    this.groups = [...owned.keys()].filter((group) => owned[group] === 1);
    this.program = generateProgram({
      stage,
      upstream: this.upstreamStages,
      encoder: this.encoder,
      output: this.output,
      sink: this.sink,
      state: this.state,
      owned,
      work: this.vitals.work,
    });
    this.feed = head.source && this.sourceFeed(head.source as never);
    this.backup = this.replicaBackup();
    this.applyLastCommit();
    if (this.state !== undefined) this.takeUpState(this.state, resumption.restore);
  }

  private replicaBackup(): ReplicaBackup | undefined {
    const { state, groups, inputs, environment } = this;
    const { backup } = environment;
    if (state === undefined || backup === undefined) return undefined;
    const readers = inputs.map(({ reader }) => reader);
    return new ReplicaBackup(state, groups, readers, backup.everyMs, environment.now(), backup.ship);
  }

  /**
   * Makes sure of the state that a dead host left, or replaces it by a backup and begins to bring that up to date.
   * @throws MillraceError STATE_DAMAGED
   */
  private takeUpState(state: KeyedState, backup: Resumption['restore']): void {
    const { groups, record, inputs } = this;
    if (backup === undefined) {
      const problem = checkState(state, groups, 'roots');
      if (problem !== undefined) throw errors.stateDamaged(this.name, this.descriptor.replica, problem);
      return;
    }
    const { format } = state.images;
    const nothing = { format, groups: groups.map((group) => ({ group, rows: 0, image: new Uint8Array(0) })) };
    const start = emptyRecord(inputs.length);
    const checkpoint = backup.checkpoint ?? { ...nothing, sequence: 0, marks: start };
    discardGroups(state, groups);
    this.begin();
    restore(state, checkpoint);
    for (const { index, reader } of inputs) {
      const { position, row, ended } = checkpoint.marks.inputs[index];
      reader.reset(position, row, ended);
      if (!record.replaying) copyMark(record.inputs[index], record.replayUntil[index]);
    }
    record.replaying = true;
    this.commit();
  }

  private sourceFeed(source: ConstructorParameters<typeof SourceFeed>[0]): SourceFeed {
    const { name, program, output, encoder, environment } = this;
    return new SourceFeed(source, {
      operator: name,
      output,
      read: program.read,
      generate: program.generate,
      feed: (tuple) => {
        program.feed(tuple);
        encoder?.flush();
      },
      now: environment.now,
      wake: environment.wake,
      begin: () => this.begin(),
    });
  }

  /**
   * Does what the last commit had yet to do when its host died, and wakes everyone who might wait for this actor: nobody knows
   * what the dead host had announced or had been told.
   */
  private applyLastCommit(): void {
    const { committed, output, letters, inputs, environment, vitals } = this;
    const { wakeWords } = environment;
    vitals.enter(Activity.idle);
    vitals.show(committed.counts, this.log.sequence());
    vitals.work[WorkCell.isolating] = 0;
    for (const each of [output, letters.output]) each?.withdrawWait();
    output?.publish(committed.head, wakeWords);
    letters.output.publish(committed.letters.head, wakeWords);
    for (const { index, reader } of inputs) {
      reader.release(this.backup?.releasable(index) ?? committed.inputs[index].position, wakeWords);
      wakeWords.wakeUnconditionally(reader.ring.writerHost());
    }
    output?.wakeReaders(wakeWords);
    letters.output.wakeReaders(wakeWords);
  }

  /** Opens the sink, if the actor has one. Call it once before the first step, when the job is certain to start. */
  openSink(): void {
    const tail = this.stage.operators[this.stage.operators.length - 1];
    try {
      this.sink.writer = tail.sink?.open({ operator: tail.name, position: this.committed.sink });
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : errors.sinkFailed(tail.name, cause);
    }
  }

  /** Opens the source, if the actor has one. Call this or {@link reopenSource} once before the first step. */
  async openSource(): Promise<void> {
    await this.feed?.open(this.committed);
  }

  /** Opens the source in the background: nothing is read before it is open, and a failure comes up in a step. */
  reopenSource(): void {
    this.feed?.reopen(this.committed);
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
    return this.log.sequence();
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
      return this.handle(cause);
    }
  }

  private work(untilMs: number): StepStatus {
    const { environment, output } = this;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    for (;;) {
      if (!this.drainOutboxes()) return 'blocked';
      if (this.committed.finished) return 'done';
      if (output !== undefined && !output.hasRoomForBatch) {
        this.commit();
        return 'blocked';
      }
      const startedMs = environment.now();
      this.vitals.work[WorkCell.batch]++;
      const status = this.isolating > 0 ? this.single() : this.batch(this.batchTuples);
      if (status === 'more') this.fitBatch(environment.now() - startedMs);
      if (status === 'idle') {
        if (this.isOpen && this.lingers()) return 'idle';
        this.commit();
        this.takeBackup();
        return 'idle';
      }
      if (!this.lingers() || this.isFull()) this.commit();
      this.takeBackup();
      if (environment.now() >= untilMs) return 'more';
    }
  }

  /** Moves what waits in outboxes into the rings, as far as there is room. Returns false while some still waits. */
  private drainOutboxes(): boolean {
    const { output, letters } = this;
    if (!letters.output.spilled && output?.spilled !== true) return true;
    const drained = [output, letters.output].map((each) => each?.spilled === true && each.drain());
    if (drained.includes(true)) {
      this.begin();
      this.commit();
    }
    return !letters.output.spilled && output?.spilled !== true;
  }

  private takeBackup(): void {
    const { backup, environment, committed, log } = this;
    if (backup === undefined || this.isOpen || committed.replaying) return;
    backup.takeIfDue(committed, log.sequence(), environment.now());
    this.wakeAtMs = Math.min(this.wakeAtMs, backup.wakeAtMs(log.sequence()));
  }

  /** The store has, or could not take, the backup of a commit. */
  backupDone(sequence: number, isStored: boolean): void {
    if (this.closed || !this.isCurrent) return;
    if (isStored) this.backup?.stored(sequence, this.environment.wakeWords);
    else this.backup?.failed(sequence);
    this.environment.wake();
    this.wakeAtMs = 0;
  }

  /** True between transactions, when the state is what has been committed. */
  get isReadable(): boolean {
    return !this.isOpen && !this.committed.replaying;
  }

  /** Ends the linger of the open transaction. */
  hurry(): void {
    this.openedAtMs = Number.NEGATIVE_INFINITY;
    this.wakeAtMs = 0;
    this.environment.wake();
  }

  /** The row of a key, or all rows of a key group, as plain objects. Ask {@link isReadable} first. */
  readState({ key, group }: StateRequest): unknown {
    const { state, name } = this;
    if (state === undefined) throw errors.invariant(`operator '${name}' has keyed state`);
    this.stateReader ??= stateReader(name, state.table, state.transaction);
    return key === undefined ? this.stateReader.entries(group) : this.stateReader.get(key);
  }

  /** Sizes the next batch by how long the last one took. */
  private fitBatch(tookMs: number): void {
    const { taken, batchTuples } = this;
    if (tookMs > BATCH_MS_MAX) this.batchTuples = Math.max(1, Math.floor((taken * BATCH_MS_MAX) / (2 * tookMs)));
    else if (taken >= batchTuples && tookMs < BATCH_MS_MAX / 2)
      this.batchTuples = Math.min(BATCH_TUPLES_MAX, batchTuples * 2);
  }

  /** One pass over the source or the inputs; opens the transaction if there is something to do. */
  private batch(limit: number): StepStatus {
    if (this.feed !== undefined) return this.readSource(this.feed, limit);
    if (this.record.replaying) return this.replay(limit);
    const { inputs } = this;
    let tuples = 0;
    for (let k = 0; k < inputs.length && tuples < limit; k++) {
      const input = inputs[(this.nextInput + k) % inputs.length];
      while (tuples < limit && input.reader.load()) {
        tuples += this.readRows(input, limit - tuples);
        this.taken = tuples;
        if (this.output?.isBatchFull) return 'more';
      }
    }
    this.nextInput = (this.nextInput + 1) % inputs.length;
    if (tuples > 0) return 'more';
    if (inputs.every(({ reader }) => reader.ended)) return this.endInput(limit);
    return this.passedPadding() ? 'more' : 'idle';
  }

  /** Processes rows of an input's current frame; returns how many. */
  private readRows(input: Input, limit: number): number {
    const { reader, upstream, dictionary } = input;
    this.begin();
    this.inputInWork = input;
    this.vitals.work[WorkCell.input] = input.index;
    if (this.isolating > 0) this.isolated = input;
    const next = this.program.run(upstream, reader, dictionary, limit);
    this.inputInWork = undefined;
    const rows = next - reader.row;
    this.openTuples += rows;
    reader.advance(next);
    return rows;
  }

  /**
   * Brings restored state up to date: reads again what it does not reflect. What comes of it is dropped, since it was published
   * before the crash, and so are tuples that fail: they were dead letters then.
   */
  private replay(limit: number): StepStatus {
    const { inputs, record } = this;
    for (const input of inputs) {
      const { reader, index } = input;
      const until = record.replayUntil[index];
      if (!isBefore(reader, until) || !reader.load() || !isBefore(reader, until)) continue;
      const rows = reader.position === until.position ? until.row - reader.row : limit;
      this.taken = this.readRows(input, Math.min(limit, rows));
      this.giveUpOutput();
      return 'more';
    }
    this.begin();
    for (const { index, reader } of inputs) {
      const { position, row, ended } = record.replayUntil[index];
      reader.reset(position, row, ended);
    }
    record.replaying = false;
    this.commit();
    return 'more';
  }

  /** True if a reader moved without reading a tuple: over padding or the end of its stream. That is committed alone. */
  private passedPadding(): boolean {
    const moved = this.inputs.some(({ index, reader }) => reader.position !== this.record.inputs[index].position);
    if (moved) this.begin();
    return moved && !this.lingers();
  }

  private endInput(limit: number): StepStatus {
    const { record, vitals } = this;
    this.begin();
    const head = this.stage.operators[0];
    if (head.end !== undefined && record.endedGroups < KEY_GROUPS - 1) {
      this.isEnding = true;
      vitals.work[WorkCell.input] = -1;
      const next = this.program.endGroup(record.endedGroups + 1, record.endedSlot, limit);
      this.isEnding = false;
      this.taken = 1;
      record.endedSlot = Math.max(0, next);
      if (next < 0) record.endedGroups++;
      return 'more';
    }
    return this.finish();
  }

  private finish(): StepStatus {
    this.begin();
    this.encoder?.flush();
    this.output?.writeEnd();
    this.record.finished = true;
    this.commit();
    return 'more';
  }

  private readSource(feed: SourceFeed, limit: number): StepStatus {
    this.vitals.work[WorkCell.input] = -1;
    const status = feed.read(this.record, limit);
    this.wakeAtMs = Math.min(this.wakeAtMs, feed.dueMs);
    this.taken = feed.taken;
    this.openTuples += feed.taken;
    return status === 'end' ? this.finish() : status;
  }

  /** A batch of one tuple: a failure, or a crash, is then that tuple's. */
  private single(): StepStatus {
    const { vitals, feed, condemned } = this;
    if (condemned !== undefined && feed === undefined) return this.skipCondemned(condemned);
    vitals.work[WorkCell.isolating] = 1;
    const status = feed === undefined ? this.batch(1) : this.singleFromSource(feed);
    vitals.work[WorkCell.isolating] = 0;
    if (status !== 'idle') this.isolating = Math.max(0, this.isolating - 1);
    if (this.isOpen && status !== 'idle') this.commit();
    return status;
  }

  private singleFromSource(feed: SourceFeed): StepStatus {
    const { record, condemned } = this;
    let failure: Failure | undefined;
    this.vitals.work[WorkCell.input] = -1;
    const from = feed.position(record);
    const status = feed.readSingle(record, condemned && fromRecord(condemned.error), ({ tuple, error }) => {
      const where = inSource(this.name, from, tuple);
      failure = this.failureAt(condemned?.operator ?? this.program.failedAt(), where, error);
    });
    this.wakeAtMs = Math.min(this.wakeAtMs, feed.dueMs);
    this.taken = feed.taken;
    if (failure !== undefined) {
      this.giveUpOutput();
      this.letterOrThrow(failure);
    }
    return status === 'end' ? this.finish() : status;
  }

  /** What is done about an exception: the batch is gone; it is tried again tuple by tuple, or the failing tuple is skipped. */
  private handle(cause: unknown): StepStatus {
    const isSingle = this.isolating > 0;
    const failure = this.failureOf(cause);
    const { inputInWork, isolated, isEnding } = this;
    const row = this.vitals.work[WorkCell.row];
    const slot = isEnding ? this.program.endingSlot() : 0;
    const tuples = inputInWork === undefined ? this.openTuples : this.openTuples + row - inputInWork.reader.row + 1;
    this.rollback();
    if (!failure.isOfTuple) throw new ActorFailure(errorOf(failure), failure.policy, failure.where.position);
    if (!isSingle) {
      // A source gave up to a whole order of tuples before it failed, and was counted after it.
      this.isolating = this.feed !== undefined || isEnding ? BATCH_TUPLES_MAX : Math.max(1, tuples);
      this.batchTuples = BATCH_TUPLES_FIRST;
      this.reopenSource();
      return 'more';
    }
    if (isEnding) return this.skipKey(failure, slot);
    if (isolated !== undefined) return this.skipRow(isolated, failure);
    // What a source throws by itself, or what fails only when the batch is written.
    const ofSource = this.feed === undefined ? failure : { ...failure, operator: this.stage.operators[0] };
    throw new ActorFailure(errorOf(ofSource), ofSource.operator.onError, failure.where.position);
  }

  /** Commits a dead letter in place of the row at an input's cursor. */
  private skipRow(input: Input, failure: Failure): StepStatus {
    const { reader } = input;
    if (!reader.load()) throw errors.invariant('a row that failed alone is still at its cursor');
    const { upstream, dictionary } = input;
    const where = inFrame(this.stage, this.upstreamStages[upstream], reader, dictionary, reader.row);
    this.begin();
    if (this.record.replaying && failure.policy === 'deadLetter') this.isolating = 0;
    else this.letterOrThrow({ ...failure, where });
    reader.advance(reader.row + 1);
    this.commit();
    return 'more';
  }

  /** Commits a dead letter in place of the end-of-stream closure of the key in a slot. */
  private skipKey(failure: Failure, slot: number): StepStatus {
    this.begin();
    this.letterOrThrow(failure);
    this.record.endedSlot = slot + 1;
    this.commit();
    return 'more';
  }

  private skipCondemned(condemned: Condemned): StepStatus {
    const { input, operator, slot, error } = condemned;
    const cause = fromRecord(error);
    if (input >= 0) return this.skipRow(this.inputs[input], this.failureAt(operator, AT_COMMIT, cause));
    let key: readonly unknown[] = [];
    this.state?.forEachRow(this.record.endedGroups + 1, slot, (found) => {
      key = found;
      return false;
    });
    return this.skipKey(this.failureAt(operator, atEndOfInput(key), cause), slot);
  }

  /** Writes a dead letter, if that is the operator's policy. The tuple has been isolated: others need not be. */
  private letterOrThrow(failure: Failure): void {
    if (failure.policy !== 'deadLetter') {
      this.rollback();
      this.reopenSource();
      throw new ActorFailure(errorOf(failure), failure.policy, failure.where.position);
    }
    this.letters.write(failure);
    this.isolating = 0;
    this.condemned = undefined;
  }

  private begin(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.openTuples = 0;
    if (this.environment.lingerMs > 0) this.openedAtMs = this.environment.now();
    this.transaction?.begin((this.log.sequence() + 1) | 0);
  }

  /** True while the open transaction may wait for more tuples; sets the time of its commit. */
  private lingers(): boolean {
    const { lingerMs } = this.environment;
    if (lingerMs === 0 || !this.isOpen || this.record.finished) return false;
    const commitAtMs = this.openedAtMs + lingerMs;
    this.wakeAtMs = Math.min(this.wakeAtMs, commitAtMs);
    return this.environment.now() < commitAtMs;
  }

  private isFull(): boolean {
    return this.output?.isBatchFull === true || this.program.processed() - this.counted.processed >= BATCH_TUPLES_MAX;
  }

  /** Makes the open transaction visible. The order of the stores is that of docs/transactions.md. */
  private commit(): void {
    const { record, committed, output, letters, inputs, log, environment } = this;
    if (!this.isOpen) return;
    this.encoder?.flush();
    const { writer } = this.sink;
    if (writer !== undefined) record.sink = this.flushSink(writer);
    output?.save(record);
    letters.output.save(record.letters);
    for (let i = 0; i < inputs.length; i++) {
      const { reader } = inputs[i];
      const mark = record.inputs[i];
      mark.position = reader.position;
      mark.row = reader.row;
      mark.ended = reader.ended;
    }
    this.count();
    const number = (log.sequence() + 1) | 0;
    log.write(number, record);
    log.commit(number);
    this.isOpen = false;
    this.isolated = undefined;
    copyRecord(record, committed);
    output?.publish(record.head, environment.wakeWords);
    letters.output.publish(record.letters.head, environment.wakeWords);
    for (let i = 0; i < inputs.length; i++) {
      inputs[i].reader.release(this.backup?.releasable(i) ?? record.inputs[i].position, environment.wakeWords);
    }
    this.vitals.show(record.counts, number);
  }

  /** A sink that cannot write is no tuple's fault. */
  private flushSink(writer: NonNullable<SinkHolder['writer']>): number {
    try {
      return writer.flush();
    } catch (cause) {
      throw cause instanceof MillraceError ? cause : errors.sinkFailed(this.tail.name, cause);
    }
  }

  /** Adds to the record's counts what the program has counted since the last commit. */
  private count(): void {
    const { counts } = this.record;
    const { counted, program } = this;
    const processed = program.processed();
    const emitted = this.encoder?.emitted() ?? 0;
    counts[0] += processed - counted.processed;
    counts[1] += emitted - counted.emitted;
    const passed = program.takePassed();
    for (let i = 0; i < passed.length; i++) counts[i + 2] += passed[i];
    counted.processed = processed;
    counted.emitted = emitted;
  }

  /** Returns everything to the last commit. */
  private rollback(): void {
    const { committed } = this;
    this.isOpen = false;
    this.isolated = undefined;
    this.inputInWork = undefined;
    this.isEnding = false;
    this.vitals.work[WorkCell.isolating] = 0;
    this.giveUpOutput();
    this.letters.restore(committed.letters);
    this.transaction?.rollback(this.log.sequence());
    this.program.expireState();
    for (const { index, reader } of this.inputs) {
      const { position, row, ended } = committed.inputs[index];
      reader.reset(position, row, ended);
    }
    copyRecord(committed, this.record);
  }

  /** Forgets what the open batch has written, and counted as written. */
  private giveUpOutput(): void {
    const { committed, program } = this;
    this.encoder?.discard();
    this.output?.restore(committed);
    this.sink.writer?.rollback(committed.sink);
    this.counted.processed = program.processed();
    this.counted.emitted = this.encoder?.emitted() ?? 0;
    program.takePassed();
    program.clearFailure();
  }

  private get tail(): Stage['operators'][number] {
    return this.stage.operators[this.stage.operators.length - 1];
  }

  private failureOf(cause: unknown): Failure {
    return this.failureAt(this.program.failedAt(), this.whereabouts(), cause);
  }

  private failureAt(operatorIndex: number, where: Whereabouts, cause: unknown): Failure {
    const operator = this.stage.operators[operatorIndex] ?? this.stage.operators[0];
    return { operator, policy: operator.onError, where, cause, isOfTuple: mayBeOfTuple(cause) };
  }

  private whereabouts(): Whereabouts {
    const row = this.vitals.work[WorkCell.row];
    if (this.feed !== undefined) {
      const isGenerated = this.stage.operators[0].source?.kind === 'generate';
      return inSource(this.name, this.feed.position(this.record) + (isGenerated ? row : 0));
    }
    if (this.isEnding) return atEndOfInput(this.program.endingKey());
    const input = this.inputInWork;
    if (input === undefined) return AT_COMMIT;
    return inFrame(this.stage, this.upstreamStages[input.upstream], input.reader, input.dictionary, row);
  }

  /** True while an output has no room for another batch. */
  get isBlocked(): boolean {
    const { output, letters } = this;
    return letters.output.spilled || (output !== undefined && !output.hasRoomForBatch);
  }

  /** Tells the readers that this actor parks for room. Then {@link canStep} must be asked once more. */
  announcePark(): void {
    const { output, letters } = this;
    if (output !== undefined && !output.hasRoomForBatch) output.announceWait();
    if (letters.output.spilled) letters.output.announceWait();
  }

  withdrawPark(): void {
    this.output?.withdrawWait();
    this.letters.output.withdrawWait();
  }

  /** True if a step would get somewhere now. */
  canStep(): boolean {
    if (this.closed) return false;
    const { output, letters, inputs } = this;
    if (this.isBlocked) {
      // An open transaction holds input and output back: a step commits it before it waits.
      if (this.isOpen) return true;
      if (letters.output.spilled && !letters.output.isDrained()) return false;
      return output === undefined || output.hasRoomForBatch || output.isDrained();
    }
    if (this.committed.finished || this.environment.now() >= this.wakeAtMs) return true;
    if (this.feed !== undefined) return this.feed.canRead();
    if (inputs.every(({ reader }) => reader.ended)) return true;
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
      if (this.isOpen && this.isCurrent) this.rollback();
    } finally {
      this.feed?.close();
      this.sink.writer?.close();
    }
  }

  /** The same, for good: its writers no longer wait for it. */
  retire(): void {
    this.release();
    for (const { reader } of this.inputs) reader.ring.deactivate(reader.slot);
  }
}
