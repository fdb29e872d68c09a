// A backup store in a simulated run: memory that takes its time, and that cannot be written now and then.
// Promises: what a write has resolved for is there; one that fails has changed nothing.

import { type Clock, sleep } from '../../platform/clock.ts';
import type { Backup, BackupStore } from '../../state/images/backup.ts';
import type { Checkpoint } from '../../state/images/checkpoint.ts';
import type { CrashPlan } from './crash-plan.ts';
import type { Scheduler } from './scheduler.ts';

const WRITE_MS_MAX = 20;
const SLOW_CHANCE = 0.1;
const SLOW_MS_MAX = 300;

export class SimulatedStore implements BackupStore {
  private readonly store: BackupStore;
  private readonly clock: Clock;
  private readonly scheduler: Scheduler;
  private readonly plan: CrashPlan;

  constructor(store: BackupStore, clock: Clock, scheduler: Scheduler, plan: CrashPlan) {
    this.store = store;
    this.clock = clock;
    this.scheduler = scheduler;
    this.plan = plan;
  }

  async write(actor: string, backup: Backup): Promise<void> {
    const { random } = this.scheduler;
    await sleep(this.clock, random.next() * (random.chance(SLOW_CHANCE) ? SLOW_MS_MAX : WRITE_MS_MAX));
    if (this.plan.failsToStore()) throw new Error('simulated: the store cannot be written');
    await this.store.write(actor, backup);
  }

  async read(actor: string): Promise<Checkpoint | undefined> {
    await sleep(this.clock, this.scheduler.random.next() * WRITE_MS_MAX);
    return this.store.read(actor);
  }

  remove(actor: string): void | Promise<void> {
    return this.store.remove(actor);
  }
}
