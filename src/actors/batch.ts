// The open batch of an actor, as a transaction: what it has read, changed, written and counted since its last commit.
// Promises: `commit` makes all of it visible at one atomic store, `rollback` undoes all of it. `Batch.recover` takes up what a dead
// host left: its open transaction is rolled back, and its last commit applied again, which changes nothing if there was no crash.
// Relies on: one host at a time, fenced before the next; docs/transactions.md for the order of stores.

import { errors } from '../errors.ts';
import { LATEST_MS } from '../flow/event-time.ts';
import { keepsOrder, type Plan, type ReadStream, readsItself, type Stage, streamsOf } from '../flow/plan.ts';
import type { Resident, ResidentHost } from '../flow/resident.ts';
import { ACTOR_COUNTS } from '../flow/stage-counts.ts';
import { stateLayout } from '../flow/state-layout.ts';
import { Alignment } from '../mailbox/alignment.ts';
import { DictionaryReader } from '../mailbox/dictionary.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import { Ring } from '../mailbox/ring.ts';
import { RingReader } from '../mailbox/ring-reader.ts';
import { systemClock } from '../platform/clock.ts';
import { groupsOf, hasGroup } from '../state/groups/group-set.ts';
import { type KeyedState, keyedState } from '../state/rows/keyed-state.ts';
import { CLOCK_TIMERS, KeyTimers, type TimerClock } from '../state/timers/key-timers.ts';
import { CommitLog } from '../state/transaction/commit-log.ts';
import { type CommitRecord, commitCodec } from '../state/transaction/commit-record.ts';
import { PartitionMarks } from '../state/transaction/partition-marks.ts';
import { hasEnded } from '../state/transaction/sweep.ts';
import { Transaction } from '../state/transaction/transaction.ts';
import type { ActorDescriptor, ActorEnvironment } from './actor-descriptor.ts';
import { type ActorState, requireTransition, stateOf } from './actor-state.ts';
import { DeadLetterWriter } from './failures/dead-letters.ts';
import { type OutputPort, outputPort } from './output-port.ts';
import { Outputs } from './outputs.ts';
import type { Program } from './program/parts.ts';
import { generateProgram } from './program/program.ts';
import { ReplicaBackup } from './replica-backup.ts';
import { Requests } from './requests/requests.ts';
import { SinkEnd } from './sink-end.ts';
import { EventClock } from './time/event-clock.ts';
import { OutputTime } from './time/output-time.ts';
import { TimeBoard } from './time/time-board.ts';
import { TIME_CELLS, TimeCell } from './time/time-cells.ts';
import { LatencyMeter } from './vitals/latency-meter.ts';
import { Activity, type Vitals, WorkCell } from './vitals/vitals.ts';

/** Tuples of one transaction, about: more did not pay (docs/mailboxes.md). */
export const BATCH_TUPLES_MAX = 4096;

/**
 * The same of a batch whose output is held until it commits, if nothing else grows with it: the rows that a key has been combined to
 * are as many in a batch of any length.
 */
const HELD_TUPLES_MAX = 1 << 20;

/** A batch that has read more than this share of an input's ring commits: a writer goes on while as much is free. */
const HELD_RING_SHARE = 8;

/** One ring that the actor reads. */
export interface Input {
  readonly index: number;
  readonly reader: RingReader;
  /** Of the stage's upstreams, the one that writes the ring. */
  readonly upstream: number;
  readonly dictionary: DictionaryReader | undefined;
  /** True if it is not read while output waits for room: what comes from outside of a loop, whose own mail must go on. */
  readonly isHeldBack: boolean;
}

export class Batch {
  /** The last commit, and what the next one will record. */
  readonly committed: CommitRecord;
  readonly record: CommitRecord;
  readonly inputs: readonly Input[];
  /** The streams that its inputs are rings of, in the order of the stage's upstream. */
  readonly streams: readonly ReadStream[];
  /** Which of the inputs may be read, and the time that they have come to. */
  readonly alignment: Alignment;
  readonly ports: readonly OutputPort[];
  readonly letters: DeadLetterWriter;
  /** Both. */
  readonly outputs: Outputs;
  /** How far time has come in what it writes. */
  readonly outputTime: OutputTime;
  readonly state: KeyedState | undefined;
  /** Where the partitions of its source stand, if there are several: a part of each commit, beside the record. */
  readonly partitions: PartitionMarks | undefined;
  /** Called when a hand-over has changed what the replica owns. */
  ownersChanged: (() => void) | undefined;
  readonly program: Program;
  /** The timers of its keys, if its operator has a closure for them. */
  readonly timers: KeyTimers | undefined;
  /** Those by the clock, of an operator whose others are in event time. */
  readonly clockTimers: KeyTimers | undefined;
  /** The time of what is in work, and what is known of times; see {@link TimeCell}. */
  readonly time = new Float64Array(TIME_CELLS);
  /** Judges the event times of tuples, if that is done here. */
  readonly clock: EventClock | undefined;
  /** Where the replica tells how far its source has come, and whether the source is idle. */
  readonly board: TimeBoard | undefined;
  isIdle: () => boolean = () => false;
  /** What lives beside the rows of its state, if its operator has such a thing. */
  readonly resident: Resident | undefined;
  /** What it has asked and not committed, if its operator awaits. */
  readonly requests: Requests | undefined;
  readonly sink: SinkEnd;
  /** 1 for each key group that this replica owns: what the last commit says. */
  private readonly owned = new Uint8Array(KEY_GROUPS);
  backup: ReplicaBackup | undefined;
  /** What the actor is at, by its last commit. */
  actorState: ActorState;
  isOpen = false;
  /** When it was opened, on the environment's clock; only kept if commits linger. */
  openedAtMs = 0;
  /** Tuples read since it was opened. */
  tuples = 0;
  /** Set when a closure has emitted after it had returned: what it meant to emit is lost, so the actor cannot go on. */
  lateEmit: Error | undefined;
  private readonly stage: Stage;
  private readonly environment: ActorEnvironment;
  private readonly vitals: Vitals;
  private readonly log: CommitLog;
  private readonly transaction: Transaction | undefined;
  /** How long an open batch may wait for more tuples. */
  private readonly lingerMs: number;
  /** How long tuples are under way, where that is measured. */
  private readonly latency: LatencyMeter | undefined;
  /** True if batches may be longer than usual. */
  private readonly mayBeLong: boolean;
  /** Tuples that are still to be read in batches of the usual length. */
  private carefulTuples = 0;
  /** What the program had processed at the last commit. */
  private counted = 0;

  /** The batch of a replica on a new host: takes up what the last one has left. */
  static recover(plan: Plan, descriptor: ActorDescriptor, environment: ActorEnvironment, vitals: Vitals): Batch {
    const batch = new Batch(plan, descriptor, environment, vitals);
    batch.applyLastCommit();
    return batch;
  }

  private constructor(plan: Plan, descriptor: ActorDescriptor, environment: ActorEnvironment, vitals: Vitals) {
    const stage = plan.stages[descriptor.stage];
    const [head] = stage.operators;
    this.stage = stage;
    this.environment = environment;
    this.vitals = vitals;
    this.log = new CommitLog(descriptor.commit);
    this.committed = this.log.lastCommit();
    this.record = this.log.lastCommit();
    this.actorState = stateOf(this.committed);
    const { cursors, progress } = this.committed;
    this.inputs = descriptor.inputs.map((input, index) => ({
      ...inputOf(input, index, cursors.inputs[index]),
      isHeldBack: readsItself(stage) && stage.upstream[input.upstream].stage !== stage.index,
    }));
    this.streams = streamsOf(plan, stage);
    const hasTime = (upstream: number): boolean => this.streams[upstream].written.time !== undefined;
    const isOrdered = (upstream: number): boolean => keepsOrder(this.streams[upstream].from);
    this.alignment = new Alignment(
      this.inputs.map((input) => ({
        ...input,
        hasTime: hasTime(input.upstream),
        isOrdered: isOrdered(input.upstream),
      })),
    );
    this.ports = descriptor.outputs.map((memory, port) => {
      const output = stage.outputs[port];
      const { name } = stage.operators[output.operator];
      return outputPort(name, output, memory, cursors.outputs[port], this.time, readsItself(stage), keepsOrder(stage));
    });
    const { ring, outbox } = descriptor.letters;
    this.letters = new DeadLetterWriter(head.name, descriptor.replica, new Ring(ring), outbox, cursors.letters);
    this.outputs = new Outputs(this.ports, this.letters);
    this.sink = new SinkEnd(this.tail);
    if (descriptor.transaction !== undefined) {
      this.transaction = new Transaction(head.name, descriptor.transaction);
      this.transaction.rollback(this.log.sequence());
      this.state = keyedState(head.name, stateLayout(stage), this.transaction);
    }
    if (descriptor.partitions !== undefined) {
      this.partitions = new PartitionMarks(descriptor.partitions);
      this.partitions.rollback(this.log.sequence());
    }
    for (const group of this.groups) this.owned[group] = 1;
    const { now, sharedNow = now, wake, after = systemClock.after } = environment;
    const { replica } = descriptor;
    const owns = (group: number): boolean => this.owned[group] === 1;
    const isAlone = (): boolean => vitals.work[WorkCell.isolating] === 1;
    const of = { replica, groups: this.groups, owns, isAlone, ...this.ownLoop(descriptor) };
    this.resident = head.resident?.({ ...of, now: sharedNow, wake, after });
    if (head.asking !== undefined) {
      const { streams, inputs, alignment, owned, committed } = this;
      const { work } = vitals;
      const keyPrefix = `${plan.graph.name}/${head.name}/${descriptor.run}`;
      this.requests = new Requests({
        stage,
        streams,
        inputs,
        alignment,
        owned,
        work,
        keyPrefix,
        committed,
        after,
        wake,
      });
    }
    if (this.state !== undefined && head.onTimer !== undefined) {
      this.timers = new KeyTimers(head.name, this.state, this.owned, this.timerClock(head.isInEventTime));
    }
    if (this.state !== undefined && head.onClock !== undefined) {
      this.clockTimers = new KeyTimers(head.name, this.state, this.owned, this.timerClock(false), CLOCK_TIMERS);
    }
    const judging = stage.operators.find(({ eventTime }) => eventTime !== undefined);
    if (judging?.eventTime !== undefined) {
      this.clock = new EventClock(judging.name, judging.eventTime, this.time, environment.epochMs ?? Date.now);
      this.clock.enter(progress.source.seen);
      this.board = descriptor.board && new TimeBoard(descriptor.board);
    }
    this.outputTime = new OutputTime(stage, this);
    this.program = generateProgram({
      stage,
      streams: this.streams,
      ports: this.ports,
      sink: this.sink,
      state: this.state,
      resident: this.resident,
      requests: this.requests,
      timers: this.timers,
      clockTimers: this.clockTimers,
      time: this.time,
      clock: this.clock,
      owned: this.owned,
      work: vitals.work,
      load: vitals.load,
      ringBytes: descriptor.ringBytes,
      lateEmit: (operator) => this.noteLateEmit(operator),
    });
    const { holdMs = 0 } = this.tail;
    this.lingerMs = Math.max(environment.lingerMs, holdMs);
    // What a transaction of state would have to take back grows with it.
    this.mayBeLong = this.program.holder !== undefined && this.state === undefined;
    this.backup = this.backupOf(environment);
    this.latency = environment.stampMs && new LatencyMeter(this, vitals.latency, environment.stampMs);
  }

  /** The output that the replica reads itself, if there is one. */
  private ownLoop({ inputs, outputs }: ActorDescriptor): Pick<ResidentHost, 'loopHead' | 'hasReadLoop'> {
    const port = outputs.findIndex(({ memory }) => inputs.some((input) => input.memory.ring === memory.ring));
    const reader = this.inputs.find((_, i) => port >= 0 && inputs[i].memory.ring === outputs[port].memory.ring)?.reader;
    return {
      loopHead: () => {
        if (reader === undefined) return undefined;
        const { head, outboxStart, outboxEnd } = this.committed.cursors.outputs[port];
        return outboxStart === outboxEnd ? head : undefined;
      },
      hasReadLoop: (head) => reader !== undefined && ((reader.position - head) | 0) >= 0,
    };
  }

  private timerClock(isInEventTime = false): TimerClock {
    const { environment, time, alignment } = this;
    const now = environment.epochMs ?? environment.now;
    return isInEventTime
      ? { isEventTime: true, now: () => time[TimeCell.inWork], untilMs: () => alignment.watermark }
      : { isEventTime: false, now, untilMs: now };
  }

  /** True while timers are due in event time: they come before any tuple that is still to be read. */
  get isTimeDue(): boolean {
    const { timers } = this;
    if (timers?.isInEventTime !== true) return false;
    return timers.isBehind || timers.nextAtMs <= Math.min(timers.untilMs, LATEST_MS);
  }

  /** Rows of an input are about to be read: none is earlier than its inputs have said. */
  atRows({ written: { time } }: ReadStream): void {
    if (time === undefined) return;
    const { watermark } = this.alignment;
    this.time[TimeCell.watermark] = watermark;
    this.time[TimeCell.earliest] = watermark - time.allowedLatenessMs;
  }

  private noteLateEmit(operator: string): void {
    const error = errors.lateEmit(operator);
    // Nobody steps an actor that has finished: this ends its thread.
    if (this.hasEnded) throw error;
    this.lateEmit ??= error;
    this.environment.wake();
  }

  private backupOf({ backup, now }: ActorEnvironment): ReplicaBackup | undefined {
    const { state, groups, inputs, committed } = this;
    if (state === undefined || backup === undefined || committed.cursors.isDormant) return undefined;
    const readers = inputs.map(({ reader }) => reader);
    return new ReplicaBackup(state, groups, readers, backup.everyMs, now(), backup.ship);
  }

  /**
   * Does what the last commit had yet to do when its host died, and wakes everyone who might wait for this actor: nobody knows
   * what the dead host had announced or had been told.
   */
  private applyLastCommit(): void {
    const { inputs, outputs, vitals, environment } = this;
    const { host, wakeWords } = environment;
    for (const { reader } of inputs) reader.ring.setReaderHost(reader.slot, host);
    for (const { ring } of outputs.all) ring.setWriterHost(host);
    vitals.enter(Activity.idle);
    vitals.work[WorkCell.isolating] = 0;
    for (const output of outputs.all) output.withdrawWait();
    this.apply();
    for (const { reader } of inputs) wakeWords.wakeUnconditionally(reader.ring.writerHost());
    for (const output of outputs.all) output.wakeReaders(wakeWords);
  }

  /** The last operator of the chain: the one that may have a sink, or a holder. */
  private get tail(): Stage['operators'][number] {
    return this.stage.operators[this.stage.operators.length - 1];
  }

  /** The key groups that this replica owns, in ascending order. */
  get groups(): readonly number[] {
    return groupsOf(this.committed.progress.groups);
  }

  /** Takes up that the last commit says that other groups are owned. */
  changeOwner(): void {
    const { committed, owned, state, environment } = this;
    for (let group = 0; group < KEY_GROUPS; group++) {
      const isOwned = hasGroup(committed.progress.groups, group) ? 1 : 0;
      if (isOwned === 1 && owned[group] === 0) state?.transaction.gain(group);
      owned[group] = isOwned;
    }
    if (this.backup === undefined) this.backup = this.backupOf(environment);
    else this.backup.own(this.groups);
    this.timers?.ownersChanged();
    this.clockTimers?.ownersChanged();
    this.resident?.ownersChanged(this.groups);
    this.requests?.ownersChanged();
    this.ownersChanged?.();
  }

  /** The number of the last commit. */
  get sequence(): number {
    return this.log.sequence();
  }

  /** Opens the sink, if there is one. Call it once before anything is written, when the job is certain to start. */
  openSink(): void {
    this.sink.open(this.committed.progress.sink);
  }

  begin(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.tuples = 0;
    if (this.lingerMs > 0) this.openedAtMs = this.environment.now();
    this.vitals.work[WorkCell.long] = this.isLong ? 1 : 0;
    this.latency?.opened();
    this.transaction?.begin((this.log.sequence() + 1) | 0);
    this.partitions?.begin((this.log.sequence() + 1) | 0);
  }

  /** When the open batch commits at the latest, on the environment's clock; undefined if it does not wait for tuples. */
  get commitAtMs(): number | undefined {
    const isUsual = this.carefulTuples > 0 || this.program.holder?.isPaused() === true;
    const lingerMs = isUsual ? this.environment.lingerMs : this.lingerMs;
    return lingerMs === 0 || !this.isOpen || hasEnded(this.record.progress.sweep)
      ? undefined
      : this.openedAtMs + lingerMs;
  }

  /** True once the replica's end of stream is committed. */
  get hasEnded(): boolean {
    return this.actorState === 'draining' || this.actorState === 'done';
  }

  /** Timers whose closures have run in the open batch. */
  get fired(): number {
    return this.record.progress.fired - this.committed.progress.fired;
  }

  /** True if the batch is as large as it should become: it does not wait for more tuples. */
  get isFull(): boolean {
    const { program, counted, isLong, tuples } = this;
    if (this.outputs.isFull || this.holdsInput() || this.fired >= BATCH_TUPLES_MAX) return true;
    if (program.holder === undefined) return program.processed() - counted >= BATCH_TUPLES_MAX;
    return tuples >= (isLong ? HELD_TUPLES_MAX : BATCH_TUPLES_MAX) || program.holder.isFull();
  }

  /** True if the batch may be longer than usual: a tuple that fails in it is found in two steps. */
  get isLong(): boolean {
    return this.mayBeLong && this.carefulTuples <= 0;
  }

  /** Keeps batches as short as usual, until as much is read as one had that has failed. */
  beCareful(): void {
    this.carefulTuples = HELD_TUPLES_MAX;
  }

  /** Puts all that is written, or held, into frames of the outputs. */
  flushOutput(): void {
    this.flushHeld();
    this.outputs.flush();
  }

  /** What is held becomes rows, and those that fill a frame are written. */
  private flushHeld(): void {
    const { program, stage, vitals } = this;
    if (program.holder === undefined) return;
    vitals.work[WorkCell.operator] = stage.operators.length - 1;
    program.holder.flush();
  }

  /** True if it keeps so much of an input's ring from being released that the ring's writer may have to wait for its commit. */
  private holdsInput(): boolean {
    const { inputs, committed } = this;
    for (let i = 0; i < inputs.length; i++) {
      const { ring, position } = inputs[i].reader;
      if (((position - committed.cursors.inputs[i].position) | 0) > ring.capacityWords / HELD_RING_SHARE) return true;
    }
    return false;
  }

  /** Makes the open batch visible. The order of the stores is that of docs/transactions.md. */
  commit(): void {
    const { record, committed, outputs, inputs, log } = this;
    const { progress, cursors } = record;
    if (!this.isOpen) return;
    if (this.clock !== undefined && this.partitions === undefined) progress.source.seen = this.clock.seen;
    // Before time moves on: rows that are held are of the time before, and fill more than one frame.
    this.flushHeld();
    this.outputTime.advance();
    outputs.flush();
    this.outputTime.setPlace();
    progress.sink = this.sink.flush(progress.sink);
    this.outputTime.tell();
    outputs.save(cursors);
    for (let i = 0; i < inputs.length; i++) inputs[i].reader.save(cursors.inputs[i]);
    this.requests?.save(record);
    this.count();
    if (this.timers !== undefined) progress.expired += this.timers.expired;
    if (inputs.length === 0 && this.partitions?.isChanged !== true && commitCodec.equal(record, committed)) {
      // A source that had nothing has made no progress, and recovery takes a commit for one.
      this.isOpen = false;
      return;
    }
    const next = stateOf(record);
    if (next !== this.actorState) requireTransition(this.stage.operators[0].name, this.actorState, next);
    const number = (log.sequence() + 1) | 0;
    log.write(number, record);
    log.commit(number);
    this.isOpen = false;
    this.carefulTuples -= this.tuples;
    this.latency?.committed(progress.counts[0] !== committed.progress.counts[0], cursors.outputs);
    commitCodec.copy(record, committed);
    this.actorState = next;
    this.apply();
    this.sink.commit(committed.progress.sink);
    this.timers?.committed();
    this.clockTimers?.committed();
    this.resident?.committed();
    this.requests?.committed();
  }

  /** What follows from the last commit: output is published, input released, counts are shown. Doing it again changes nothing. */
  private apply(): void {
    const { committed, outputs, inputs, backup, vitals, log, environment } = this;
    const { cursors, progress } = committed;
    const { wakeWords } = environment;
    outputs.publish(cursors, wakeWords);
    // The slots of a dormant replica belong to whoever hands groups over to it.
    for (let i = 0; i < inputs.length && !cursors.isDormant; i++) {
      inputs[i].reader.release(backup?.releasable(i) ?? cursors.inputs[i].position, wakeWords);
    }
    if (this.board !== undefined) {
      const isOut = cursors.isDormant || hasEnded(progress.sweep) || this.isIdle();
      this.board.tell(progress.watermark, isOut || progress.watermark === Number.POSITIVE_INFINITY);
    }
    vitals.show(progress, this.outputTime.newest, log.sequence());
  }

  /** Adds to the record's counts what the program has counted since the last commit. */
  private count(): void {
    const { counts } = this.record.progress;
    const { counted, program, ports, outputs } = this;
    const processed = program.processed();
    counts[0] += processed - counted;
    this.counted = processed;
    const inChain = program.takeCounts();
    for (let i = 0; i < inChain.length; i++) counts[ACTOR_COUNTS + i] += inChain[i];
    const writtenAt = ACTOR_COUNTS + inChain.length;
    for (let i = 0; i < ports.length; i++) {
      const written = outputs.takeWritten(i);
      counts[1] += written;
      if (ports.length > 1) counts[writtenAt + i] += written;
    }
  }

  /** Returns everything to the last commit. */
  rollback(): void {
    const { committed, vitals } = this;
    const { cursors } = committed;
    this.isOpen = false;
    vitals.work[WorkCell.isolating] = 0;
    this.letters.restore(cursors.letters);
    this.transaction?.rollback(this.log.sequence());
    this.partitions?.rollback(this.log.sequence());
    this.program.expireState();
    for (const { index, reader } of this.inputs) reader.reset(cursors.inputs[index]);
    commitCodec.copy(committed, this.record);
    this.clock?.enter(committed.progress.source.seen);
    this.timers?.rolledBack();
    this.clockTimers?.rolledBack();
    this.resident?.rolledBack();
    this.requests?.rolledBack();
    this.giveUpOutput();
  }

  /** Forgets what the open batch has written, and counted. */
  giveUpOutput(): void {
    const { committed, program } = this;
    program.holder?.discard();
    this.outputs.giveUp(committed.cursors);
    this.outputTime.rolledBack();
    this.counted = program.processed();
    program.takeCounts();
    program.clearFailure();
    // Last, since a sink may not be able to.
    this.sink.rollback(committed.progress.sink);
  }
}

function inputOf(
  { upstream, memory, slot }: ActorDescriptor['inputs'][number],
  index: number,
  mark: CommitRecord['cursors']['inputs'][number],
): Omit<Input, 'isHeldBack'> {
  return {
    index,
    upstream,
    reader: new RingReader(new Ring(memory.ring), slot, mark),
    dictionary: memory.dictionary && new DictionaryReader(memory.dictionary),
  };
}
