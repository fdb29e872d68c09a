// Starts a transport baseline's two threads and runs orders on them.
// Promises: the threads are the same ones in all rounds; a thread that fails fails the run.

import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Contender } from '../harness.ts';
import { checkedRate, type Order, type SinkReport } from '../meter.ts';
import { expectedSum, type WorkloadName } from '../workloads.ts';
import type { TransportName } from './registry.ts';
import type { ThreadData } from './thread.ts';

const SHARED_BYTES = 4 * 1024 * 1024;
const STEP_WORDS = 64;

/** Opens the baseline as a contender whose figure, in tuples/s, is named like the workload. */
export async function openTransport(name: TransportName, workload: WorkloadName, order: Order): Promise<Contender> {
  const { port1, port2 } = new MessageChannel();
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const steps = new Int32Array(new SharedArrayBuffer(STEP_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const base = { transport: name, workload, shared, steps };
  const sink = openThread({ ...base, role: 'sink', port: port2 });
  const source = openThread({ ...base, role: 'source', port: port1 });
  await Promise.all([once(sink, 'message'), once(source, 'message')]);
  const sum = expectedSum(workload, order.count);
  return {
    name,
    async run() {
      const sinkDone = await begin(sink, order);
      const sourceDone = await begin(source, order);
      const reports = await Promise.all([sinkDone.report, sourceDone.report]);
      const report = reports.find((found) => found !== undefined);
      if (report === undefined) throw new Error(`${name}: no side reported the end of the run`);
      return { [workload]: checkedRate(name, report, order, sum) };
    },
    async close() {
      await Promise.all([source.terminate(), sink.terminate()]);
    },
  };
}

function openThread(data: ThreadData): Worker {
  return new Worker(new URL('./thread.js', import.meta.url), { workerData: data, transferList: [data.port] });
}

/** Resolves when the thread has begun; its report is wrapped, or awaiting begin() would await the whole run. */
async function begin(thread: Worker, order: Order): Promise<{ report: Promise<SinkReport | undefined> }> {
  thread.postMessage(order);
  await once(thread, 'message');
  return { report: once(thread, 'message').then(([message]) => message.report) };
}
