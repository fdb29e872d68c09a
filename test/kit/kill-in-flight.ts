// Kills the worker of the operator `ask` of the flow `requests`, again and again, whenever requests are in flight.

import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import { until } from './run-flow.ts';

/** Between two kills: some are answered. */
const PAUSE_MS = 60;

const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Resolves when it has killed so often, or the job is over.
 * @param log which gets a line when a request begins: on a busy machine many workers would else die before they have asked anything
 */
export async function killInFlight(job: Job, log: string, times: number): Promise<void> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  job.done.then(over, over);
  for (let kills = 0; kills < times; ) {
    await sleep(PAUSE_MS);
    const seen = bytesOf(log);
    await until(() => isOver || bytesOf(log) > seen, 'requests in flight', 50_000);
    if (isOver) return;
    const hosts = job.workers().filter(({ actors }) => actors.some(({ operator }) => operator === 'ask'));
    if (hosts.length === 0) continue;
    await job.killWorker(hosts[kills % hosts.length].worker).then(
      () => kills++,
      () => {},
    );
  }
}
