// The app's thread in a simulated run, and the app in it: reads outputs and feeds inputs, at a pace of its own.
// Promises: it never dies. Its pauses fill rings, and its tasks come late, as when a garbage collection or the app's own work
// holds it up.

import { MillraceError } from '../../errors.ts';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { Job } from '../../supervisor/job/job-api.ts';
import type { Owner, Scheduler } from './scheduler.ts';

const TASK_MS_MAX = 0.1;
const PAUSE_CHANCE = 0.01;
const PAUSE_MS_MAX = 40;
const BATCH_PAUSE_MS_MAX = 25;
const PUSH_TUPLES_MAX = 100;

export class SimulatedApp implements Owner {
  readonly name = 'app';
  freeAtMs = 0;
  readonly isGone = false;
  readonly isMute = false;
  readonly clock: Clock;
  private readonly scheduler: Scheduler;
  /** Chance that it pauses behind a batch. */
  private readonly laziness: number;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
    this.clock = scheduler.clockOf(this);
    this.laziness = scheduler.random.pick([0, 0.1, 0.5]);
  }

  begin(label: string): void {
    const { random, trace, nowMs } = this.scheduler;
    trace.add(nowMs, this.name, label);
    this.freeAtMs += random.next() * (random.chance(PAUSE_CHANCE) ? PAUSE_MS_MAX : TASK_MS_MAX);
  }

  end(): void {}

  /** Reads an output to its end. */
  async read(job: Job, name: string): Promise<unknown[]> {
    const tuples: unknown[] = [];
    for await (const batch of job.output(name).batches()) {
      for (const tuple of batch as unknown[]) tuples.push(tuple);
      await this.pause();
    }
    return tuples;
  }

  /** Pushes tuples into an input, and ends it. Stops when the job does. */
  async push(job: Job, name: string, tuples: Iterable<unknown>): Promise<void> {
    const input = job.input(name);
    let left = 0;
    try {
      for (const tuple of tuples) {
        await input.push(tuple as object);
        if (left-- > 0) continue;
        left = this.scheduler.random.below(PUSH_TUPLES_MAX);
        await this.pause();
      }
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'JOB_CLOSED')) throw error;
    }
    input.end();
  }

  private async pause(): Promise<void> {
    const { random } = this.scheduler;
    if (random.chance(this.laziness)) await sleep(this.clock, random.next() * BATCH_PAUSE_MS_MAX);
  }
}
