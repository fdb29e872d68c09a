// Goal: faults of threads that a review of recovery found stay mended: threads that cannot be started, die as they boot, exit
// unheard or are left behind, and workers that are gone but not forgotten.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import threads from 'node:worker_threads';
import type { Job } from '../../src/index.ts';
import { Hiring } from '../../src/supervisor/workers/hiring.ts';
import { EventLog } from '../kit/crash-oracle.ts';
import { Cell, endless } from '../kit/flows/control.ts';
import { blocksOnLoad, newCells, Cell as Order } from '../kit/flows/regressions.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';
import { newPath } from '../kit/temporary-files.ts';

const { Worker } = threads;

afterEach(async () => {
  threads.Worker = Worker;
  await noThreadLeft();
});

interface Started {
  readonly job: Job;
  readonly events: EventLog;
  /** Waits for more tuples at the end of the chain. */
  moves(): Promise<void>;
}

async function startEndless(options: object = {}): Promise<Started> {
  const cells = newCells();
  const params = { seen: cells.buffer, ratePerSecond: 2000 };
  const job = (await start(endless, { params, workers: 1, ...options })) as unknown as Job;
  return {
    job,
    events: new EventLog(job),
    moves: async () => {
      const before = cells[Cell.processed];
      await until(() => cells[Cell.processed] > before, 'tuples', 10_000);
    },
  };
}

const hasSpare = (job: Job): boolean => job.workers().some(({ state }) => state === 'spare');
const busy = (job: Job): number => job.workers().find(({ actors }) => actors.length > 0)?.worker ?? -1;

test(
  "a thread that exits while the app's own is busy for longer than fenceTimeoutMs is not stuck",
  TIMEOUT,
  async () => {
    const fenceTimeoutMs = 100;
    const { job, moves } = await startEndless({ fenceTimeoutMs });
    await until(() => hasSpare(job), 'a spare');
    await moves();
    const killed = job.killWorker(busy(job));
    // One long turn of the event loop: timer and exit are both due after it.
    const untilMs = performance.now() + fenceTimeoutMs + 300;
    while (performance.now() < untilMs);
    await killed;
    await moves();
    await job.stop();
  },
);

test('a thread that dies as it boots leaves nobody waiting for it', TIMEOUT, async () => {
  const { job, moves } = await startEndless();
  await until(() => hasSpare(job), 'a spare');
  let died = 0;
  threads.Worker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      if (died++ === 0) void this.terminate();
    }
  };
  await job.killWorker(busy(job));
  await until(() => died > 0 && busy(job) >= 0, 'the adoption, and a new spare that dies');
  await job.killWorker(busy(job));
  await until(() => busy(job) >= 0, 'the second adoption', 10_000);
  await moves();
  await job.stop();
});

test('a spare that is given up in a blocking call leaves no thread behind', TIMEOUT, async () => {
  const pipe = newPath();
  execFileSync('mkfifo', [pipe]);
  const cells = newCells();
  const params = { cells: cells.buffer, pipe };
  const job = await start(blocksOnLoad, { params, workers: 1, fenceTimeoutMs: 100, shutdownTimeoutMs: 500 });
  Atomics.store(cells, Order.order, 1);
  await until(() => cells[Order.blocked] === 1, 'a spare that blocks as it loads');
  const starting = job.workers().find(({ state }) => state === 'starting');
  assert.ok(starting !== undefined);
  await job.killWorker(starting.worker);
  await job.cancel();
  closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
  // Time for the pool to start what it should not.
  await sleep(300);
});

test('a worker that has died is not kept in memory', TIMEOUT, async (context) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  /** The latest worker of each host. */
  const latest = new Map<number, WeakRef<object>>();
  const { hire } = Hiring.prototype;
  Hiring.prototype.hire = function (state) {
    const worker = hire.call(this, state);
    latest.set(worker.host, new WeakRef(worker));
    return worker;
  };
  context.after(() => {
    Hiring.prototype.hire = hire;
  });
  const { job, moves } = await startEndless();
  const gone: WeakRef<object>[] = [];
  for (let death = 0; death < 6; death++) {
    await until(() => hasSpare(job) && busy(job) >= 0, 'a spare');
    const worker = busy(job);
    gone.push(latest.get(worker) as WeakRef<object>);
    await job.killWorker(worker);
    await until(() => busy(job) >= 0, 'an adoption');
    await moves();
  }
  const kept = (): number => gone.filter((reference) => reference.deref() !== undefined).length;
  for (let i = 0; i < 20 && kept() > 1; i++) {
    await sleep(20);
    collect();
  }
  // A closure or two may still hold the last one.
  assert.ok(kept() <= 1, `${kept()} of ${gone.length} dead workers are still in memory`);
  await job.stop();
});
