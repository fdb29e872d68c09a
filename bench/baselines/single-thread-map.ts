// Baseline `single-thread-map`: one loop makes each tuple and updates a Map of objects. A thread's entry; see solo.ts.
// The Map starts empty in each run, like a job's state, and is full when the clock starts.

import { parentPort } from 'node:worker_threads';
import type { KeyedCountParams } from '../flows/keyed-count.ts';
import { Meter } from '../meter.ts';
import { keyedTuple, Totals } from '../workloads.ts';

function count(params: KeyedCountParams) {
  const make = keyedTuple(params.keys, params.kind);
  const meter = new Meter(params);
  const rows = new Map<number, { count: number; sum: number }>();
  for (let index = 0; index < params.count; index++) {
    const tuple = make(index);
    const row = rows.get(tuple.key);
    if (row === undefined) {
      rows.set(tuple.key, { count: 1, sum: tuple.value });
    } else {
      row.count += 1;
      row.sum += tuple.value;
    }
    meter.add(1);
  }
  const totals = new Totals();
  for (const [key, row] of rows) totals.add(key, row.count, row.sum);
  const tuplesPerSecond = ((params.count - params.warm) * 1000) / meter.report().elapsedMs;
  return { ...totals.report(), tuplesPerSecond };
}

parentPort?.on('message', (params: KeyedCountParams) => parentPort?.postMessage(count(params)));
