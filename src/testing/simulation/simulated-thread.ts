// A simulated thread: a worker whose tasks the scheduler runs, on a clock that passes as it works, and that can die anywhere.
// Promises: from the store at which it dies it has no effect any more; until its exit is told, nobody can know. What it runs is
// the worker that ships (src/workers/worker.ts).

import { NO_ROW, WorkCell } from '../../actors/vitals/vitals.ts';
import { errors } from '../../errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { makeWorker, type Worker, type WorkerGround } from '../../workers/worker.ts';
import type { CrashingMemory } from '../crashing-memory.ts';
import type { CrashPlan, DeathKind, Strike } from './crash-plan.ts';
import { EPOCH_MS, type Owner, type Scheduler } from './scheduler.ts';

const PACE_MS_MIN = 0.05;
const PACE_MS_MAX = 2;
const STALL_CHANCE = 0.002;
const STALL_MS_MAX = 30;

/** What a thread is made of, besides its name. */
export interface ThreadWorld {
  readonly scheduler: Scheduler;
  readonly memory: CrashingMemory;
  readonly plan: CrashPlan;
  /** Told of a strike at the end of the task in which it came. */
  struck(thread: SimulatedThread, kind: DeathKind): void;
  /** Told of the end of each task. */
  turned(): void;
}

export class SimulatedThread implements Owner {
  readonly name: string;
  freeAtMs = 0;
  state: 'works' | 'hangs' | 'dead' = 'works';
  /** True once it has been given actors. */
  hasActors = false;
  isSearching = false;
  hasSuspect = false;
  /** What its actors that try tuples alone tell of their work. */
  readonly searches: Int32Array[] = [];
  /** True if it was terminated, and dies in its next task. */
  isDoomed = false;
  readonly clock: Clock;
  private readonly world: ThreadWorld;
  private readonly paceMs: number;
  private worker: Worker | undefined;
  /** While it is asked whether it oversleeps. */
  private isTimeless = false;
  private strike: Strike | undefined;
  private pointsBefore = 0;

  constructor(name: string, world: ThreadWorld) {
    this.name = name;
    this.world = world;
    const { scheduler } = world;
    this.paceMs = PACE_MS_MIN * (PACE_MS_MAX / PACE_MS_MIN) ** scheduler.random.next();
    const timers = scheduler.clockOf(this);
    this.clock = {
      ...timers,
      now: () => this.passTime(),
      // What all threads share is at least what each has come to.
      sharedNow: () => this.passTime(),
      epochMs: () => EPOCH_MS + this.timeMs,
    };
  }

  get isGone(): boolean {
    return this.state !== 'works';
  }

  get isMute(): boolean {
    const { scheduler, memory } = this.world;
    return this.isGone || (scheduler.isAtWork(this) && memory.isDead);
  }

  private get timeMs(): number {
    return Math.max(this.freeAtMs, this.world.scheduler.nowMs);
  }

  /** Each look at the clock costs time: so much that it now and then looks as if the machine did something else meanwhile. */
  private passTime(): number {
    const { scheduler } = this.world;
    if (this.isTimeless) return Number.NEGATIVE_INFINITY;
    if (!scheduler.isAtWork(this)) return this.timeMs;
    const { random } = scheduler;
    this.freeAtMs += this.paceMs * random.next();
    if (random.chance(STALL_CHANCE)) this.freeAtMs += STALL_MS_MAX * random.next();
    return this.freeAtMs;
  }

  /** The worker, made in its first task. */
  workerOn(ground: () => WorkerGround, ended: (failure: { readonly error: unknown } | undefined) => void): Worker {
    if (this.worker === undefined) {
      this.worker = makeWorker(ground());
      this.worker.ended.then(
        () => ended(undefined),
        (error: unknown) => ended({ error }),
      );
    }
    return this.worker;
  }

  begin(label: string): void {
    const { memory, plan, scheduler } = this.world;
    this.strike = this.isDoomed ? plan.strikeBy('doomed') : plan.strike(this, scheduler.nowMs, label);
    memory.begin();
    // Also a turn that does not look at the clock takes time.
    this.freeAtMs += this.paceMs * scheduler.random.next();
    this.pointsBefore = memory.points;
    if (this.strike === undefined || this.strike.kind === 'kill' || this.strike.kind === 'zombie') return;
    const { isAtomic, afterStores, isInTuple } = this.strike;
    if (isInTuple) this.crashInTuple(afterStores);
    else if (isAtomic) memory.crashAtAtomic = memory.atomics + afterStores;
    else memory.crashAt = memory.points + afterStores;
  }

  /** Has it die so many stores behind the next beginning of a tuple that is tried alone. */
  private crashInTuple(afterStores: number): void {
    const { memory } = this.world;
    const stateOf = (work: Int32Array): string => `${work[WorkCell.row]} ${work[WorkCell.isolating]}`;
    // What whoever died in it before has left there.
    const before = this.searches.map(stateOf);
    memory.observe = () => {
      this.searches.forEach((work, i) => {
        if (before[i] !== '' && stateOf(work) === before[i]) return;
        before[i] = '';
        if (work[WorkCell.isolating] !== 1 || work[WorkCell.row] === NO_ROW) return;
        memory.observe = undefined;
        memory.crashAt = memory.points + afterStores;
      });
    };
  }

  end(label: string): void {
    const { memory, scheduler, plan } = this.world;
    memory.observe = undefined;
    const stores = memory.points - this.pointsBefore;
    const isDead = memory.rest();
    if (this.strike?.isInTuple && !isDead) {
      this.strike = undefined;
      plan.missed();
    }
    const { strike } = this;
    const text = strike === undefined ? '' : `, ${strike.kind}${isDead ? ' there' : ' at its end'}`;
    scheduler.trace.add(scheduler.nowMs, this.name, `${label}: ${stores} stores${text}`);
    this.world.turned();
    if (strike === undefined) return;
    this.strike = undefined;
    this.world.struck(this, strike.kind);
  }

  /** True if it sleeps though it has something to do; what is to be done at a time has its timer. */
  get oversleeps(): boolean {
    if (this.state !== 'works' || this.worker === undefined) return false;
    this.isTimeless = true;
    try {
      return this.worker.oversleeps();
    } finally {
      this.isTimeless = false;
    }
  }

  /** Ends all that it does. */
  stop(state: 'hangs' | 'dead'): void {
    this.state = state;
    this.world.scheduler.forget(this);
  }
}

/** What a thread dies of. */
export const deathBy = (kind: DeathKind): Error =>
  new Error(
    kind === 'throw' || kind === 'zombie'
      ? 'simulated: an error that nobody has caught'
      : 'simulated: the thread has exited',
  );

/** Why a flow cannot be loaded. */
export const loadFailure = (moduleUrl: string): Error =>
  errors.moduleImport(moduleUrl, new Error('simulated: the file cannot be read'));
