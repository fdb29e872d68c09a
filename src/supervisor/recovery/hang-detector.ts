// Finds workers that make no progress while they should: an endless loop in a closure, or in any other code of the thread.
// Promises: a worker is named only after several looks, spread over the limit, have found it at the very same point. So
// neither a busy app's thread, which looks late, nor a process that was suspended, puts the blame on a worker that moves.
// Relies on: an actor's work block changes with every row and batch; a host that waits is parked, and one that was woken
// and does not come round hangs as well.

import type { StepWords } from '../../actors/vitals/step-words.ts';
import { WorkCell } from '../../actors/vitals/vitals.ts';
import type { WakeWords } from '../../mailbox/wake.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';

/** Looks at the same point that make a hang: they span the limit. */
const LOOKS = 4;
/** Looks after which a hang is foreseen. */
const LOOKS_SLOW = 2;
const LOOK_MS_MIN = 5;

interface Watched {
  point: string;
  looks: number;
}

export class HangDetector {
  private readonly clock: Clock;
  private readonly stepWords: StepWords;
  private readonly wakeWords: WakeWords;
  private readonly workOf: (actor: number) => Int32Array;
  private readonly watched = new Map<number, Watched>();
  private cancel: Cancel | undefined;

  /** @param workOf the work block of an actor, by its number */
  constructor(clock: Clock, stepWords: StepWords, wakeWords: WakeWords, workOf: (actor: number) => Int32Array) {
    this.clock = clock;
    this.stepWords = stepWords;
    this.wakeWords = wakeWords;
    this.workOf = workOf;
  }

  /**
   * Looks at the hosts from now on.
   * @param limitMs 0 for never
   * @param hung told of a host that hangs, once
   * @param slow told of a host that has been at the same point for half of the limit, once
   */
  start(
    limitMs: number,
    hosts: () => readonly number[],
    hung: (host: number) => void,
    slow: (host: number, forMs: number) => void,
  ): void {
    if (limitMs === 0) return;
    const everyMs = Math.max(LOOK_MS_MIN, limitMs / LOOKS);
    this.cancel = this.clock.every(everyMs, () => {
      const { hanging, slowing } = this.look(hosts());
      for (const host of slowing) slow(host, everyMs * LOOKS_SLOW);
      for (const host of hanging) hung(host);
    });
  }

  stop(): void {
    this.cancel?.();
  }

  /** One look. Returns the hosts that have been found at the same point for the whole limit, and those for half of it. */
  look(hosts: readonly number[]): { hanging: number[]; slowing: number[] } {
    const hanging: number[] = [];
    const slowing: number[] = [];
    for (const host of [...this.watched.keys()]) if (!hosts.includes(host)) this.watched.delete(host);
    for (const host of hosts) {
      const point = this.pointOf(host);
      const before = this.watched.get(host);
      if (point === undefined || before === undefined || before.point !== point) {
        if (point === undefined) this.watched.delete(host);
        else this.watched.set(host, { point, looks: 0 });
        continue;
      }
      before.looks++;
      if (before.looks === LOOKS_SLOW) slowing.push(host);
      if (before.looks < LOOKS) continue;
      this.watched.delete(host);
      hanging.push(host);
    }
    return { hanging, slowing };
  }

  /** Where a host is; undefined if it waits. */
  private pointOf(host: number): string | undefined {
    const actor = this.stepWords.stepping(host);
    if (actor === undefined) {
      if (!this.wakeWords.isParked(host)) return `${this.stepWords.turns(host)}`;
      // One that hangs in a callback stays as it is: then the next look finds it awake, and not coming round.
      this.wakeWords.wakeUnconditionally(host);
      return undefined;
    }
    const work = this.workOf(actor);
    return [
      this.stepWords.turns(host),
      actor,
      Atomics.load(work, WorkCell.batch),
      Atomics.load(work, WorkCell.row),
      Atomics.load(work, WorkCell.operator),
    ].join();
  }
}
