// Baseline `promise-pool` of the `async` suite: so many loops on one thread, each of which awaits one request after the other. It
// keeps neither order nor anything else. A thread's entry; see solo.ts.

import { parentPort } from 'node:worker_threads';
import { answerOf, type RequestsParams } from '../flows/requests.ts';
import { Meter, type SinkReport } from '../meter.ts';

async function pool(params: RequestsParams): Promise<SinkReport> {
  const { count, capacity, delayMs } = params;
  const meter = new Meter(params);
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) meter.add(await answerOf(next++, delayMs));
  };
  await Promise.all(Array.from({ length: capacity }, loop));
  return meter.report();
}

parentPort?.on('message', (params: RequestsParams) => {
  void pool(params).then((report) => parentPort?.postMessage(report));
});
