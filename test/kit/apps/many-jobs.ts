// An app that runs many small jobs one after the other, and tells what the process holds after some of them. Run by
// finished-jobs.test.ts with --expose-gc. Half of the jobs are cancelled, fail or lose a worker: each end has its own way to forget.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../../src/index.ts';
import { type FinishedParams, finished } from '../flows/finished.ts';

const collect = (globalThis as unknown as { gc(): void }).gc;
const [jobs, measuredFirst] = process.argv.slice(2).map(Number);

const listenersOf = (emitter: NodeJS.EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/** What only Linux tells of a process; undefined elsewhere. */
function systemView() {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const number = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
    return {
      addressSpaceMiB: number('VmSize') / 1024,
      threads: number('Threads'),
      descriptors: readdirSync('/proc/self/fd').length,
    };
  } catch {
    return undefined;
  }
}

const left: WeakRef<object>[] = [];
const dones: Promise<void>[] = [];

async function view() {
  const alive = (): number => left.filter((reference) => reference.deref() !== undefined).length;
  for (let i = 0; i < 100 && (i < 5 || alive() > 0); i++) {
    collect();
    await sleep(20);
  }
  const { rss, arrayBuffers } = process.memoryUsage();
  return {
    jobs: alive(),
    rssMiB: rss / 2 ** 20,
    arrayBuffersMiB: arrayBuffers / 2 ** 20,
    listeners: [process, process.stdout, process.stderr].reduce((sum, emitter) => sum + listenersOf(emitter), 0),
    resources: process.getActiveResourcesInfo().length,
    ...systemView(),
  };
}

async function run(number: number): Promise<void> {
  const way = (['done', 'cancel', 'done', 'fail', 'done', 'kill'] as const)[number % 6];
  const params: FinishedParams = { keys: 5000, way };
  const job = (await finished.run({ params, workers: 1, spares: 0 })) as unknown as Job;
  left.push(new WeakRef(job));
  dones.push(job.done);
  job.on('*', () => {});
  if (way === 'kill') await job.killWorker(0);
  if (way === 'cancel' || way === 'kill') await job.cancel();
  if (way !== 'done') {
    await job.done.catch(() => {});
    return;
  }
  for await (const _ of job.output('out'));
  await job.done;
  for await (const _ of job.state('count').entries());
}

for (let number = 1; number <= jobs; number++) {
  await run(number);
  // What is garbage between two views stays with the system's allocator, and would be taken for a leak.
  if (number % 5 === 0) {
    await sleep(0);
    collect();
  }
  if (number === measuredFirst || number === jobs) console.log(JSON.stringify(await view()));
}
