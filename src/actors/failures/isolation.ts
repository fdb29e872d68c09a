// Tuple by tuple: how the tuple that fails is found, and what becomes of it.
// Promises: after a batch that failed, and after a crash, each batch is one tuple; the one that fails alone is committed as a dead
// letter or ends the actor, as its operator's policy says, and the others are processed. The tuple that ended its worker again and
// again is given up without being tried.
// Relies on: input comes in the same order after a rollback.

import { errors, fromRecord } from '../../errors.ts';
import { isBehind, type ReadMark } from '../../mailbox/ring-reader.ts';
import type { KeyTimers } from '../../state/timers/key-timers.ts';
import { advanceSweep, sweepTo } from '../../state/transaction/sweep.ts';
import type { Condemned, Resumption, StepStatus } from '../actor-descriptor.ts';
import { BATCH_TUPLES_MAX, type Batch, type Input } from '../batch.ts';
import type { Feed } from '../inputs/feed.ts';
import { partitionAt } from '../inputs/partitioned-feed.ts';
import type { RowReader } from '../inputs/row-reader.ts';
import { AT_CLOCK, AT_TIMER, isAtTimer, NO_ROW, timerMark, WorkCell } from '../vitals/vitals.ts';
import type { WorkInHand } from '../work-in-hand.ts';
import { ChainSieve, TryAgain } from './chain-sieve.ts';
import { ActorFailure, AT_COMMIT, atEndOfInput, atTimer, errorOf, type Failure, type Whereabouts } from './failure.ts';

/** The actor whose tuples are tried. */
export interface Isolated {
  /** Reads at most `limit` tuples, of inputs not beyond `until`, within a batch. */
  read(limit: number, until: readonly ReadMark[] | undefined): StepStatus;
  /** A source has been read: it says when it is due, and how much it gave. */
  wasFed(feed: Feed): void;
  /** Runs closures of timers that are due, at most `limit`, within a batch. */
  fire(timers: KeyTimers, limit: number): void;
  /** Ends the stream. */
  finish(): StepStatus;
  /** Returns everything to the last commit, the source too. */
  rollback(): void;
}

export class Isolation {
  private readonly actor: Isolated;
  private readonly batch: Batch;
  private readonly hand: WorkInHand;
  private readonly rows: RowReader;
  private readonly work: Int32Array;
  private readonly sieve: ChainSieve;
  /** Tuples that are still to be tried one by one. */
  private left: number;
  /** A tuple of the input that is not tried any more. */
  private condemned: Condemned | undefined;

  constructor(
    actor: Isolated,
    hand: WorkInHand,
    rows: RowReader,
    work: Int32Array,
    { isolate, condemned }: Resumption,
  ) {
    this.actor = actor;
    this.batch = hand.batch;
    this.hand = hand;
    this.rows = rows;
    this.work = work;
    this.condemned = condemned.find(({ nth }) => nth === 0);
    this.left = isolate || condemned.length > 0 ? BATCH_TUPLES_MAX : 0;
    this.sieve = new ChainSieve(
      hand.stage,
      work,
      condemned,
      () => hand.whereabouts(),
      (failure) => {
        this.letter(failure);
        this.end();
      },
    );
  }

  /** True while tuples are tried one by one. */
  get isOn(): boolean {
    return this.left > 0;
  }

  /** The next tuples, about as many as the batch had that failed, are tried one by one. */
  begin(tuples: number): void {
    this.left = tuples;
  }

  /** A tuple has been found: others need not be tried alone. */
  private end(): void {
    this.left = 0;
    this.condemned = undefined;
  }

  /** True if a tuple is condemned that is next. */
  get canSkip(): boolean {
    const isExpected = this.condemned !== undefined || this.sieve.isExpecting;
    return isExpected && this.isOn && !this.batch.record.cursors.replaying;
  }

  /** A batch of one tuple: a failure, or a crash, is then that tuple's. */
  single(until: readonly ReadMark[] | undefined): StepStatus {
    const { work, condemned, batch } = this;
    const { feed } = this.hand;
    const isOfInput = condemned !== undefined && !isAtTimer(condemned.input);
    if (isOfInput && feed === undefined && this.mayBeSkipped(condemned, until)) {
      return this.skipCondemned(condemned);
    }
    // Whoever dies before a tuple has begun says nothing about one, and the row at the cursor may be another replica's.
    if (feed === undefined || feed.isGenerated) work[WorkCell.row] = NO_ROW;
    const status = this.alone(() => (feed === undefined ? this.actor.read(1, until) : this.singleFromSource(feed)));
    if (status === 'idle') return status;
    // First: a tuple may fail only as its output is written.
    batch.commit();
    // A source that finds its place again gives nothing for a while.
    if (feed !== undefined && feed.taken === 0) return status;
    this.tried();
    return status;
  }

  /** The closure of one timer that is due, in a batch of its own; or a letter in its place. */
  singleTimer(timers: KeyTimers): void {
    const { condemned, batch, hand, work } = this;
    if (condemned?.input === (timers === batch.clockTimers ? AT_CLOCK : AT_TIMER)) {
      const { operator, slot, error } = condemned;
      const failureAt = (where: Whereabouts): Failure => hand.failureAt(operator, where, fromRecord(error));
      if (this.skipTimer(timers, failureAt, (tag) => timerMark(tag) === slot)) return;
    }
    // What makes it due may be how far the inputs have been passed: a rollback is not to take that back.
    batch.begin();
    batch.commit();
    work[WorkCell.row] = NO_ROW;
    this.alone(() => this.actor.fire(timers, 1));
    batch.commit();
    this.tried();
  }

  /** What `work` fails at, or dies of, is said to be of one tuple. */
  private alone<Result>(work: () => Result): Result {
    const { program } = this.batch;
    this.hand.lastInput = undefined;
    this.work[WorkCell.isolating] = 1;
    program.sift(this.sieve);
    let result: Result;
    try {
      result = work();
    } finally {
      program.sift(undefined);
    }
    this.work[WorkCell.isolating] = 0;
    return result;
  }

  private tried(): void {
    this.sieve.committed();
    this.left = Math.max(0, this.left - 1);
  }

  private mayBeSkipped({ input }: Condemned, until: readonly ReadMark[] | undefined): boolean {
    const { record, inputs } = this.batch;
    if (record.cursors.replaying) return false;
    return until === undefined || (input >= 0 && isBehind(inputs[input].reader, until[input]));
  }

  private singleFromSource(feed: Feed): StepStatus {
    const { batch, condemned, hand } = this;
    const { record, program } = batch;
    let failure: Failure | undefined;
    this.work[WorkCell.input] = -1;
    const skip = condemned && {
      error: fromRecord(condemned.error),
      partition: partitionAt(condemned.input),
    };
    let triesAgain = false;
    const status = feed.readSingle(record.progress.source, skip, ({ tuple, error, position }) => {
      triesAgain = error instanceof TryAgain;
      const operator = condemned?.operator ?? program.failedAt();
      failure = hand.failureAt(operator, hand.atSource(position, tuple), error);
    });
    this.actor.wasFed(feed);
    if (triesAgain) throw new TryAgain();
    if (failure !== undefined) {
      batch.giveUpOutput();
      this.letterOrThrow(failure);
      this.end();
    }
    return status === 'end' ? this.actor.finish() : status;
  }

  /**
   * Does what is to be done about a tuple that has failed alone; the batch is rolled back.
   * @param input whose row was tried, if it was a row
   * @param slot of the key whose closure failed, if it was a key
   * @param firing the timers of which it was one, if it was a timer
   * @throws ActorFailure if the actor cannot go on
   */
  failed(
    failure: Failure,
    input: Input | undefined,
    slot: number | undefined,
    firing: KeyTimers | undefined,
  ): StepStatus {
    if (firing !== undefined) {
      // It is the next one at every try: others have not become due before it.
      if (!this.skipTimer(firing, () => failure)) throw errors.invariant('a timer that failed alone is still there');
      return 'more';
    }
    if (slot !== undefined) return this.skipKey(failure, slot);
    if (input !== undefined) return this.skipRow(input, failure);
    // What a source throws by itself, or what fails only when the batch is written.
    const { feed, stage } = this.hand;
    const ofSource = feed === undefined ? failure : { ...failure, operator: stage.operators[0] };
    throw new ActorFailure(errorOf(ofSource), ofSource.operator.failure, failure.where.position);
  }

  /** Commits a dead letter in place of the row at an input's cursor. */
  private skipRow(input: Input, failure: Failure): StepStatus {
    const { batch, hand } = this;
    const { reader } = input;
    if (!this.rows.loadAt(input)) throw errors.invariant('a row that failed alone is still at its cursor');
    const where = hand.atRow(input);
    batch.begin();
    this.letterOrThrow({ ...failure, where });
    this.end();
    batch.program.leaveOutRow(input.upstream, reader, input.dictionary);
    reader.advance(reader.row + 1);
    batch.commit();
    return 'more';
  }

  /** Commits a dead letter in place of the closure of the key in a slot. */
  private skipKey(failure: Failure, slot: number): StepStatus {
    const { batch } = this;
    batch.begin();
    this.letterOrThrow(failure);
    this.end();
    const { sweep } = batch.record.progress;
    // The batch that it had begun in may be gone.
    sweepTo(sweep, Number.POSITIVE_INFINITY);
    advanceSweep(sweep, slot + 1);
    batch.commit();
    return 'more';
  }

  /**
   * Commits a dead letter in place of the closure of the timer that is next.
   * @param isMeant tells by the tag of its key whether it is the one; without it, it is
   * @returns false if it is not
   */
  private skipTimer(
    timers: KeyTimers,
    failureAt: (where: Whereabouts) => Failure,
    isMeant?: (tag: number) => boolean,
  ): boolean {
    const { batch } = this;
    const { record } = batch;
    batch.begin();
    if (!timers.take(timers.untilMs) || isMeant?.(timers.tag) === false) {
      this.actor.rollback();
      return false;
    }
    this.letterOrThrow(failureAt(atTimer(timers.key, timers.name, timers.atMs)));
    this.end();
    record.progress.fired++;
    batch.program.leaveOut(timers.untilMs, timers === batch.clockTimers);
    batch.commit();
    return true;
  }

  private skipCondemned({ input, operator, slot, error }: Condemned): StepStatus {
    const { batch, hand } = this;
    const cause = fromRecord(error);
    if (input >= 0) return this.skipRow(batch.inputs[input], hand.failureAt(operator, AT_COMMIT, cause));
    let key: readonly unknown[] = [];
    batch.state?.forEachRow(batch.record.progress.sweep.group, slot, (found) => {
      key = found;
      return false;
    });
    return this.skipKey(hand.failureAt(operator, atEndOfInput(key), cause), slot);
  }

  /** Writes a dead letter, if that is the operator's policy. */
  letterOrThrow(failure: Failure): void {
    if (failure.policy !== 'deadLetter') {
      this.actor.rollback();
      throw new ActorFailure(errorOf(failure), failure.policy, failure.where.position);
    }
    this.letter(failure);
  }

  /** Writes a dead letter. What is read again to restore state has had its letters before the crash. */
  private letter(failure: Failure): void {
    const { letters, record } = this.batch;
    if (!record.cursors.replaying) letters.write(failure);
  }
}
