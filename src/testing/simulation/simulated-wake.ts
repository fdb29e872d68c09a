// Sleep and wake-ups of simulated threads, over the same wake words.
// Promises: whoever sleeps is woken only by a notification or by its time, as a thread in Atomics.waitAsync is: that its word
// has changed is not enough. A thread that is gone wakes nobody, and swallows no wake-up.

import { WakeWords } from '../../mailbox/wake.ts';
import type { Cancel } from '../../platform/clock.ts';
import { CRASH } from '../crashing-memory.ts';
import type { Owner, Scheduler } from './scheduler.ts';

const LATENCY_MS_MAX = 0.05;

interface Sleeper {
  readonly owner: Owner;
  wake(): void;
}

/** Who sleeps, by the number of its host: shared by all threads of a job. */
export class Dormitory {
  private readonly scheduler: Scheduler;
  private readonly sleepers = new Map<number, Set<Sleeper>>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  notify(host: number): void {
    const sleepers = this.sleepers.get(host);
    this.sleepers.delete(host);
    for (const sleeper of sleepers ?? []) if (!sleeper.owner.isGone) sleeper.wake();
  }

  sleep(owner: Owner, host: number, timeoutMs: number | undefined): Promise<void> {
    const { scheduler, sleepers } = this;
    return new Promise((resolve) => {
      let cancel: Cancel = () => {};
      const sleeper: Sleeper = {
        owner,
        wake: () => {
          cancel();
          scheduler.post(owner, scheduler.random.next() * LATENCY_MS_MAX, 'is woken', resolve);
        },
      };
      if (timeoutMs !== undefined) {
        cancel = scheduler.post(owner, timeoutMs, 'wakes up by its time', () => {
          sleepers.get(host)?.delete(sleeper);
          resolve();
        });
      }
      const there = sleepers.get(host) ?? new Set();
      sleepers.set(host, there.add(sleeper));
    });
  }

  /** Who sleeps and could wake up. */
  left(): string[] {
    return [...this.sleepers.values()].flatMap((there) =>
      [...there].filter(({ owner }) => !owner.isGone).map(({ owner }) => owner.name),
    );
  }
}

/** The wake words as one thread has them. */
export class SimulatedWakeWords extends WakeWords {
  private readonly owner: Owner;
  private readonly dormitory: Dormitory;
  private readonly notifying: () => void;

  /** @param notifying called before a notification, which may be where the thread dies */
  constructor(buffer: SharedArrayBuffer, owner: Owner, dormitory: Dormitory, notifying: () => void = () => {}) {
    super(buffer);
    this.owner = owner;
    this.dormitory = dormitory;
    this.notifying = notifying;
  }

  protected override wakeAlways(host: number): void {
    // A promise of a thread that is gone may still be heard.
    if (this.owner.isMute) return;
    try {
      super.wakeAlways(host);
      this.notifying();
    } catch (error) {
      // Nobody catches what a promise's callback throws. The thread gets as far as its next store.
      if (error === CRASH) return;
      throw error;
    }
    this.dormitory.notify(host);
  }

  override sleep(host: number, ticket: number, timeoutMs: number | undefined): Promise<unknown> | undefined {
    // Announced already: this only reads the word once more.
    if (this.announcePark(host) !== ticket) return undefined;
    return this.dormitory.sleep(this.owner, host, timeoutMs);
  }
}
