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
  /** True if stores are counted from where a tuple is begun alone; it does not come in a task that begins none. */
  readonly isInTuple?: boolean;
}

export interface CrashOptions {
  /** Chance that a task of a worker is its last. */
  readonly rate: number;
  /** Most crashes of a run. */
  readonly most: number;
  /** True if workers may die in one tuple so often that it is left out. */
  readonly killers: boolean;
  readonly kinds: Readonly<Partial<Record<DeathKind, number>>>;
}

/** What is asked of a thread that may be struck. */
export interface Struck {
  readonly name: string;
  readonly hasActors: boolean;
  /** An actor of it tries tuples one by one, because its worker has died. */
  readonly isSearching: boolean;
  /** It has done so before: with one more death a tuple may be left out. */
  readonly hasSuspect: boolean;
}

/** Deaths of workers without actors, and failures to load, since one has loaded: a third one in a row ends the job. */
const IDLE_DEATHS_MAX = 2;
const KILLER_CHANCE = 0.5;
/** Most tuples store more than that: to their state, or to their output. */
const KILLER_STORES = 6;
const STORE_FAILS_MAX = 0.1;
const STORES_MAX = 3000;
const ATOMICS_MAX = 60;
/** A crash soon after one, or after a change: in recovery or hand-over, and in what follows from it. */
const SOON_FACTOR = 8;
const SOON_MS = 30;

export class CrashPlan {
  /** Crashes so far. */
  crashes = 0;
  private readonly random: Random;
  private readonly options: CrashOptions;
  private isArmed = false;
  private idleDeaths = 0;
  /** Of these, those that the app has not heard of. */
  private unheard = 0;
  /** When something happened, after which crashes are more frequent. */
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

  /** Something begins in which a crash is most interesting. */
  stir(nowMs: number): void {
    this.lastMs = nowMs;
  }

  /** A strike somewhere in a task. */
  strikeBy(kind: DeathKind): Strike {
    const isAtomic = this.random.chance(0.5);
    return { kind, isAtomic, afterStores: Math.floor((isAtomic ? ATOMICS_MAX : STORES_MAX) ** this.random.next()) };
  }

  /** Asked at the beginning of each task of a worker, which is named by a label. */
  strike({ hasActors, isSearching, hasSuspect }: Struck, nowMs: number, _label: string): Strike | undefined {
    const { random, options } = this;
    if (!this.isArmed || this.crashes >= options.most) return undefined;
    if (options.killers && isSearching && random.chance(KILLER_CHANCE)) {
      this.crashes++;
      return { kind: 'exit', isAtomic: false, afterStores: random.below(KILLER_STORES), isInTuple: true };
    }
    const rate = nowMs - this.lastMs < SOON_MS ? Math.min(0.5, options.rate * SOON_FACTOR) : options.rate;
    if (!random.chance(rate)) return undefined;
    if (!hasActors && !this.mayFail()) return undefined;
    // Nobody is blamed for what the app does.
    const kind = hasSuspect && !options.killers ? 'kill' : random.weighted(options.kinds);
    // Nobody watches a worker that has nothing to do.
    if (kind === 'hang' && !hasActors) return undefined;
    this.crashes++;
    this.lastMs = nowMs;
    return this.strikeBy(kind);
  }

  /** A strike has not come: nothing was begun in which it should have. */
  missed(): void {
    this.crashes--;
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

  /** The app has heard that a worker has loaded the flow: failures that it hears of later count from here. */
  loaded(): void {
    if (this.unheard === 0) this.idleDeaths = 0;
  }

  /** The app has heard that a spare has failed. */
  spareFailed(): void {
    this.unheard = Math.max(0, this.unheard - 1);
  }

  private mayFail(): boolean {
    if (this.idleDeaths >= IDLE_DEATHS_MAX) return false;
    this.idleDeaths++;
    this.unheard++;
    return true;
  }
}
