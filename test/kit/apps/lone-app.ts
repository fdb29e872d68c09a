// A process that does nothing but run one job, as its argument says: it must live as long as the job does, and no longer.
// Run by shutdown.test.ts; prints a line at the end.

import type { Job } from '../../../src/index.ts';
import { ends, endsParams } from '../flows/ends.ts';
import { armed, type Misdeed } from '../flows/traps.ts';
import { newOrders, OrderCell, unloadable } from '../flows/unloadable.ts';

/** No spare, and one worker: while that is dead, no thread of the job is there. */
const ALONE = { workers: 1, spares: 0 };

const failing = (misdeed: Misdeed, times: number | undefined, intensity: number): Promise<unknown> => {
  const traps = [{ place: 'flush' as const, at: 0, misdeed, times }];
  const params = armed(endsParams({ count: 100, traps }));
  return ends.run({ ...ALONE, params, supervision: { intensity } });
};

const scenarios: Readonly<Record<string, () => Promise<string>>> = {
  'waits-for-a-spare': async () => {
    const orders = newOrders();
    const params = { orders: orders.buffer as SharedArrayBuffer, count: 200, perMs: 1 };
    const job = await unloadable.run({ ...ALONE, params });
    Atomics.store(orders, OrderCell.throwInBuild, 2);
    await job.killWorker(0);
    let tuples = 0;
    for await (const _ of job.output('out')) tuples++;
    await job.done;
    return `done with ${tuples}`;
  },
  'backs-off': async () => {
    const job = (await failing('exit', 5, 1000)) as Job;
    await job.done;
    return `done after ${job.tree().restarts > 4 ? 'crashes' : 'nothing'}`;
  },
  'cancels-while-it-backs-off': async () => {
    const job = (await failing('exit', undefined, 1000)) as Job;
    let crashes = 0;
    const backingOff = new Promise<void>((resolve) => {
      job.on(
        'crash',
        () => {
          // By now the backoff is longer than this process may live on.
          if (++crashes === 9) setImmediate(resolve);
        },
        { past: true },
      );
    });
    await backingOff;
    await job.cancel();
    return 'cancelled';
  },
  'fails-unheard': async () => {
    const job = (await failing('throw', undefined, 1)) as Job;
    await new Promise<void>((resolve) => {
      job.on('ended', () => resolve(), { past: true });
    });
    return 'failed';
  },
};

console.log(await scenarios[process.argv[2]]());
