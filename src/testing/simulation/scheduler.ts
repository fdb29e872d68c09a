// The scheduler of a simulated run: virtual time, and whose turn it is.
// Promises: tasks run one at a time, each to where nothing of it is left but waiting; a thread takes its tasks one after the
// other, and works for as long as its clock says; the same seed gives the same run. Time passes only here.
// Relies on: nothing in the run waits for anything but tasks of this scheduler, promises, and operations told of by `outside`.

import { errors } from '../../errors.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { CRASH } from '../crashing-memory.ts';
import type { Random } from '../random.ts';
import type { Trace } from './trace.ts';

/** Whose tasks run one after the other. */
export interface Owner {
  readonly name: string;
  /** Until when it is at work. */
  freeAtMs: number;
  /** True once it takes no task any more. */
  readonly isGone: boolean;
  /** True once nothing that it does has an effect: in the task in which it dies, too. */
  readonly isMute: boolean;
  /** Called before and after each of its tasks. */
  begin(label: string): void;
  end(label: string): void;
}

interface Task {
  atMs: number;
  /** Decides between tasks of the same time. */
  tie: number;
  readonly owner: Owner;
  readonly label: string;
  readonly action: () => void;
  /** True for what is no progress: looks that are repeated for ever. */
  readonly isBackground: boolean;
}

/** An operation outside of the simulation: a file that is read, a user's own timer. */
interface Outside {
  readonly owner: Owner;
  /** What is to be done when it has ended; undefined until then. */
  ended: (() => void) | undefined;
  readonly label: string;
  /** Virtual time that passes before that. */
  readonly delayMs: number;
}

/** Where virtual time begins, in milliseconds since the epoch. */
export const EPOCH_MS = Date.UTC(2030, 0, 1);
const OUTSIDE_MS_MAX = 10_000;

/** While nobody works for so long, whoever has something to do is not asleep. */
const CALM_MS = 1;

/** How a run is driven. */
export interface RunOrder {
  isDone(): boolean;
  /** True while only a look that is repeated can make progress: a thread hangs. */
  isWatched(): boolean;
  /** Called when nobody is at work, and nobody will be for a while. */
  calm(): void;
  readonly stepsMax: number;
  readonly msMax: number;
}

/** True while this process waits for a file. */
const isReadingFiles = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** One turn of the real event loop: all promises that can settle have then settled. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  nowMs = 0;
  /** Tasks that have run. */
  steps = 0;
  /** True once a source has been opened that may read files. */
  readsFiles = false;
  readonly random: Random;
  readonly trace: Trace;
  /** Whose task runs. */
  private current: Owner | undefined;
  /** Until when somebody is at work. */
  private busyUntilMs = 0;
  private tasks: Task[] = [];
  private readonly outsiders = new Set<Outside>();
  private heardOutside: () => void = () => {};

  constructor(random: Random, trace: Trace) {
    this.random = random;
    this.trace = trace;
  }

  /** Has `owner` do something `delayMs` from now, or later if it is at work. */
  post(owner: Owner, delayMs: number, label: string, action: () => void, isBackground = false): Cancel {
    if (owner.isGone) return () => {};
    // Whoever is at work counts from where its own clock stands.
    const fromMs = Math.max(this.nowMs, this.current?.freeAtMs ?? 0);
    const task = {
      atMs: fromMs + delayMs,
      tie: this.random.next(),
      owner,
      label,
      action,
      isBackground,
    };
    this.tasks.push(task);
    return () => {
      this.tasks = this.tasks.filter((each) => each !== task);
    };
  }

  /**
   * Tells of an operation outside. The run stands still until it has ended: call what is returned, with what follows from it,
   * `delayMs` of virtual time later.
   */
  outside(owner: Owner, label: string, delayMs = 0): (ended: () => void) => void {
    const outsider: Outside = { owner, label, delayMs, ended: undefined };
    this.outsiders.add(outsider);
    return (ended) => {
      outsider.ended ??= ended;
      this.heardOutside();
    };
  }

  /** Drops what an owner that is gone would have done. */
  forget(owner: Owner): void {
    this.tasks = this.tasks.filter((task) => task.owner !== owner);
    for (const outsider of this.outsiders) if (outsider.owner === owner) this.outsiders.delete(outsider);
  }

  /** The time in the thread of an owner that does not let time pass by itself. */
  clockOf(owner: Owner): Clock {
    const now = (): number => this.nowMs;
    return {
      now,
      sharedNow: now,
      epochMs: () => EPOCH_MS + this.nowMs,
      yield: () =>
        new Promise((resolve) => {
          this.post(owner, 0, 'turn', resolve);
        }),
      after: (ms, action) => this.post(owner, ms, 'timer', action),
      every: (ms, action) => this.repeat(owner, ms, action),
    };
  }

  /** True while a task of `owner` runs. */
  isAtWork(owner: Owner): boolean {
    return this.current === owner;
  }

  private repeat(owner: Owner, ms: number, action: () => void): Cancel {
    let cancel: Cancel = () => {};
    const next = (): void => {
      cancel = this.post(
        owner,
        ms,
        'look',
        () => {
          next();
          action();
        },
        true,
      );
    };
    next();
    return () => cancel();
  }

  /**
   * Runs tasks until the run is over.
   * @throws an error that says why nothing goes on
   */
  async run({ isDone, isWatched, calm, stepsMax, msMax }: RunOrder): Promise<void> {
    // What the caller has begun goes as far as it can.
    await turn();
    while (!isDone()) {
      await this.settleOutside();
      const task = this.take(isWatched);
      if (task === undefined)
        throw errors.simulationStuck('nothing can run, and nobody waits for a time: a deadlock, or a lost wake-up');
      if (this.steps >= stepsMax) throw errors.simulationStuck(`it has not ended after ${stepsMax} steps`);
      if (task.atMs > msMax) throw errors.simulationStuck(`it has not ended after ${msMax} ms of virtual time`);
      if (task.atMs - Math.max(this.nowMs, this.busyUntilMs) >= CALM_MS) calm();
      await this.perform(task);
    }
  }

  private async perform({ owner, label, atMs, action }: Task): Promise<void> {
    this.steps++;
    this.nowMs = Math.max(this.nowMs, atMs);
    this.current = owner;
    owner.freeAtMs = this.nowMs;
    owner.begin(label);
    try {
      action();
    } catch (error) {
      if (error !== CRASH) throw error;
    }
    await turn();
    owner.end(label);
    this.current = undefined;
    this.busyUntilMs = Math.max(this.busyUntilMs, owner.freeAtMs);
  }

  /** The task that is next; undefined if there is none that makes progress. */
  private take(isWatched: () => boolean): Task | undefined {
    for (;;) {
      let first: Task | undefined;
      let hasProgress = false;
      for (const task of this.tasks) {
        if (!task.isBackground) hasProgress = true;
        if (first === undefined || task.atMs < first.atMs || (task.atMs === first.atMs && task.tie < first.tie))
          first = task;
      }
      if (first === undefined || (!hasProgress && !isWatched())) return undefined;
      const { freeAtMs } = first.owner;
      if (freeAtMs <= first.atMs) {
        this.tasks.splice(this.tasks.indexOf(first), 1);
        return first;
      }
      first.atMs = freeAtMs;
      first.tie = this.random.next();
    }
  }

  /** Timers that nobody has taken back. */
  left(): string[] {
    return this.tasks
      .filter(({ label }) => label === 'timer' || label === 'look')
      .map(({ owner, label, atMs }) => `${label} of ${owner.name} at ${atMs.toFixed(3)} ms`);
  }

  /** Waits, in real time, for operations outside; what follows from them happens in the order in which they began. */
  private async settleOutside(): Promise<void> {
    const limitMs = performance.now() + OUTSIDE_MS_MAX;
    // A source that reads ahead tells nobody; what it has read must not depend on how fast the disk is.
    while (this.readsFiles && isReadingFiles() && performance.now() < limitMs) await turn();
    if (this.outsiders.size === 0) return;
    while ([...this.outsiders].some(({ ended }) => ended === undefined)) {
      const leftMs = limitMs - performance.now();
      if (leftMs <= 0) {
        const labels = [...this.outsiders].filter(({ ended }) => ended === undefined).map(({ label }) => label);
        throw errors.simulationStuck(
          `${labels.join(' and ')} has not gone on for ${OUTSIDE_MS_MAX / 1000} s of real time`,
        );
      }
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.heardOutside = resolve;
        timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
    }
    for (const { owner, label, delayMs, ended } of this.outsiders)
      this.post(owner, delayMs, label, ended as () => void);
    this.outsiders.clear();
  }
}
