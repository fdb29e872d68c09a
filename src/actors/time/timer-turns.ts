// Whose turn it is among the timers of an actor's keys, by the event time of its input and by the clock, and firing those.
// Promises: what is due in event time comes before all else; timers that set themselves without end are an error, and not a standstill;
// at the end of the input those fire that were due then.

import { errors } from '../../errors.ts';
import type { KeyTimers } from '../../state/timers/key-timers.ts';
import { isEnding } from '../../state/transaction/sweep.ts';
import type { ActorEnvironment } from '../actor-descriptor.ts';
import type { Batch } from '../batch.ts';
import { AT_CLOCK, AT_TIMER, WorkCell } from '../vitals/vitals.ts';
import type { WorkInHand } from '../work-in-hand.ts';

/** Timers that fire at one moment, or at the end of the input, until one is taken to set itself without end: so many, and for each pending. */
const ENDLESS_TIMERS = 1 << 20;
const ENDLESS_TIMERS_EACH = 1024;

export class TimerTurns {
  private readonly name: string;
  private readonly batch: Batch;
  private readonly hand: WorkInHand;
  /** Shared; see {@link WorkCell}. */
  private readonly work: Int32Array;
  private readonly environment: Pick<ActorEnvironment, 'timersUntilMs'>;
  /** Event timers that have fired, beyond those that may, at this time. */
  private fired = 0;
  private firedAt = Number.NEGATIVE_INFINITY;
  /** When the input has ended, and how many timers may fire since. */
  private atEnd: { readonly atMs: number; timers: number } | undefined;

  constructor(
    name: string,
    batch: Batch,
    hand: WorkInHand,
    work: Int32Array,
    environment: Pick<ActorEnvironment, 'timersUntilMs'>,
  ) {
    this.name = name;
    this.batch = batch;
    this.hand = hand;
    this.work = work;
    this.environment = environment;
  }

  /** In how many milliseconds a timer is due; 0 or less if one is now. At the end of the input time stands still. */
  get dueInMs(): number {
    const { batch } = this;
    return this.fires && batch.isTimeDue ? 0 : this.dueAtMs - this.clockMs;
  }

  /** True while timers fire: not while restored state is brought up to date, and not once keys have had their end. */
  get fires(): boolean {
    const { committed, record, actorState } = this.batch;
    return actorState === 'reading' && !isEnding(record.progress.sweep) && !committed.cursors.isDormant;
  }

  /** Its timers that go by the clock. */
  private get clocked(): KeyTimers | undefined {
    const { timers, clockTimers } = this.batch;
    return timers?.isInEventTime === true ? clockTimers : timers;
  }

  /** Those whose turn it is: what is due in event time comes before all else. */
  get inTurn(): KeyTimers | undefined {
    return this.batch.isTimeDue ? this.batch.timers : this.clocked;
  }

  /** Up to which time timers by the clock fire. */
  private get clockMs(): number {
    return this.environment.timersUntilMs?.() ?? this.clocked?.untilMs ?? Number.NEGATIVE_INFINITY;
  }

  /** When the clock makes the next timer due, in milliseconds since the epoch; Infinity if it makes none. */
  get dueAtMs(): number {
    const { clocked } = this;
    return clocked === undefined || !this.fires ? Number.POSITIVE_INFINITY : clocked.dueAtMs;
  }

  /** True while timers have yet to fire that were due when the input ended. */
  isTimeLeft(): boolean {
    if (this.batch.isTimeDue) return true;
    const { clocked } = this;
    if (clocked === undefined) return false;
    if (clocked.isBehind) return true;
    // No more than were there then: one may set itself again and again.
    this.atEnd ??= { atMs: clocked.forClosures.now(), timers: clocked.pending };
    return clocked.dueAtMs <= this.atEnd.atMs && this.atEnd.timers > 0;
  }

  /** In event time all that is due fires before anything is read: what never ends would hold the stream up in silence. */
  private refuseEndless(timers: KeyTimers, taken: number): void {
    const { alignment } = this.batch;
    // At the end any time has come; before it those of one moment are counted.
    const at = alignment.watermark === Number.POSITIVE_INFINITY ? alignment.watermark : timers.atMs;
    if (this.firedAt !== at) this.fired = -timers.pending * ENDLESS_TIMERS_EACH;
    this.firedAt = at;
    this.fired += taken;
    if (this.fired > ENDLESS_TIMERS) throw errors.endlessTimers(this.name, this.fired, timers.atMs);
  }

  /**
   * Runs the closures of at most `limit` timers that are due, within the open batch.
   * @returns how many
   */
  fire(timers: KeyTimers, limit: number): number {
    const { batch, hand, work } = this;
    const isBesides = timers === batch.clockTimers;
    batch.begin();
    hand.firing = timers;
    work[WorkCell.input] = isBesides ? AT_CLOCK : AT_TIMER;
    const untilMs = timers.isInEventTime ? timers.untilMs : this.clockMs;
    const taken = isBesides ? batch.program.fireClock(untilMs, limit) : batch.program.fireTimers(untilMs, limit);
    hand.firing = undefined;
    batch.record.progress.fired += taken;
    if (timers.isInEventTime) this.refuseEndless(timers, taken);
    else if (this.atEnd !== undefined) this.atEnd.timers -= taken;
    return taken;
  }
}
