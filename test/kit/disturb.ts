// Disturbs a job whose operator is called 'results'.

import { setTimeout } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';

/** Kills, scales and rebalances until it is told to stop; returns how often it has. */
export function disturb(job: Job, random: (below: number) => number): { stop(): Promise<number> } {
  let isOver = false;
  const run = async (): Promise<number> => {
    let times = 0;
    for (; !isOver; times++) {
      await setTimeout(50 + random(150));
      const workers = job.workers().filter(({ state }) => state === 'active');
      const what = random(4);
      if (what === 0 && workers.length > 0)
        await job.killWorker(workers[random(workers.length)].worker).catch(() => {});
      else if (what === 1) await job.rebalance('results').catch(() => {});
      else await job.scale('results', 1 + random(4)).catch(() => {});
    }
    return times;
  };
  const running = run();
  return {
    stop: () => {
      isOver = true;
      return running;
    },
  };
}
