// Entry of a baseline's worker thread: opens one side of a transport, then does the runs that it is told to do.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Order } from '../meter.ts';
import { type WorkloadName, workloadOf } from '../workloads.ts';
import type { Side } from './lane.ts';
import { type TransportName, transports } from './registry.ts';

export interface ThreadData {
  readonly transport: TransportName;
  readonly role: 'source' | 'sink';
  readonly workload: WorkloadName;
  readonly port: MessagePort;
  readonly shared: SharedArrayBuffer;
  readonly steps: Int32Array<SharedArrayBuffer>;
}

const { transport, role, workload, port, shared, steps } = workerData as ThreadData;
const parent = parentPort as MessagePort;
const baseline = await transports[transport]();
const lane = { workload: workloadOf(workload), port, shared, steps };
const side: Side | undefined = role === 'source' ? baseline.openSource(lane) : baseline.openSink?.(lane);

parent.on('message', async (order: Order) => {
  // Answered first: a sink on shared memory blocks its thread for the whole run. What is sent before it listens is queued.
  parent.postMessage('ready');
  parent.postMessage({ report: await side?.(order) });
});
parent.postMessage('open');
