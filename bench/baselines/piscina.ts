// Baseline `piscina`: a pool of one thread, a task per array of 1000 tuples, started by the source's thread.
// The pool's thread may hold 4 tasks at a time, so that the next one is there when it ends the one before.

import { Piscina } from 'piscina';
import type { SinkReport } from '../meter.ts';
import { InFlight } from './in-flight.ts';
import { BATCH, makeBatch, type TransportBaseline } from './lane.ts';

const TASKS_IN_FLIGHT = 8;
const TASKS_PER_WORKER = 4;

export const piscina: TransportBaseline = {
  openSource({ workload }) {
    const pool = new Piscina({
      filename: new URL('./piscina-task.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: TASKS_PER_WORKER,
    });
    return async (order) => {
      await pool.run({ order, workload: workload.name }, { name: 'begin' });
      const tasks = new InFlight(TASKS_IN_FLIGHT);
      for (let start = 0; start < order.count; start += BATCH) {
        await tasks.add(pool.run(makeBatch(workload, start, order.count), { name: 'take' }));
      }
      await tasks.settled();
      return (await pool.run(undefined, { name: 'report' })) as SinkReport;
    };
  },
};
