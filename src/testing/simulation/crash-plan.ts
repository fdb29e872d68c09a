// When a simulated thread dies, and how.
// Promises: depends on the seed alone. A crash comes at any store of a task, or at its end; spares do not fail so often in a
// row that a job would have to give up.

import type { Random } from '../random.ts';

/**
 * - `exit`: the thread ends, as by process.exit();
 * - `throw`: it ends with an error that nobody has caught;
 * - `zombie`: its task fails, and it works on until it is terminated;
 * - `hang`: it never comes to the end of what it is at;
 * - `kill`: the app terminates it, as a drill;
 * - `doomed`: it has been terminated already, and dies somewhere in its last task.
 */
export type DeathKind = 'exit' | 'throw' | 'zombie' | 'hang' | 'kill' | 'doomed';

export interface Strike {
  readonly kind: DeathKind;
  /** Stores of the task after which it comes; it comes at the task's end if there are fewer. */
  readonly afterStores: number;
  /** True if only atomic stores are counted: those that others act upon, such as a commit and what follows from it. */
  readonly isAtomic: boolean;
}

export interface CrashOptions {
  /** Chance that a task of a worker is its last. */
  readonly rate: number;
  /** Most crashes of a run. */
  readonly most: number;
  readonly kinds: Readonly<Partial<Record<DeathKind, number>>>;
}

/** Deaths of workers without actors, and failures to load, since one has loaded: a third one in a row ends the job. */
const IDLE_DEATHS_MAX = 2;
const STORE_FAILS_MAX = 0.1;
const STORES_MAX = 3000;
const ATOMICS_MAX = 60;
/** A crash soon after one: in recovery, and in what follows from it. */
const SOON_FACTOR = 8;
const SOON_MS = 30;

export class CrashPlan {
  /** Crashes so far. */
  crashes = 0;
  private readonly random: Random;
  private readonly options: CrashOptions;
  private isArmed = false;
  private idleDeaths = 0;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(random: Random, options: CrashOptions) {
    this.random = random;
    this.options = options;
  }

  /** From now on threads die: the job has started. */
  arm(): void {
    this.isArmed = true;
  }

  disarm(): void {
    this.isArmed = false;
  }

  /** A strike somewhere in a task. */
  strikeBy(kind: DeathKind): Strike {
    const isAtomic = this.random.chance(0.5);
    return { kind, isAtomic, afterStores: Math.floor((isAtomic ? ATOMICS_MAX : STORES_MAX) ** this.random.next()) };
  }

  /** Asked at the beginning of each task of a worker. */
  strike(hasActors: boolean, nowMs: number): Strike | undefined {
    const { random, options } = this;
    if (!this.isArmed || this.crashes >= options.most) return undefined;
    const rate = nowMs - this.lastMs < SOON_MS ? Math.min(0.5, options.rate * SOON_FACTOR) : options.rate;
    if (!random.chance(rate)) return undefined;
    if (!hasActors && !this.mayFail()) return undefined;
    const kind = random.weighted(options.kinds);
    // Nobody watches a worker that has nothing to do.
    if (kind === 'hang' && !hasActors) return undefined;
    this.crashes++;
    this.lastMs = nowMs;
    return this.strikeBy(kind);
  }

  /** True if a worker's module cannot be imported this time. */
  failsToLoad(): boolean {
    if (!this.isArmed || this.crashes >= this.options.most || !this.random.chance(this.options.rate * 4)) return false;
    if (!this.mayFail()) return false;
    this.crashes++;
    return true;
  }

  /** True if a backup cannot be written this time. */
  failsToStore(): boolean {
    return this.isArmed && this.random.chance(Math.min(STORE_FAILS_MAX, this.options.rate));
  }

  /** A worker has loaded the flow. */
  loaded(): void {
    this.idleDeaths = 0;
  }

  private mayFail(): boolean {
    if (this.idleDeaths >= IDLE_DEATHS_MAX) return false;
    this.idleDeaths++;
    return true;
  }
}
