// The host of a worker's actors: steps those that have something to do, round robin, and parks when none has.
// Promises: no actor starves another or the event loop: a slice is about 1 ms, and a busy host yields every few ms. No
// wake-up is lost: announce, re-check everything, then wait (wake.ts). An idle host uses no processor time. The step words
// name the actor in work, for whoever finds the thread dead or hanging.
// Relies on: time and yielding come from outside, so that a test can drive the same loop single-threaded.

import type { Actor } from '../actors/actor.ts';
import type { StepWords } from '../actors/vitals/step-words.ts';
import { Activity } from '../actors/vitals/vitals.ts';
import type { LookOut } from '../mailbox/look-out.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import type { Clock } from '../platform/clock.ts';

const SLICE_MS = 1;
const YIELD_EVERY_MS = 4;
const METER_EVERY_MS = 50;
/** A timer may be due in centuries, and a thread may not be able to sleep as long. */
const SLEEP_MS_MAX = 2 ** 31 - 1;

/** What a host tells the supervisor. */
export interface HostEvents {
  ended(actor: Actor): void;
  failed(actor: Actor, error: unknown): void;
  /** The first commit of an actor that was resumed after a crash. */
  recovered(actor: Actor): void;
}

export class Host {
  readonly id: number;
  private readonly wakeWords: WakeWords;
  private readonly stepWords: StepWords;
  private readonly clock: Pick<Clock, 'now' | 'yield' | 'processorTime'>;
  private readonly events: HostEvents;
  private readonly lookOut: LookOut | undefined;
  private readonly actors: Actor[] = [];
  /** Actors whose first commit is still to be told, with the number of the last one before it. */
  private readonly recovering = new Map<Actor, number>();
  private stopped = false;
  private meteredAtMs = 0;

  constructor(
    id: number,
    wakeWords: WakeWords,
    stepWords: StepWords,
    clock: Pick<Clock, 'now' | 'yield' | 'processorTime'>,
    events: HostEvents,
    lookOut?: LookOut,
  ) {
    this.id = id;
    this.wakeWords = wakeWords;
    this.stepWords = stepWords;
    this.clock = clock;
    this.events = events;
    this.lookOut = lookOut;
    stepWords.reset(id);
    wakeWords.stayAwake(id);
  }

  add(actor: Actor, isRecovering = false): void {
    this.actors.push(actor);
    if (isRecovering) this.recovering.set(actor, actor.sequence);
    this.wake();
  }

  /** The actor of a replica, if it runs here. */
  find(stage: number, replica: number): Actor | undefined {
    return this.actors.find(({ descriptor }) => descriptor.stage === stage && descriptor.replica === replica);
  }

  /** Takes an actor out: it can be resumed elsewhere. */
  release(actor: Actor): void {
    this.remove(actor);
    actor.release();
  }

  /** Makes the loop look at everything again. May be called from any callback on this thread. */
  wake(): void {
    this.wakeWords.wakeUnconditionally(this.id);
  }

  stopSources(): void {
    for (const actor of this.actors) if (actor.isSource) actor.stopSource();
    this.wake();
  }

  /** True once {@link stop} was called: what is added now is never stepped, nor released. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Ends the loop after the step in work. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** True if an actor could go on, and has not told anyone to wake it later: a parked host has lost a wake-up then. */
  get oversleeps(): boolean {
    return this.actors.some((actor) => actor.canStep() && !actor.waitsForRoom);
  }

  /** The loop. Resolves after stop(), with every actor released, last to first. */
  async run(): Promise<void> {
    let yieldedAt = this.clock.now();
    this.wakeWords.join(this.id);
    while (!this.stopped) {
      this.stepWords.turn(this.id);
      if (!this.stepAll() && (await this.park())) {
        yieldedAt = this.clock.now();
        this.meter(yieldedAt);
      } else if (this.clock.now() - yieldedAt >= YIELD_EVERY_MS) {
        await this.clock.yield();
        yieldedAt = this.clock.now();
        this.meter(yieldedAt);
      }
    }
    this.wakeWords.leave(this.id);
    for (const actor of this.actors.reverse()) actor.release();
  }

  private meter(nowMs: number): void {
    if (nowMs - this.meteredAtMs < METER_EVERY_MS) return;
    this.meteredAtMs = nowMs;
    const time = this.clock.processorTime?.();
    if (time !== undefined) this.stepWords.meter(this.id, time);
  }

  /** Steps every actor once. Returns true if any may have more to do. */
  private stepAll(): boolean {
    let more = false;
    for (const actor of [...this.actors]) {
      if (!actor.canStep()) continue;
      if (this.step(actor)) more = true;
    }
    return more;
  }

  private step(actor: Actor): boolean {
    actor.vitals.enter(Activity.busy);
    this.stepWords.begin(this.id, actor.descriptor.number);
    try {
      // The first commit after a crash is told at once, and not after all that there was to catch up with.
      const sliceMs = this.recovering.has(actor) ? 0 : SLICE_MS;
      const status = actor.step(this.clock.now() + sliceMs);
      // A step that ran out of time may have filled the output too: it is not stepped again before there is room.
      actor.vitals.enter(actor.isBlocked ? Activity.blocked : Activity.idle);
      if (this.recovering.size > 0) this.tellRecovered(actor);
      // Not retire(): the reader slots of a retired replica are another one's to activate.
      if (status === 'superseded' || status === 'retired') this.release(actor);
      if (status === 'done') {
        this.remove(actor);
        actor.retire();
        this.events.ended(actor);
      }
      return status !== 'idle';
    } catch (error) {
      actor.vitals.enter(Activity.idle);
      this.events.failed(actor, error);
      this.release(actor);
      return true;
    } finally {
      this.stepWords.end(this.id);
    }
  }

  private tellRecovered(actor: Actor): void {
    const before = this.recovering.get(actor);
    if (before === undefined || actor.sequence === before) return;
    this.recovering.delete(actor);
    this.events.recovered(actor);
  }

  private remove(actor: Actor): void {
    const index = this.actors.indexOf(actor);
    if (index >= 0) this.actors.splice(index, 1);
    this.recovering.delete(actor);
  }

  private readonly hasNews = (): boolean => {
    for (let i = 0; i < this.actors.length; i++) if (this.actors[i].hasNews()) return true;
    return false;
  };

  /** Waits until something may have changed. Returns false if there was something to do at once: nothing else had a turn. */
  private async park(): Promise<boolean> {
    const { id, wakeWords, actors } = this;
    if (this.lookOut?.finds(this.hasNews)) return false;
    const ticket = wakeWords.announcePark(id);
    for (const actor of actors) actor.announcePark();
    const nowMs = this.clock.now();
    const mustStep = this.stopped || actors.some((actor) => actor.canStep());
    // A time that had come before, of an actor that cannot step: that one waits for room, and not for time.
    const wakeAtMs = Math.min(...actors.map((actor) => actor.wakeAtMs).filter((atMs) => atMs > nowMs));
    const timeoutMs = Number.isFinite(wakeAtMs)
      ? Math.min(SLEEP_MS_MAX, Math.max(0, wakeAtMs - this.clock.now()))
      : undefined;
    const waiting = mustStep ? undefined : wakeWords.sleep(id, ticket, timeoutMs);
    if (waiting !== undefined) await waiting;
    wakeWords.stayAwake(id);
    for (const actor of actors) actor.withdrawPark();
    return waiting !== undefined;
  }
}
