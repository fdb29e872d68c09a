// Baseline `single-thread` of the `ordered` suite: a plain loop. A thread's entry; see solo.ts.

import { parentPort } from 'node:worker_threads';
import { type CostsParams, costly } from '../flows/costs.ts';
import { Meter } from '../meter.ts';

parentPort?.on('message', (params: CostsParams) => {
  const meter = new Meter(params);
  for (let n = 0; n < params.count; n++) meter.add(costly(n));
  parentPort?.postMessage(meter.report());
});
