// Feeds the pushed sources of a chaos run, as an app does.
// Promises: `pushed` tuples were pushed, numbered from the first on; it waits for room.

import type { Job, JobInput } from '../../src/index.ts';
import { keyOfId, keyText, PUSHED_FROM } from './numbering.ts';
import type { Settings } from './plan.ts';

const PUSH_EVERY_MS = 2;
const PUSHED_PER_SECOND = 3000;
const PUSHED_AT_ONCE_MAX = 2000;

/** Pushes tuples into one source at a rate, until it is stopped. */
export class Pusher {
  readonly name: string;
  pushed = 0;
  private readonly running: Promise<void>;
  private stopped = false;

  constructor(job: Job, name: string, from: number, ratePerSecond: number) {
    this.name = name;
    this.running = this.run(job.input(name), from, ratePerSecond);
    // Its failure is that of the job, which is told elsewhere.
    this.running.catch(() => {});
  }

  private async run(input: JobInput<{ key: string; id: number }>, from: number, ratePerSecond: number): Promise<void> {
    const startedMs = performance.now();
    while (!this.stopped) {
      const due = ((performance.now() - startedMs) * ratePerSecond) / 1000;
      for (let n = 0; n < PUSHED_AT_ONCE_MAX && this.pushed < due && !this.stopped; n++) {
        const id = from + this.pushed;
        const room = input.push({ key: keyText(keyOfId(id)), id });
        this.pushed++;
        if (room !== undefined) await room;
      }
      await new Promise((resolve) => setTimeout(resolve, PUSH_EVERY_MS));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }
}

/** One for each source that the app pushes; they have begun. */
export function pushersOf(job: Job, { flow }: Settings): Pusher[] {
  const pushers: Pusher[] = [];
  if (flow.source === 'push')
    pushers.push(new Pusher(job, 'numbers', 0, flow.ratePerSecond ?? Number.POSITIVE_INFINITY));
  if (flow.pushed) pushers.push(new Pusher(job, 'pushed', PUSHED_FROM, PUSHED_PER_SECOND));
  return pushers;
}
